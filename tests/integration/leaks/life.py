"""What a professional's life is made of, and what goes wrong in it while providers repeat the secrets they are sent."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from werkzeug import Request, Response

from tests.integration.e2e.support.linking import query_of
from tests.integration.e2e.support.webhooks import change, encode, new_message_id, text_value
from tests.integration.e2e.support.world import command
from tests.integration.leaks.owner import Owner

OWN_KEY, REFUSED_KEY = (f"sk-{word}-{secrets.token_urlsafe(24)}" for word in ("own", "refused"))
# What the application itself is trusted with; nobody but Meta, Google, the model's provider and the store may see it.
OURS = {
    "META_APP_SECRET": secrets.token_hex(16),
    "INSTAGRAM_APP_SECRET": secrets.token_hex(16),
    "GOOGLE_CLIENT_SECRET": f"GOCSPX-{secrets.token_urlsafe(21)}",
    "META_WEBHOOK_VERIFY_TOKEN": secrets.token_urlsafe(24),
    "OPENAI_API_KEY": f"sk-platform-{secrets.token_urlsafe(24)}",
}
FORTY_DAYS = timedelta(days=40)
SIXTY_DAYS = 60 * 24 * 3600
PIN = "482915"

Action = dict[str, Any]


# ---- what providers answer


def in_json(status: int, content: Any) -> Action:
    """A provider's answer."""
    return {"kind": "http", "status": status, "content_type": "application/json", "body": json.dumps(content)}


def in_html(status: int, text: str) -> Action:
    """A proxy's page."""
    return {"kind": "http", "status": status, "content_type": "text/html", "body": f"<html>{text}</html>"}


def refusals(code: str) -> list[tuple[str, str, Action]]:
    """Answers to an exchange, each with everything that was sent in it: the channel, the route, the answer."""
    sent = f"{code}, {OURS['META_APP_SECRET']}, {OURS['INSTAGRAM_APP_SECRET']}, {OURS['GOOGLE_CLIENT_SECRET']}"
    used_up = {"message": f"Invalid code {sent}", "code": 100, "error_subcode": 36009, "fbtrace_id": sent}
    flat = {"error_type": sent, "code": 400, "error_message": f"Matching code not found: {sent}"}
    return [
        ("whatsapp", "oauth_access_token", in_json(400, {"error": used_up})),
        ("whatsapp", "oauth_access_token", in_json(200, [{"access_token": sent}])),
        ("instagram", "instagram_exchange", in_json(400, flat)),
        ("google_calendar", "google_token", in_json(400, {"error": "invalid_grant", "error_description": sent})),
        ("google_calendar", "google_token", in_html(502, sent)),
    ]


def answer_of_a_model(request: Request) -> Response:
    """A provider of models that repeats the key in all it says, as error pages do."""
    key = request.headers["Authorization"].removeprefix("Bearer ")
    if key != OWN_KEY:
        error = {"message": f"Incorrect API key provided: {key}", "type": key, "code": "invalid_api_key"}
        return Response(json.dumps({"error": error}), 401, content_type="application/json")
    is_trial = "response_format" not in request.get_json()
    told = "ok" if is_trial else f"no JSON, but your key: {key}"
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": told}}
    return Response(json.dumps({"choices": [choice], "system_fingerprint": key}), content_type="application/json")


# ---- what happens


def invite(owner: Owner) -> None:
    """Somebody else is let in; the link in their mail is as good as a password."""
    email = f"recepcion.{secrets.token_hex(4)}@example.com"
    assert owner.asks("POST", "/api/marketing/members", {"email": email, "role": "reception"}).status_code == 201
    (mail,) = owner.world.sandbox.call("GET", "/mails", to=email)["mails"]
    tokens = {part for part in mail["html"].replace("&amp;", "&").split('"') if "token" in part}
    (link,) = {part for part in tokens if part.startswith("http")}
    owner.canaries.add("invitation", query_of(link).get("token") or query_of(link)["token_hash"])


def link_everything(owner: Owner) -> None:
    """Two numbers, one of them by Embedded Signup, an Instagram account and a calendar."""
    lifetime = {"token_kind": "system", "token_lifetime_seconds": SIXTY_DAYS}
    assert owner.links("whatsapp", **lifetime) == {"connected": "whatsapp"}
    assert owner.links("instagram") == {"connected": "instagram"}
    assert owner.links("google_calendar") == {"connected": "google_calendar"}
    assert owner.signs_up(owner.accounts.numbers[1], pin=PIN).status_code == 201
    owner.note_what_is_stored()


def be_refused(owner: Owner) -> None:
    """Every way of not getting linked."""
    assert owner.returns(owner.allows("instagram", decision="deny"))["error"] == "access_denied"
    for number, (channel, route, _) in enumerate(refusals("")):
        address = owner.allows(channel)
        owner.world.fault(refusals(query_of(address)["code"])[number][2], route=route)
        assert owner.returns(address)["error"] == "exchange_failed"
        assert owner.returns(address)["error"] == "state_used"
    unanswered = owner.allows("whatsapp")
    owner.world.fault({"kind": "drop"}, route="oauth_access_token")
    assert owner.returns(unanswered)["error"] == "exchange_failed"
    forged = owner.canaries.add("state that was forged", secrets.token_urlsafe(32))
    assert owner.returns(f"{unanswered.partition('?')[0]}?state={forged}&code=x")["error"] == "state_invalid"


def converse(owner: Owner) -> Any:
    """A patient writes and is answered; the conversation."""
    number = owner.professional.number(owner.accounts.numbers[0])
    patient = owner.world.patient("Ana Prueba", number)
    patient.writes("Hola, ¿dónde están?")
    patient.waits_for(1)
    owner.world.calm()
    return owner.world.conversation(patient)["id"]


# Of somebody who tells all about themself; nothing of it is for a model, a log or a mail.
CONFIDED = {
    "a patient's name": "Zoraida Quintanilla",
    "a patient's surname": "Quintanilla",
    "a patient's document": "28.345.678",
    "a patient's address": "Siempreviva 7421",
    "a patient's mail": "zq.canario@example.com",
}


def confide(owner: Owner) -> None:
    """A patient says who they are, asks something, and then has an emergency."""
    number = owner.professional.number(owner.accounts.numbers[0])
    patient = owner.world.patient(CONFIDED["a patient's name"], number)
    said = "soy {}, DNI {}, vivo en {}, {}. ¿Trabajan con alguna obra social?"
    names = ("a patient's name", "a patient's document", "a patient's address", "a patient's mail")
    patient.writes(said.format(*(CONFIDED[name] for name in names)))
    patient.waits_for(1)
    patient.writes("Quintanilla otra vez: tengo la cara hinchada como un globo y 39 de fiebre")
    patient.waits_for(2)
    owner.world.calm()


def send(owner: Owner, conversation_id: Any) -> httpx.Response:
    """The owner writes to the patient."""
    body = {"conversation_id": str(conversation_id), "type": "text", "text": {"body": "Le escribe la doctora"}}
    return owner.asks("POST", "/api/marketing/whatsapp/send", body)


def choose_a_model(owner: Owner) -> None:
    """With a key that is refused, one that is no key, and one that is taken."""
    channel = owner.channel("whatsapp", owner.accounts.numbers[0])
    chosen = {"ai_provider": "openai", "ai_model": "gpt-5-mini"}
    refused = owner.acts(channel, method="PATCH", body={**chosen, "ai_api_key": REFUSED_KEY})
    assert refused.json()["code"] == "ai_key_refused"
    malformed = owner.acts(
        channel, method="PATCH", body={**chosen, "ai_api_key": f"{REFUSED_KEY} \n", "unknown": OWN_KEY}
    )
    assert malformed.status_code == 422
    assert owner.acts(channel, method="PATCH", body={**chosen, "ai_api_key": OWN_KEY}).status_code == 200


def meet_repeating_errors(owner: Owner, conversation_id: Any) -> None:
    """Providers that repeat the token in whatever they answer to sending, testing and managing."""
    channel = owner.channel("whatsapp", owner.accounts.numbers[0])
    token = owner.secret(channel)
    told = f"Cannot parse access token {token} of {OURS['META_APP_SECRET']}"
    refusal = in_json(400, {"error": {"message": told, "code": 100, "fbtrace_id": token, "error_user_msg": token}})
    owner.world.fault(refusal, route="messages")
    answer = send(owner, conversation_id)
    assert (answer.status_code, answer.json()["code"]) == (502, "meta_error")
    assert "[masked]" in answer.json()["meta"]["message"], "it was repeated, and arrived"
    owner.world.fault(in_html(200, token), route="messages")
    assert send(owner, conversation_id).json()["status"] == "unknown"
    for route, repeated in (
        ("debug_token", refusal),
        ("phone_number", refusal),
        ("debug_token", in_json(200, {"data": {"is_valid": token, "error": {"message": token}}})),
    ):
        owner.world.fault(repeated, route=route)
        assert owner.acts(channel, "/test").json()["ok"] is False
    owner.world.fault(refusal, route="templates")
    assert owner.asks("POST", "/api/marketing/templates/sync", {"channel_id": str(channel["id"])}).is_error
    calendar = owner.channel("google_calendar")
    reasons = [{"reason": owner.secret(calendar)}]
    owner.world.fault(
        in_json(403, {"error": {"code": 403, "errors": reasons, "details": reasons}}), route="google_freebusy"
    )
    assert owner.acts(calendar, "/test").json()["ok"] is False


def register_with_a_repeated_pin(owner: Owner) -> None:
    """The other number is linked once more, and Meta says about its PIN which one it was."""
    number = owner.accounts.numbers[1]
    owner.accounts.change(number, registered=False)
    owner.world.fault(in_json(400, {"error": {"message": f"The PIN {PIN} is wrong", "code": 100}}), route="register")
    assert owner.signs_up(number, pin=PIN).is_error


def renew(owner: Owner) -> None:
    """Forty days later everything is renewed; the first time the providers repeat the tokens instead."""
    world = owner.world
    world.sandbox.post("/clock", {"offset_seconds": FORTY_DAYS.total_seconds()})
    before = {kind: owner.secret(owner.channel(kind)) for kind in ("instagram", "google_calendar")}
    whatsapp = owner.channel("whatsapp", owner.accounts.numbers[0])
    refresh_token = owner.secret(owner.channel("google_calendar"), "refresh_token_encrypted")
    dead = {"message": f"Error validating {before['instagram']}", "code": 1}
    owner.world.fault(in_json(400, {"error": dead}), route="instagram_refresh", count=4)
    garbage = {"access_token": f"{owner.secret(whatsapp)}\n", "token_type": owner.secret(whatsapp)}
    owner.world.fault(in_json(200, garbage), route="oauth_access_token")
    owner.world.fault(in_html(503, refresh_token), route="google_token", count=3)
    world.fire("token_refresh", at=datetime.now(UTC) + FORTY_DAYS)
    world.sandbox.call("DELETE", "/faults")
    world.fire("token_refresh", at=datetime.now(UTC) + FORTY_DAYS)
    owner.note_tokens()
    owner.note_what_is_stored()
    for kind, token in before.items():
        assert owner.secret(owner.channel(kind)) != token, f"{kind} was renewed"
    world.sandbox.post("/clock", {"offset_seconds": 0})


def lose_the_token(owner: Owner, conversation_id: Any) -> None:
    """It ends; the number is linked again and works."""
    owner.accounts.change(token_state="expired")
    answer = send(owner, conversation_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "channel_disconnected")
    assert owner.acts(owner.channel("whatsapp", owner.accounts.numbers[0]), "/test").json()["cause"] == "token_expired"
    assert owner.links("whatsapp") == {"connected": "whatsapp"}
    owner.note_what_is_stored()
    assert send(owner, conversation_id).status_code == 201


def look_after(owner: Owner) -> None:
    """Every channel is tested and renewed on demand."""
    for kind, number in (("whatsapp", owner.accounts.numbers[0]), ("instagram", None), ("google_calendar", None)):
        channel = owner.channel(kind, number)
        assert owner.acts(channel, "/test").json()["ok"] is True
        assert owner.acts(channel, "/refresh").status_code == 200
    owner.note_tokens()


def send_something_large(owner: Owner) -> None:
    """It waits in the bucket, and nowhere else."""
    number = owner.professional.number(owner.accounts.numbers[0])
    value = text_value("5491155559999", "Hola " * 60_000, new_message_id())
    body = encode(change(number, value))
    assert owner.world.post_webhook(body, owner.world.signature(body)).status_code == 200
    owner.world.calm()


def rotate(owner: Owner) -> None:
    """New data keys, every secret sealed anew."""
    done = command(owner.world.paths, "infra.operations.rotate_keys", "--data", "--again", **OURS)
    assert "0 data keys wrapped anew" not in done.stdout
    assert "0 secrets sealed again" not in done.stdout
    owner.answers.append(("what rotating keys prints", (done.stdout + done.stderr).encode()))
    owner.note_what_is_stored()


def leave(owner: Owner) -> None:
    """Instagram is told at Instagram; the rest is disconnected here."""
    callback = {"url": f"{owner.world.api_url}/api/meta/deauthorize"}
    told = owner.world.sandbox.post(f"/instagram/{owner.accounts.instagram}/deauthorize", callback)
    assert told["answer"]["status"] == 200
    for kind, number in (
        ("whatsapp", owner.accounts.numbers[0]),
        ("whatsapp", owner.accounts.numbers[1]),
        ("google_calendar", None),
    ):
        assert owner.acts(owner.channel(kind, number), method="DELETE").status_code == 204
    owner.note_tokens()
