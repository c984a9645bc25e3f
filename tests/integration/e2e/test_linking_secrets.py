"""What was shown to us in confidence stands in the clear nowhere in the store and in no log of the running stack."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from infra.demo.outside import Row, eventually
from infra.sandbox.journal import fingerprint
from tests.integration.e2e.support.linking import (
    CHANNELS,
    AccountOwner,
    Professional,
    new_owner,
    professional,
    query_of,
)
from tests.integration.e2e.support.world import World

pytestmark = pytest.mark.xdist_group("stack")

TOKENS = ("token", "instagram_token", "google_token")
OF_THE_PLATFORM = ("supabase_secret_key", "meta_app_secret")


def tokens_given_to(world: World, owner: AccountOwner) -> set[str]:
    """Every token that the providers gave for this person's accounts; the simulator keeps them in a file."""
    file = world.paths.data / "sandbox" / "sandbox.sqlite3"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        marks = ", ".join("?" * len(TOKENS))
        rows = database.execute(f"select body from documents where kind in ({marks})", TOKENS)  # noqa: S608 - a fixed list
        tokens: list[Row] = [json.loads(body) for (body,) in rows]
    theirs = {owner.user_id, owner.instagram, owner.google}
    return {token["value"] for token in tokens if theirs & {token.get("user_id"), token.get("email")}}


@pytest.fixture
def secrets(world: World) -> Iterator[set[str]]:
    """Of accounts that were linked, tested, renewed, used, refused and taken off: everything that nobody may see."""
    owner, other = new_owner(world), new_owner(world)
    with professional(world, "Consultorio Reservado") as clinic:
        landings = [clinic.link(kind, owner) for kind in ("whatsapp", "instagram", "google_calendar")]
        landings.append(clinic.link("whatsapp", other, without=["whatsapp_business_messaging"]))
        clinic.answers_on(*owner.numbers)
        world.fire("token_refresh")
        _use_and_take_off(clinic)
        owner.change(token_state="app_removed")
        world.calm()
        seen = {value for landing in landings for value in query_of(landing.callback).values()}
        yield seen | eventually(lambda: _complete(world, owner), "the tokens in the simulator's file")


def _complete(world: World, owner: AccountOwner) -> set[str]:
    """The person's tokens, once the simulator's file has all of those that it knows; empty until then."""
    known = set(owner.tokens())
    for kind, name in (("instagram", "user_id"), ("google", "email")):
        for account in world.sandbox.call("GET", f"/{kind}")["accounts"]:
            if account[name] in {owner.instagram, owner.google}:
                known |= {token["token"] for token in account["tokens"]}
    tokens = tokens_given_to(world, owner)
    assert len(known) >= 4, "WhatsApp's, Instagram's short and long one, and Google's"
    return tokens if known <= {fingerprint(token) for token in tokens} else set()


def _use_and_take_off(clinic: Professional) -> None:
    for channel in clinic.dashboard.channels():
        clinic.test(channel["id"])
        clinic.dashboard.post(f"{CHANNELS}/{channel['id']}/refresh", {}).raise_for_status()
    (calendar,) = clinic.linked("google_calendar")
    clinic.dashboard.call("DELETE", f"{CHANNELS}/{calendar['id']}").raise_for_status()


def test_no_token_code_state_or_key_stands_anywhere_in_the_clear(world: World, secrets: set[str]) -> None:
    platform = {str(world.description[name]) for name in OF_THE_PLATFORM}

    assert len(secrets) >= 4 + 2 * 4, "four tokens, and code and state of four attempts"
    assert min(map(len, secrets)) > 20
    assert world.traces(*secrets, *platform) == []
    assert _in_logs(world, secrets | platform) == []


def _in_logs(world: World, words: set[str]) -> list[Any]:
    logs: list[Path] = sorted(world.paths.logs.glob("*.log*"))
    assert {"oauth.log", "channels.log", "token_refresh.log", "gateway.log"} <= {log.name for log in logs}
    return [(log.name, word) for log in logs for word in words if word.encode() in log.read_bytes()]
