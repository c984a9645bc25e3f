"""Control: people, Instagram and Google accounts, and what happens to the tokens they gave."""

from http import HTTPStatus
from typing import Any

from aiohttp import web

from infra.sandbox.accounts import Account, BusinessAccount
from infra.sandbox.control.http import answer, parse, platform_of, refusal
from infra.sandbox.control.login_models import (
    BusinessRequest,
    GooglePatch,
    GoogleRequest,
    InstagramPatch,
    InstagramRequest,
    NumberRequest,
    PersonPatch,
    PersonRequest,
    WabaRequest,
)
from infra.sandbox.google.accounts import GoogleAccount
from infra.sandbox.instagram.accounts import InstagramAccount, InstagramToken
from infra.sandbox.journal import fingerprint
from infra.sandbox.logins.people import Business, BusinessWaba, Person, new_id
from infra.sandbox.platform import Platform
from infra.sandbox.tokens import Token, change_all, split_changes


def the_person(request: web.Request) -> Person:
    """The person of the path, or 404."""
    person = platform_of(request).people.find(request.match_info["user_id"])
    if person is None:
        raise refusal(HTTPStatus.NOT_FOUND, f"There is no person {request.match_info['user_id']}.")
    return person


def the_instagram(request: web.Request) -> InstagramAccount:
    """The Instagram account of the path, or 404."""
    account = platform_of(request).instagram.accounts.get(request.match_info["user_id"])
    if account is None:
        raise refusal(HTTPStatus.NOT_FOUND, f"There is no Instagram account {request.match_info['user_id']}.")
    return account


def _told(token: Token) -> dict[str, Any]:
    shown = {"token": fingerprint(token.value), "token_state": token.state, "token_expires_at": token.expires_at}
    return {**shown, "issued_at": token.issued_at, "scopes": token.granted, "revoked_scopes": token.revoked_scopes}


def _person_told(platform: Platform, person: Person) -> dict[str, Any]:
    tokens = [
        {**_told(token), "token_kind": token.kind, "waba_access": token.waba_access}
        for token in platform.people.tokens_of(person)
    ]
    return {**person.model_dump(), "tokens": tokens}


def _instagram_told(platform: Platform, account: InstagramAccount) -> dict[str, Any]:
    tokens = [_told(token) for token in platform.instagram.tokens_of(account.user_id)]
    return {**account.model_dump(), "scoped_id": account.scoped_id, "tokens": tokens}


def _google_told(platform: Platform, account: GoogleAccount) -> dict[str, Any]:
    tokens = [
        {"token": fingerprint(token.value), **token.model_dump(exclude={"value", "email"})}
        for token in platform.google.tokens_of(account.email)
    ]
    return {**account.model_dump(), "tokens": tokens}


async def register_person(request: web.Request) -> web.Response:
    """``POST /control/people``: the same call again changes nothing."""
    platform, wanted = platform_of(request), await parse(request, PersonRequest)
    is_new = wanted.user_id is None or platform.people.find(wanted.user_id) is None
    for business in wanted.businesses:
        for waba in business.wabas:
            _put_waba(platform, waba)
    instagram = [_put_instagram(platform, account).user_id for account in wanted.instagram]
    google = [_put_google(platform, account).email for account in wanted.google]
    person = Person(
        user_id=wanted.user_id or new_id("1221"),
        name=wanted.name,
        businesses=[_business(business) for business in wanted.businesses],
        instagram=instagram,
        google=google,
    )
    platform.people.save(person)
    return answer(_person_told(platform, person), HTTPStatus.CREATED if is_new else HTTPStatus.OK)


def _business(wanted: BusinessRequest) -> Business:
    wabas = [BusinessWaba(waba_id=waba.waba_id, relation=waba.relation) for waba in wanted.wabas]
    return Business(id=wanted.id or new_id("41"), name=wanted.name, wabas=wabas)


def _put_waba(platform: Platform, wanted: WabaRequest) -> None:
    fresh = BusinessAccount(waba_id=wanted.waba_id, subscribed=False)
    waba = platform.accounts.wabas.setdefault(wanted.waba_id, fresh)
    waba.name = wanted.name or waba.name
    platform.accounts.save_waba(waba)
    for number in wanted.numbers:
        platform.accounts.register(_number(platform, wanted.waba_id, number), None)


def _number(platform: Platform, waba_id: str, wanted: NumberRequest) -> Account:
    known = platform.accounts.numbers.get(wanted.phone_number_id)
    if known is not None:
        named = {name: getattr(wanted, name) for name in wanted.model_fields_set}
        return known.model_copy(update={**named, "waba_id": waba_id})
    standing = wanted.status or ("CONNECTED" if wanted.registered else "PENDING")
    values = {name: getattr(wanted, name) for name in NumberRequest.model_fields}
    return Account(**{**values, "status": standing, "waba_id": waba_id})


async def list_people(request: web.Request) -> web.Response:
    """``GET /control/people``: also the owners of accounts that nobody was made for."""
    platform = platform_of(request)
    return answer({"people": [_person_told(platform, person) for person in platform.people.listed()]})


async def get_person(request: web.Request) -> web.Response:
    """``GET /control/people/{user_id}``."""
    return answer(_person_told(platform_of(request), the_person(request)))


async def change_person(request: web.Request) -> web.Response:
    """``PATCH /control/people/{user_id}``: their name, and all tokens of their logins so far."""
    platform, person = platform_of(request), the_person(request)
    wanted = await parse(request, PersonPatch)
    about_tokens, rest = split_changes(wanted.model_dump(exclude_unset=True))
    if rest:
        person = person.model_copy(update=rest)
        platform.people.save(person)
    tokens = platform.people.tokens_of(person)
    change_all(tokens, about_tokens)
    for token in tokens:
        platform.accounts.save_token(token)
    return answer(_person_told(platform, person))


async def register_instagram(request: web.Request) -> web.Response:
    """``POST /control/instagram``: the same call again changes nothing."""
    platform, wanted = platform_of(request), await parse(request, InstagramRequest)
    is_new = wanted.user_id not in platform.instagram.accounts
    account = _put_instagram(platform, wanted)
    return answer(_instagram_told(platform, account), HTTPStatus.CREATED if is_new else HTTPStatus.OK)


def _put_instagram(platform: Platform, wanted: InstagramRequest) -> InstagramAccount:
    named = wanted.model_dump(exclude={"access_token"}, exclude_unset=True)
    known = platform.instagram.accounts.get(wanted.user_id)
    account = known.model_copy(update=named) if known else InstagramAccount.model_validate(named)
    if wanted.access_token is not None and wanted.access_token not in platform.instagram.tokens:
        platform.instagram.save_token(InstagramToken(value=wanted.access_token, user_id=wanted.user_id))
        # Linked before there was anything to subscribe with: as a registered WABA, it is subscribed.
        account.subscribed_fields = account.subscribed_fields or ["messages", "comments"]
    platform.instagram.save(account)
    return account


async def list_instagram(request: web.Request) -> web.Response:
    """``GET /control/instagram``."""
    platform = platform_of(request)
    accounts = platform.instagram.accounts.values()
    return answer({"accounts": [_instagram_told(platform, account) for account in accounts]})


async def get_instagram(request: web.Request) -> web.Response:
    """``GET /control/instagram/{user_id}``."""
    return answer(_instagram_told(platform_of(request), the_instagram(request)))


async def change_instagram(request: web.Request) -> web.Response:
    """``PATCH /control/instagram/{user_id}``: the account, and all its tokens so far."""
    platform, account = platform_of(request), the_instagram(request)
    wanted = await parse(request, InstagramPatch)
    about_tokens, rest = split_changes(wanted.model_dump(exclude_unset=True))
    changed = account.model_copy(update=rest)
    platform.instagram.save(changed)
    tokens = platform.instagram.tokens_of(account.user_id)
    change_all(tokens, about_tokens)
    for token in tokens:
        platform.instagram.save_token(token)
    return answer(_instagram_told(platform, changed))


async def register_google(request: web.Request) -> web.Response:
    """``POST /control/google``."""
    platform, wanted = platform_of(request), await parse(request, GoogleRequest)
    is_new = wanted.email not in platform.google.accounts
    account = _put_google(platform, wanted)
    return answer(_google_told(platform, account), HTTPStatus.CREATED if is_new else HTTPStatus.OK)


def _put_google(platform: Platform, wanted: GoogleRequest) -> GoogleAccount:
    values = {**wanted.model_dump(), "summary": wanted.summary or wanted.email}
    known = platform.google.accounts.get(wanted.email or "")
    account = GoogleAccount.model_validate({**(known.model_dump() if known else {}), **values})
    platform.google.save(account)
    return account


async def list_google(request: web.Request) -> web.Response:
    """``GET /control/google``."""
    platform = platform_of(request)
    return answer({"accounts": [_google_told(platform, account) for account in platform.google.accounts.values()]})


async def change_google(request: web.Request) -> web.Response:
    """``PATCH /control/google/{email}``: the calendar, and all the account's tokens so far."""
    platform, wanted = platform_of(request), await parse(request, GooglePatch)
    account = platform.google.accounts.get(request.match_info["email"])
    if account is None:
        raise refusal(HTTPStatus.NOT_FOUND, f"There is no Google account {request.match_info['email']}.")
    about_tokens, rest = split_changes(wanted.model_dump(exclude_unset=True))
    changed = GoogleAccount.model_validate({**account.model_dump(), **rest})
    platform.google.save(changed)
    for token in platform.google.tokens_of(account.email):
        platform.google.save_token(token.model_copy(update=about_tokens))
    return answer(_google_told(platform, changed))


def routes() -> list[web.RouteDef]:
    """Whoever can log in."""
    person, instagram = "/people/{user_id}", "/instagram/{user_id}"
    return [
        web.post("/people", register_person),
        web.get("/people", list_people),
        web.get(person, get_person),
        web.patch(person, change_person),
        web.post("/instagram", register_instagram),
        web.get("/instagram", list_instagram),
        web.get(instagram, get_instagram),
        web.patch(instagram, change_instagram),
        web.post("/google", register_google),
        web.get("/google", list_google),
        web.patch("/google/{email}", change_google),
    ]
