"""A professional's whole life on a running stack: no secret of it is anywhere but sealed, whatever goes wrong."""

import base64
import json
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from pytest_httpserver import HTTPServer

from infra.demo.outside import eventually
from infra.local import aws
from infra.local.paths import StackPaths
from tests.integration.e2e.support.linking import new_owner, professional
from tests.integration.e2e.support.world import SETTINGS, World, command
from tests.integration.leaks import life, places
from tests.integration.leaks.canaries import Canaries, Found, search
from tests.integration.leaks.owner import Owner
from tests.integration.leaks.places import Content

pytestmark = [pytest.mark.xdist_group("clock"), pytest.mark.timeout(600)]

# In the clear in the database of a local stack: seeded for tests, or not ours (Supabase Auth keeps what it mailed).
NOT_IN_FILES = {"seeded token", "invitation", "PIN given", "stored registration_pin of whatsapp"}
# What must have been met for the search to mean anything.
KINDS = {
    *("META_APP_SECRET", "supabase_secret_key", "own model key", "session of the owner", "invitation", "PIN given"),
    *("state for whatsapp", "code of whatsapp", "code of Embedded Signup"),
    *("state for instagram", "code of instagram"),
    *("state for google_calendar", "code of google_calendar", "code verifier"),
    *("stored registration_pin of whatsapp", "data key of meta", "data key of google", "data key of llm"),
    *("a provider's token", "a provider's instagram_token", "a provider's google_token"),
    "proof of a provider's token",
}
# Tables that survive an erasure, or whose words go out to phones and mailboxes.
ONLY_IDS = {
    f"public.{name}"
    for name in ("marketing_audit_logs", "marketing_alerts", "marketing_alert_deliveries", "ai_usage", "model_circuits")
}
# The forms that are still there, as hex, where the text is kept as bytes.
HEX_HOLDS = {"as it is", "in an address"}


# ---- the stack


@pytest.fixture(scope="module")
def models() -> Iterator[HTTPServer]:
    """A provider of models that repeats keys in all it says, as error pages do."""
    server = HTTPServer(port=0)
    server.expect_request("/v1/chat/completions").respond_with_handler(life.answer_of_a_model)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def stack(models: HTTPServer) -> Iterator[World]:
    """A stack of these tests' own: every setting of it that is secret is known, and its platforms' clock is moved."""
    settings = {**SETTINGS, **life.OURS, "OPENAI_BASE_URL": models.url_for("/v1")}
    # Not below pytest's own folder: that one is closed to the user nobody, as whom PostgreSQL runs for root.
    paths = StackPaths(Path(tempfile.mkdtemp(prefix="dentalist-leaks-")))
    paths.directory.chmod(0o711)
    try:
        command(paths, "infra.local", "up", **settings)
        world = World(paths)
        world.sandbox.call("PATCH", "/settings", {"limits": {"enforce": False}})
        yield world
        world.close()
    finally:
        command(paths, "infra.local", "down", **settings)
        shutil.rmtree(paths.directory, ignore_errors=True)


@pytest.fixture(scope="module")
def canaries(stack: World) -> Canaries:
    """What is secret before anybody does anything."""
    known = Canaries()
    for name, value in life.OURS.items():
        known.add(name, value)
    known.add("own model key", life.OWN_KEY)
    known.add("refused model key", life.REFUSED_KEY)
    for name in ("supabase_secret_key", "supabase_jwt_secret"):
        known.add(name, stack.description[name])
    for seeded in stack.description["professionals"]:
        for account in (*seeded["whatsapp"], *seeded["instagram"]):
            known.add("seeded token", account["access_token"])
    return known


@pytest.fixture
def owner(stack: World, canaries: Canaries) -> Iterator[Owner]:
    """A professional with nothing linked, and a person with accounts everywhere."""
    with professional(stack) as empty:
        new = Owner(stack, empty, new_owner(stack, numbers=[2]), canaries)
        yield new
        stack.sandbox.call("DELETE", "/faults")
        stack.sandbox.post("/clock", {"offset_seconds": 0})
        new.close()


# ---- everything there is


@contextmanager
def database(stack: World) -> Iterator["psycopg.Connection[Any]"]:
    """A connection whose transaction leaves nothing behind."""
    with psycopg.connect(stack.description["database_url"]) as connection:
        yield connection
        connection.rollback()


def mails(stack: World) -> Iterator[Content]:
    yield "mails", json.dumps(stack.sandbox.call("GET", "/mails"), ensure_ascii=False).encode()


def questions(models: HTTPServer) -> Iterator[Content]:
    """All that models were asked; the key that opens them is in one header, and nowhere else."""
    for request, _ in models.log:
        headers = {name: value for name, value in request.headers.items() if name != "Authorization"}
        yield "a question to a model", json.dumps(headers).encode() + request.data


def everything(stack: World, db: "psycopg.Connection[Any]") -> Iterator[Content]:
    yield from mails(stack)
    yield from places.in_database(db)
    yield from places.in_statistics(db)
    yield from places.in_files("log", stack.paths.logs)
    yield from places.in_files("stored file", stack.paths.data / "storage")
    yield from places.in_queues(stack.description["aws_endpoint_url"])
    yield from places.in_objects(stack.description["aws_endpoint_url"])


def leaks(stack: World, canaries: Canaries) -> list[Found]:
    """Secrets in any place; an invitation is Supabase Auth's to keep, and is in the mail that invites."""
    with database(stack) as db:
        found = search(canaries, everything(stack, db))
    return [leak for leak in found if not (leak.secret == "invitation" and leak.place.startswith(("auth.", "mails")))]


def confided(stack: World, models: HTTPServer) -> list[Found]:
    """What a patient told of themself, where only ids may be, or nobody at all may know it."""
    told = Canaries()
    for name, value in life.CONFIDED.items():
        told.add(name, value)
    with database(stack) as db:
        rows = [content for content in places.in_database(db) if content[0] in ONLY_IDS]
    assert {place for place, _ in rows} == ONLY_IDS
    logs = places.in_files("log", stack.paths.logs)
    return search(told, chain(questions(models), mails(stack), logs, rows))


def leaks_in_files(stack: World, canaries: Canaries) -> list[Found]:
    """What the database's own files hold, the log of all it ever wrote included: erased is not unwritten."""
    wanted = {secret: name for secret, name in canaries.names.items() if name not in NOT_IN_FILES}
    folder = stack.paths.data / "postgres"
    contents = chain.from_iterable(places.in_files(part, folder / part) for part in ("base", "pg_wal"))
    return [
        Found(place, name, "as it is")
        for place, content in contents
        for secret, name in wanted.items()
        if secret in content
    ]


# ---- the tests


def test_no_secret_is_anywhere_but_sealed_after_a_whole_life(
    stack: World, owner: Owner, canaries: Canaries, models: HTTPServer
) -> None:
    with places.watched(stack.description["aws_endpoint_url"]) as seen_in_queues:
        life.invite(owner)
        life.link_everything(owner)
        conversation_id = life.converse(owner)
        assert life.send(owner, conversation_id).status_code == httpx.codes.CREATED
        life.be_refused(owner)
        life.choose_a_model(owner)
        life.converse(owner)
        life.confide(owner)
        life.look_after(owner)
        life.meet_repeating_errors(owner, conversation_id)
        life.register_with_a_repeated_pin(owner)
        life.renew(owner)
        life.lose_the_token(owner, conversation_id)
        life.send_something_large(owner)
        for app_secret in (life.OURS["META_APP_SECRET"], life.OURS["INSTAGRAM_APP_SECRET"]):
            canaries.add_proofs(app_secret)
        while_linked = leaks(stack, canaries)
        life.rotate(owner)
        life.leave(owner)
        stack.calm()
        queued = seen_in_queues()

    assert canaries.kinds() >= KINDS
    assert len(queued) > 10, "messages were seen in the queues"
    assert while_linked == []
    assert leaks(stack, canaries) == []
    assert search(canaries, owner.answers) == []
    assert search(canaries, queued) == []
    assert len(models.log) > 2, "models were asked, by keys that are refused and by one that is taken"
    assert search(canaries, questions(models)) == []
    assert confided(stack, models) == []
    assert leaks_in_files(stack, canaries) == []


PLANTS: Mapping[str, Callable[[str], str]] = {
    "as it is": lambda secret: secret,
    "in an address": lambda secret: f"GET https://graph.example/v25.0/me?access_token={secret}&x=1",
    "in base64": lambda secret: base64.b64encode(f"x:{secret}".encode()).decode(),
    "in hex": lambda secret: secret.encode().hex(),
    "cut off": lambda secret: f"…{secret[-24:]}",
}


@pytest.mark.parametrize("form", PLANTS)
def test_a_planted_secret_is_found_in_every_place(stack: World, form: str) -> None:
    """What the test above relies on: every place is really looked at, and every form is known."""
    planted = Canaries()
    text = PLANTS[form](planted.add("planted", f"EAAL/{secrets.token_hex(24)}"))
    log = stack.paths.logs / "planted.log"
    sqs, s3 = (aws.client(name, stack.description["aws_endpoint_url"]) for name in ("sqs", "s3"))
    queue = sqs.get_queue_url(QueueName="dentalist-local-media-dead")["QueueUrl"]
    bucket = {"Bucket": "dentalist-local-large-events", "Key": "planted"}
    log.write_text(json.dumps({"level": "DEBUG", "message": text}))
    sqs.send_message(QueueUrl=queue, MessageBody=text)
    s3.put_object(**bucket, Body=text.encode())
    try:
        with database(stack) as db:
            for kind in ("to_jsonb(%s::text)", "%s::text", "convert_to(%s, 'UTF8')"):
                db.execute(f"create table public.planted_{len(kind)} as select {kind} as value", [text])
            found = search(planted, everything(stack, db))
    finally:
        log.unlink()
        sqs.purge_queue(QueueUrl=queue)
        s3.delete_object(**bucket)

    assert {leak.place for leak in found} == {
        *("log planted.log", "queues", "s3 dentalist-local-large-events planted"),
        *("public.planted_18", "public.planted_8"),
        *(["public.planted_22"] if text.isascii() and form in HEX_HOLDS else []),
    }
    if form in HEX_HOLDS:  # it was rolled back, and stands in the log of the database all the same
        eventually(lambda: leaks_in_files(stack, planted), "the plant in the files")
