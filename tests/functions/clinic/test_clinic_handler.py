"""The clinic's profile, called with whole events of API Gateway."""

import json
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from clinic import handler
from dentalist.domain import errors
from dentalist.domain.calendars import FeedUnreadable
from dentalist.domain.clinic_errors import ClinicChangeRefused
from dentalist.domain.identity import Caller, Role
from dentalist.runtime import wiring, wiring_calendar, wiring_clinic
from tests.builders import NOON, LambdaContext, make_event
from tests.fakes_clinic import FakeClinics, FakeFeeds, make_profile

PATH = "/api/marketing/clinic"
ALL_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LIMPIEZA = {"treatment": "Limpieza", "price": 25000, "currency": "ARS", "minutes": 45}


class World:
    """A clinic, and somebody of its team."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.caller = Caller(uuid4(), uuid4(), Role.OWNER, "token")
        self.clinics = FakeClinics()
        self.feeds = FakeFeeds()
        self.proven: list[str] = []
        self.unreadable: str | None = None
        monkeypatch.setattr(wiring_calendar, "calendars", lambda _: self.feeds)
        monkeypatch.setattr(wiring_calendar, "feed_host", lambda _: self.feeds.shown)
        monkeypatch.setattr(wiring_calendar, "prove_feed", self.prove)
        monkeypatch.setattr(wiring, "authenticate", lambda _: self.caller)
        monkeypatch.setattr(wiring_clinic, "user_clinics", lambda _: self.clinics)
        monkeypatch.setattr(wiring_clinic, "clinics", lambda _: self.clinics)

    def prove(self, url: str) -> None:
        self.proven.append(url)
        if self.unreadable is not None:
            raise FeedUnreadable(self.unreadable)

    def become(self, role: Role) -> None:
        self.caller = Caller(self.caller.professional_id, self.caller.user_id, role, "token")

    def ask(self, method: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        event = make_event(method, PATH, body, headers={"authorization": "Bearer token"})
        with time_machine.travel(NOON, tick=False):
            answer = handler.lambda_handler(event, LambdaContext())
        assert answer["headers"]["x-correlation-id"] == "request-1"
        return answer["statusCode"], json.loads(answer["body"])

    def change(self, **columns: Any) -> dict[str, Any]:
        """What a valid change wrote."""
        status, told = self.ask("PATCH", columns)
        assert status == 200, told
        ((written, actor),) = self.clinics.changed
        assert actor == self.caller.user_id
        return written

    def refuse(self, **columns: Any) -> list[dict[str, Any]]:
        """The errors of an invalid change, of which nothing was written."""
        status, told = self.ask("PATCH", columns)
        assert (status, told.get("code")) == (422, "validation_error"), told
        assert self.clinics.changed == []
        errors: list[dict[str, Any]] = told["errors"]
        return errors


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


# ---- reading


@pytest.mark.parametrize("role", list(Role))
def test_everybody_of_the_team_reads_the_profile(world: World, role: Role) -> None:
    world.become(role)
    world.clinics.row = make_profile(opening_hours={"mon": [["09:00", "13:00"]]}, price_list=[LIMPIEZA])

    status, told = world.ask("GET")

    assert status == 200
    assert told["name"] == "Clínica Sonrisas"
    assert told["opening_hours"] == {"mon": [["09:00", "13:00"]]}
    assert told["price_list"] == [LIMPIEZA]
    assert told.keys() == {
        "id", "name", "email", "timezone", "country", "specialty", "licence_number", "opening_hours", "closures",
        "holiday_country", "open_holidays", "appointment_minutes", "buffer_minutes", "lead_time_minutes", "price_list",
        "phone", "emergency_phone", "emergency_instructions", "alert_phone", "address", "maps_url", "insurances",
        "payment_methods", "privacy_notice_url", "policies", "marketing_enabled", "calendar_feed_host", "holidays",
    }  # fmt: skip


def test_the_holidays_of_the_coming_year_say_on_which_the_clinic_opens(world: World) -> None:
    world.clinics.row = make_profile(holiday_country="AR", open_holidays=["2026-12-25"])

    _, told = world.ask("GET")

    assert told["holidays"][:4] == [
        {"date": "2026-11-23", "name": "Día de la Soberanía Nacional", "open": False},
        {"date": "2026-12-07", "name": "Feriado con fines turísticos", "open": False},
        {"date": "2026-12-08", "name": "Inmaculada Concepción de María", "open": False},
        {"date": "2026-12-25", "name": "Navidad", "open": True},
    ]
    assert "2027-11-22" >= told["holidays"][-1]["date"] > "2027-10-01"


@pytest.mark.parametrize("country", [None, "XX", "Narnia"])
def test_without_a_known_country_there_are_no_holidays(world: World, country: str | None) -> None:
    world.clinics.row = make_profile(holiday_country=country)

    assert world.ask("GET")[1]["holidays"] == []


def test_a_profile_is_told_whatever_the_host_application_wrote_into_it(world: World) -> None:
    world.clinics.row = make_profile(opening_hours="lunes", closures=3, price_list={"a": None}, open_holidays=[1])

    status, told = world.ask("GET")

    assert (status, told["opening_hours"], told["closures"], told["price_list"]) == (200, "lunes", 3, {"a": None})


# ---- changing


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MARKETING])
def test_only_the_owner_changes_the_profile(world: World, role: Role) -> None:
    world.become(role)

    status, told = world.ask("PATCH", {"phone": "+541155550100"})

    assert (status, told["code"], world.clinics.changed) == (403, "role_not_allowed", [])


def test_a_change_answers_the_whole_profile(world: World) -> None:
    status, told = world.ask("PATCH", {"holiday_country": "CL"})

    assert (status, told["name"], told["holiday_country"]) == (200, "Clínica Sonrisas", "CL")
    assert told["holidays"][0] == {"date": "2026-12-08", "name": "La Inmaculada Concepción", "open": False}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("timezone", "America/Santiago"),
        ("country", "UY"),
        ("specialty", "Ortodoncia"),
        ("licence_number", "MN 31.482"),
        ("closures", [{"from": "2026-12-24", "to": "2026-12-31", "reason": "vacaciones"}]),
        ("closures", [{"from": "2026-12-24T12:00", "to": "2026-12-24T15:30", "reason": None}]),
        ("closures", [{"from": "2026-12-24T12:00:00-03:00", "to": "2026-12-24T15:30:00-03:00", "reason": None}]),
        ("closures", [{"from": "2026-12-24T12:00:00.000Z", "to": "2026-12-24T15:30:00.000Z", "reason": None}]),
        ("closures", [{"from": "2026-10-25T02:30+02:00", "to": "2026-10-25T02:15+01:00", "reason": None}]),
        ("holiday_country", "AR"),
        ("open_holidays", ["2026-12-08", "2026-12-25"]),
        ("appointment_minutes", 5),
        ("buffer_minutes", 0),
        ("lead_time_minutes", 20160),
        ("price_list", [LIMPIEZA, {"treatment": "Implante", "price": 900.5, "currency": "USD", "minutes": None}]),
        ("price_list", [{"treatment": "Blanqueamiento", "price": None, "currency": None, "minutes": 480}]),
        ("phone", "+541155550100"),
        ("emergency_phone", "+5491155550100"),
        ("alert_phone", "+34600000000"),
        ("emergency_instructions", "Llamá a la guardia.\nAtiende siempre."),
        ("address", "Av. Santa Fe 2450, piso 3"),
        ("maps_url", "https://maps.example.com/?q=-34.6,-58.4"),
        ("privacy_notice_url", "https://clinica.example.com/privacidad"),
        ("insurances", ["OSDE", "Swiss Medical"]),
        ("payment_methods", []),
    ],
)
def test_a_valid_value_is_written_as_it_was_sent(world: World, column: str, value: Any) -> None:
    assert world.change(**{column: value}) == {column: value}


def test_only_what_is_named_is_written_and_null_erases(world: World) -> None:
    assert world.change(phone=None, opening_hours=None, price_list=None) == {
        "phone": None,
        "opening_hours": None,
        "price_list": None,
    }


def test_an_empty_change_answers_the_profile(world: World) -> None:
    assert world.change() == {}


def test_opening_hours_are_written_with_all_seven_days(world: World) -> None:
    hours = {"mon": [["09:00", "13:00"], ["13:00", "24:00"]], "sat": [["00:00", "02:30"]]}

    assert world.change(opening_hours=hours) == {"opening_hours": {**{day: [] for day in ALL_DAYS}, **hours}}


def test_opened_holidays_are_written_in_order_and_words_without_blanks_around(world: World) -> None:
    written = world.change(open_holidays=["2026-12-25", "2026-12-08"], address="  Av. Mitre 1 ", insurances=[" OSDE "])

    assert written == {
        "open_holidays": ["2026-12-08", "2026-12-25"],
        "address": "Av. Mitre 1",
        "insurances": ["OSDE"],
    }


DAYS_WRONG = [
    [["9:00", "13:00"]], [["09:00", "13:60"]], [["09:00", "24:01"]], [["13:00", "09:00"]], [["09:00", "09:00"]],
    [["09:00", "13:00"], ["12:00", "15:00"]], [["15:00", "19:00"], ["09:00", "13:00"]], [["09:00"]],
    [["09:00", "12:00", "13:00"]], [[9, 13]], ["09:00-13:00"], "09:00", None, [["٠٩:٠٠", "13:00"]],
]  # fmt: skip
WRONG: list[tuple[str, Any]] = [
    *(("opening_hours", {"mon": day}) for day in DAYS_WRONG),
    ("opening_hours", {"lunes": []}),
    ("opening_hours", []),
    ("opening_hours", {}),
    ("closures", {}),
    ("closures", [{"from": "2026-12-31", "to": "2026-12-24", "reason": "x"}]),
    ("closures", [{"from": "2026-12-24", "to": "2026-12-24T12:00", "reason": "x"}]),
    ("closures", [{"from": "2026-12-24T12:00", "to": "2026-12-24T13:00Z", "reason": "x"}]),
    ("closures", [{"from": "2026-12-24T12:00+01:00", "to": "2026-12-24T12:30+05:00", "reason": "x"}]),
    ("closures", [{"from": "2026-12-24T12:00:00.1234567Z", "to": "2026-12-24T13:00:00Z", "reason": "x"}]),
    ("closures", [{"from": "2026-02-30", "to": "2026-03-01", "reason": "x"}]),
    ("closures", [{"from": "24/12/2026", "to": "2026-12-31", "reason": "x"}]),
    ("closures", [{"from": "20261224", "to": "20261231", "reason": "x"}]),
    ("closures", [{"from": 1, "to": 2}]),
    ("closures", [{"to": "2026-12-24"}]),
    ("closures", [{"from": "2026-12-24"}]),
    ("closures", [{"from": "2026-12-24", "to": "2026-12-24", "motivo": "x"}]),
    ("price_list", [LIMPIEZA, {**LIMPIEZA, "treatment": " limpieza "}]),
    ("price_list", [{**LIMPIEZA, "price": -1}]),
    ("price_list", [{**LIMPIEZA, "price": 0.001}]),
    ("price_list", [{**LIMPIEZA, "price": True}]),
    ("price_list", [{**LIMPIEZA, "price": "consultar"}]),
    ("price_list", [{**LIMPIEZA, "price": 10_000_000_000}]),
    ("price_list", [{**LIMPIEZA, "currency": "ars"}]),
    ("price_list", [{**LIMPIEZA, "currency": "PESOS"}]),
    ("price_list", [{**LIMPIEZA, "currency": "XXX"}]),
    ("price_list", [{**LIMPIEZA, "currency": None}]),
    ("price_list", [{"treatment": "Limpieza", "currency": "ARS"}]),
    ("price_list", [{**LIMPIEZA, "minutes": 4}]),
    ("price_list", [{**LIMPIEZA, "minutes": 481}]),
    ("price_list", [{**LIMPIEZA, "minutes": "45"}]),
    ("price_list", [{**LIMPIEZA, "minutes": 45.5}]),
    ("price_list", [{**LIMPIEZA, "treatment": " "}]),
    ("price_list", [{**LIMPIEZA, "treatment": "x" * 121}]),
    ("price_list", [{**LIMPIEZA, "precio": 1}]),
    ("price_list", "gratis"),
    ("open_holidays", ["2026-12-25", "2026-12-25"]),
    ("open_holidays", ["2026-13-01"]),
    ("open_holidays", ["2026-12-25T00:00"]),
    ("open_holidays", [1766620800]),
    ("timezone", "Buenos Aires"),
    ("timezone", "america/argentina/buenos_aires"),
    ("timezone", "../etc/passwd"),
    ("timezone", ""),
    ("timezone", None),
    ("country", "ar"),
    ("country", "XX"),
    ("country", "ARG"),
    ("holiday_country", "XX"),
    ("holiday_country", "ARG"),
    ("appointment_minutes", 4),
    ("appointment_minutes", 481),
    ("appointment_minutes", "30"),
    ("appointment_minutes", True),
    ("buffer_minutes", -1),
    ("buffer_minutes", 241),
    ("lead_time_minutes", 20161),
    *((phone, wrong) for phone in ("phone", "emergency_phone", "alert_phone")
      for wrong in ("1155550100", "+54 11 5555 0100", "+0541155550100", "+54", "", "+541155550100\n", 54)),
    *((url, wrong) for url in ("maps_url", "privacy_notice_url")
      for wrong in ("http://example.com", "javascript:alert(1)", "https://", "https://a b", "https://u:p@example.com",
                    "https://[::1", "HTTPS//example.com", "")),
    ("insurances", ["OSDE", "osde"]),
    ("insurances", [""]),
    ("insurances", "OSDE"),
    ("insurances", [1]),
    ("payment_methods", ["x" * 121]),
    ("address", ""),
    ("address", "Av.\x00 Mitre"),
    ("address", "Av. \ud800"),
    ("emergency_instructions", "x" * 901),
    ("name", "Otra clínica"),
    ("email", "otra@example.com"),
    ("marketing_enabled", True),
    ("id", "8d3f4f1e-6d5b-4a51-9d3c-0d6f5f3a1b11"),
    ("telefono", "+541155550100"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "value"), WRONG)
def test_an_invalid_value_is_named_and_nothing_is_written(world: World, column: str, value: Any) -> None:
    found = world.refuse(**{column: value, "specialty": "Ortodoncia"})

    assert found
    for error in found:
        assert error["loc"][0] == "body"
        assert error["msg"]
        assert error["loc"][1:2] == [column] or column in error["msg"]


@pytest.mark.parametrize("body", [[], "text", None, 3])
def test_a_body_that_is_no_object_is_refused(world: World, body: Any) -> None:
    status, told = world.ask("PATCH", json.dumps(body))

    assert (status, told["code"]) == (422, "validation_error")


def test_values_are_not_quoted_back(world: World) -> None:
    _, told = world.ask("PATCH", {"alert_phone": "1155559999"})

    assert "1155559999" not in json.dumps(told)


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (ClinicChangeRefused(), 422, "clinic_change_refused"),
        (errors.ProfessionalNotFound(), 404, "professional_not_found"),
        (errors.StoreUnavailable(), 503, "store_unavailable"),
    ],
)
def test_a_refusal_of_the_store_is_told(world: World, refusal: Exception, status: int, code: str) -> None:
    world.clinics.refusal = refusal

    answered, told = world.ask("PATCH", {"country": "AR"})

    assert (answered, told["code"]) == (status, code)


# ---- the read-only calendar

FEED = "https://calendar.google.com/calendar/ical/a%40b/private-0123/basic.ics"


def test_a_feed_is_read_once_before_it_is_kept_and_only_its_host_is_told(world: World) -> None:
    status, told = world.ask("PATCH", {"calendar_feed_url": FEED.replace("https", "webcal")})

    assert (status, told["calendar_feed_host"]) == (200, "calendar.google.com")
    assert world.proven == [FEED]
    assert world.feeds.put_by == [(FEED, world.caller.user_id)]
    assert "private" not in json.dumps(told)
    assert world.ask("GET")[1]["calendar_feed_host"] == "calendar.google.com"


def test_null_takes_the_feed_away_without_reading_anything(world: World) -> None:
    world.ask("PATCH", {"calendar_feed_url": FEED})

    status, told = world.ask("PATCH", {"calendar_feed_url": None})

    assert (status, told["calendar_feed_host"]) == (200, None)
    assert world.proven == [FEED]


def test_a_change_of_something_else_leaves_the_feed_alone(world: World) -> None:
    world.ask("PATCH", {"specialty": "Ortodoncia"})

    assert (world.proven, world.feeds.put_by) == ([], [])


def test_a_feed_that_cannot_be_read_changes_nothing_at_all(world: World) -> None:
    world.unreadable = "no_calendar"

    status, told = world.ask("PATCH", {"calendar_feed_url": FEED, "specialty": "Ortodoncia"})

    assert (status, told["code"]) == (422, "feed_unreadable")
    assert (world.feeds.put_by, world.clinics.changed) == ([], [])


@pytest.mark.parametrize(
    "url", ["http://a.example/x", "https://127.0.0.1/x", "https://localhost/x", "ftp://a.example/"]
)
def test_a_feed_is_at_a_public_https_address(world: World, url: str) -> None:
    status, told = world.ask("PATCH", {"calendar_feed_url": url})

    assert (status, told["code"]) == (422, "feed_url_invalid")
    assert world.proven == []


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MARKETING])
def test_only_the_owner_gives_a_feed(world: World, role: Role) -> None:
    world.become(role)

    status, told = world.ask("PATCH", {"calendar_feed_url": FEED})

    assert (status, told["code"]) == (403, "role_not_allowed")
    assert (world.proven, world.feeds.put_by) == ([], [])
