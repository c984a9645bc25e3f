"""The playground over the real store: whatever is tried, no row of any table is another one afterwards."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from werkzeug import Request, Response

from dentalist.runtime import wiring_assistant
from tests.database.outbound_builders import Connection, make_clinic, make_conversation, make_inbound
from tests.integration.storage.containers import forget_clients
from tests.integration.storage.test_channels_endpoint import KEY, Practice, practice

__all__ = ["practice"]
OPEN = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
TEXTS = (
    "quiero un turno para una limpieza el jueves a la tarde",
    "cancelá mi turno de mañana",
    "número equivocado, no soy Marta",
    "tengo la cara hinchada como un globo y 39 de fiebre",
    "BAJA",
    "quiero que borren mis datos",
    "¿tienen estacionamiento?",
    "quiero hablar con una persona",
)
_COUNTED = ("ai_usage", "model_circuits")  # what a model cost is real, whoever asked it


@pytest.fixture(autouse=True)
def new_container() -> Iterator[None]:
    wiring_assistant.models_http.cache_clear()
    yield
    wiring_assistant.models_http.cache_clear()


def everything(db: Connection, *, but: tuple[str, ...] = ()) -> dict[str, str]:
    """Every table of ours, as one text each."""
    tables = db.execute("select format('%I.%I', schemaname, tablename) as name, tablename from pg_tables"
                        " where schemaname in ('public', 'app', 'storage') order by 1").fetchall()  # fmt: skip
    return {
        table["name"]: db.execute(
            f"select coalesce(string_agg(entry::text, '|' order by entry::text), '') as text from {table['name']} entry"  # noqa: S608 - a table of ours
        ).fetchone()["text"]  # type: ignore[index]
        for table in tables
        if table["tablename"] not in but
    }


def payers(db: Connection) -> set[UUID]:
    return {row["professional_id"] for row in db.execute("select professional_id from ai_usage").fetchall()}


def tries(practice: Practice, text: str, **settings: Any) -> dict[str, Any]:
    status, told = practice.asks("POST", f"{practice.path}/playground", {"text": text, "settings": settings or None})
    assert status == 200, told
    answer: dict[str, Any] = told
    return answer


@pytest.fixture
def busy(practice: Practice, db: Connection) -> Practice:
    """A clinic that has patients, a conversation and an open calendar, so that there is something to spoil."""
    db.execute("update professionals set opening_hours = %s", [json.dumps(OPEN)])
    make_inbound(db, practice.clinic, make_conversation(db, practice.clinic), body="quiero un turno")
    return practice


def test_nothing_is_another_after_any_text(busy: Practice, db: Connection) -> None:
    before = everything(db)

    told = [tries(busy, text) for text in TEXTS]

    assert everything(db) == before
    assert told[0]["interactive"], "times were offered"
    assert [answer["intent"] for answer in told[3:5]] == ["emergency", "opt_out"]


def test_a_model_that_is_asked_is_paid_by_its_own_tenant_and_nothing_else_is_kept(
    busy: Practice, db: Connection
) -> None:
    def answer(request: Request) -> Response:
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        says = {
            "word": "ok",
            "intents": [{"intent": "general_inquiry", "confidence": 0.9}],
            "text": "Abrimos a las 22.",
        }
        message = {"role": "assistant", "content": json.dumps(says)}
        return Response(json.dumps({"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}))

    busy.server.expect_request("/openai/v1/chat/completions").respond_with_handler(answer)
    chosen = {"ai_provider": "openai", "ai_model": "gpt-5-mini", "ai_api_key": KEY}
    assert busy.asks("PATCH", busy.path, chosen)[0] == 200
    forget_clients()
    before, paid_before = everything(db, but=_COUNTED), payers(db)

    told = tries(busy, "¿dónde queda el consultorio?", ai_persona={"name": "Canario", "instructions": "Ser breve."})

    assert (told["provider"], told["fallback"]) == ("openai", False)
    assert told["cost_usd"] > 0
    assert everything(db, but=_COUNTED) == before
    assert payers(db) - paid_before == {busy.clinic.professional_id}


@pytest.mark.parametrize("role", ["reception", "marketing"])
def test_only_the_owner_may_try(busy: Practice, role: str) -> None:
    status, problem = busy.asks("POST", f"{busy.path}/playground", {"text": "hola"}, by=busy.member(role))

    assert (status, problem["code"]) == (403, "role_not_allowed")


def test_another_tenants_channel_is_not_found(busy: Practice, db: Connection) -> None:
    stranger = make_clinic(db)
    path = f"/api/marketing/channels/{stranger.channel_id}/playground"
    before = everything(db)

    for by in (None, stranger.professional_id):
        assert busy.asks("POST", path, {"text": "hola"}, by=by)[0] == 404
    assert everything(db) == before
