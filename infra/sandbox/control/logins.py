"""Control: drive the login dialogs without a browser, let Meta call back, and the mailbox."""

from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from infra.sandbox.control.http import answer, parse, platform_of, refusal, the_account
from infra.sandbox.control.identities import the_instagram, the_person
from infra.sandbox.control.login_models import (
    CallbackRequest,
    DialogRequest,
    EmbeddedSignupRequest,
    MailRequest,
    PersonChoice,
    TokenRequest,
)
from infra.sandbox.journal import fingerprint
from infra.sandbox.logins import asked
from infra.sandbox.logins.decisions import BadChoice, Choice, Lifetime, allow, embedded_code
from infra.sandbox.logins.signed_requests import post, signed_request
from infra.sandbox.platform import Platform
from infra.sandbox.tokens import AccessToken, new_secret


def _choice(wanted: PersonChoice) -> Choice:
    """``token_lifetime_seconds`` null or 0 asks for one that never expires; left out, for the usual one."""
    given = "token_lifetime_seconds" in wanted.model_fields_set
    return Choice(
        person=wanted.person,
        waba_ids=None if wanted.waba_ids is None else tuple(wanted.waba_ids),
        phone_number_ids=None if wanted.phone_number_ids is None else tuple(wanted.phone_number_ids),
        instagram_user_id=getattr(wanted, "instagram_user_id", None),
        google_email=getattr(wanted, "google_email", None),
        without_scopes=tuple(wanted.without_scopes),
        token_kind=wanted.token_kind,
        lifetime=Lifetime(wanted.token_lifetime_seconds or None) if given else None,
    )


async def decide(request: web.Request) -> web.Response:
    """``POST /control/dialog``: what a person's browser would be sent to."""
    platform, wanted = platform_of(request), await parse(request, DialogRequest)
    address = urlsplit(wanted.url)
    try:
        question = asked.parse(address.path, dict(parse_qsl(address.query)), platform.config)
        target = allow(platform, question, _choice(wanted)) if wanted.decision == "allow" else question.denied()
    except (asked.BadDialog, BadChoice) as exc:
        raise refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(exc)) from exc
    return answer({"redirect_to": target})


async def sign_up(request: web.Request) -> web.Response:
    """``POST /control/embedded-signup``: code and ids as the page that opened the window gets them."""
    platform, wanted = platform_of(request), await parse(request, EmbeddedSignupRequest)
    number = the_account(platform, wanted.phone_number_id)
    if wanted.waba_ids is None and wanted.phone_number_ids is None:
        wanted.waba_ids = [number.waba_id]
    try:
        code = embedded_code(platform, _choice(wanted))
    except BadChoice as exc:
        raise refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(exc)) from exc
    event = "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING" if number.on_phone_app else "FINISH"
    ids = {"waba_id": number.waba_id, "phone_number_id": number.phone_number_id}
    session = {"type": "WA_EMBEDDED_SIGNUP", "event": event, "data": ids}
    return answer({"code": code, **ids, "session": session}, HTTPStatus.CREATED)


async def make_token(request: web.Request) -> web.Response:
    """``POST /control/tokens``: a token in place, also one that another app was given."""
    platform, wanted = platform_of(request), await parse(request, TokenRequest)
    person = platform.people.find(wanted.person or "")
    if person is None:
        raise refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "Give the person the token is to come from.")
    now = int(platform.clock.now())
    token = AccessToken(
        value=new_secret("EAA"),
        issued_at=now,
        expires_at=now + wanted.token_lifetime_seconds if wanted.token_lifetime_seconds else 0,
        kind=wanted.token_kind or "system",
        waba_ids=person.waba_ids if wanted.waba_ids is None else wanted.waba_ids,
        user_id=person.user_id,
        app_id=wanted.app_id if wanted.app_id != platform.config.app_id else None,
    )
    token.scopes = [s for s in (wanted.scopes or token.scopes) if s not in wanted.without_scopes]
    platform.accounts.save_token(token)
    return answer({"access_token": token.value, "token": fingerprint(token.value)}, HTTPStatus.CREATED)


async def person_leaves(request: web.Request) -> web.Response:
    """``POST /control/people/{user_id}/deauthorize`` and ``…/data-deletion``: the app is removed, Meta calls back."""
    platform, person = platform_of(request), the_person(request)
    wanted = await parse(request, CallbackRequest)
    for token in platform.people.tokens_of(person):
        token.state = "app_removed"
        platform.accounts.save_token(token)
    for waba_id in person.waba_ids:
        for number in platform.accounts.numbers_of(waba_id):
            # Linked again, a number that stays on the phone may share its chats once more.
            number.onboarded_at, number.synced = None, []
            platform.accounts.save(number)
    return await _call_back(platform, wanted, person.user_id, platform.config.app_secret)


async def instagram_leaves(request: web.Request) -> web.Response:
    """The same for ``/control/instagram/{user_id}/…``, signed with Instagram's app secret."""
    platform, account = platform_of(request), the_instagram(request)
    wanted = await parse(request, CallbackRequest)
    for token in platform.instagram.tokens_of(account.user_id):
        token.state = "app_removed"
        platform.instagram.save_token(token)
    return await _call_back(platform, wanted, account.scoped_id, platform.config.instagram_app_secret)


async def _call_back(platform: Platform, wanted: CallbackRequest, user_id: str, secret: str) -> web.Response:
    issued_at = int(platform.clock.now()) if wanted.issued_at is None else wanted.issued_at
    payload = {"user_id": user_id, "algorithm": wanted.algorithm, "issued_at": issued_at}
    signed = signed_request(payload, secret if wanted.signature == "valid" else secret[::-1] + "wrong")
    return answer({"user_id": user_id, "answer": await post(wanted.url, signed)}, HTTPStatus.CREATED)


async def receive_mail(request: web.Request) -> web.Response:
    """``POST /control/mails``."""
    platform, wanted = platform_of(request), await parse(request, MailRequest)
    mail = platform.mails.add(at=platform.clock.now(), **wanted.model_dump())
    return answer(mail.model_dump(), HTTPStatus.CREATED)


async def list_mails(request: web.Request) -> web.Response:
    """``GET /control/mails?to=``, oldest first."""
    mails = platform_of(request).mails.listed(request.query.get("to"))
    return answer({"mails": [mail.model_dump() for mail in mails]})


def routes() -> list[web.RouteDef]:
    """Logins, callbacks and mails."""
    leaving = "{what:deauthorize|data-deletion}"
    return [
        web.post("/dialog", decide),
        web.post("/embedded-signup", sign_up),
        web.post("/tokens", make_token),
        web.post("/people/{user_id}/" + leaving, person_leaves),
        web.post("/instagram/{user_id}/" + leaving, instagram_leaves),
        web.post("/mails", receive_mail),
        web.get("/mails", list_mails),
    ]
