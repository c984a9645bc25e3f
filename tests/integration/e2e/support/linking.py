"""Professionals with nothing linked, people with accounts at the providers, and the way from one to the other."""

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx

from infra.demo.outside import Clinic, Dashboard, Number, Patient, Row
from tests.integration.e2e.support.browser import Browser, Landing
from tests.integration.e2e.support.world import World, text_of

CHANNELS = "/api/marketing/channels"
START = f"{CHANNELS}/oauth/start"
CALLBACK = f"{CHANNELS}/oauth/callback"
_PASSWORD = "una-clave-de-prueba"
_ZONE = "America/Argentina/Buenos_Aires"
_QUESTION = "¿Dónde están?"
_WEEK = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
_chance = random.SystemRandom()


def new_id(prefix: str, length: int = 15) -> str:
    """An id at a provider that nobody has."""
    return prefix + "".join(_chance.choice("0123456789") for _ in range(length - len(prefix)))


# ---- professionals


class Professional:
    """A signed-in professional whose clinic has nothing linked yet."""

    def __init__(self, world: World, clinic: Clinic, street: str) -> None:
        """``street`` is what their assistant answers to the question where they are."""
        self.world = world
        self.clinic = clinic
        self.street = street
        self.id = clinic.id
        self.email = clinic.email
        self.dashboard: Dashboard = world.sign_in(clinic)

    # ---- linking

    def begin(self, channel: str) -> Row:
        """Where to send the browser: ``authorization_url``, ``state``, ``expires_at``."""
        answer = self.dashboard.call("GET", f"{START}?channel={channel}")
        assert answer.status_code == httpx.codes.OK, answer.text
        begun: Row = answer.json()
        return begun

    def link(self, channel: str, owner: "AccountOwner", **choice: Any) -> Landing:
        """The whole way through a browser; ``choice`` is that of ``decide``."""
        return decide(self.world, self.begin(channel)["authorization_url"], owner, **choice)

    def sign_up(self, owner: "AccountOwner", number: str | None = None, **changes: Any) -> httpx.Response:
        """Embedded Signup: Meta's window gives the dashboard a code, which posts it; ``changes`` of the request."""
        given = self.world.sandbox.post(
            "/embedded-signup", {"person": owner.user_id, "phone_number_id": number or owner.numbers[0]}
        )
        request = {name: given[name] for name in ("code", "waba_id", "phone_number_id")}
        request |= {"state": changes.pop("state", None) or self.begin("whatsapp")["state"], **changes}
        return self.dashboard.post(CALLBACK, {name: value for name, value in request.items() if value is not None})

    # ---- what is linked

    def linked(self, channel: str = "whatsapp") -> list[Row]:
        """Channels of a kind that are not disconnected, as the API lists them."""
        return [
            item for item in self.dashboard.channels() if item["type"] == channel and item["status"] != "disconnected"
        ]

    def number(self, phone_number_id: str) -> Number:
        """A linked number as patients know it. Its token is nobody's to know."""
        item = self._channel_of_number(phone_number_id)
        return Number(item["id"], phone_number_id, item["display_phone_number"] or "", item["external_business_id"], "")

    def channel_of(self, owner: "AccountOwner") -> Row:
        """The channel of somebody's first number."""
        return self._channel_of_number(owner.numbers[0])

    def _channel_of_number(self, phone_number_id: str) -> Row:
        (item,) = [item for item in self.linked() if item["phone_number_id"] == phone_number_id]
        return item

    def test(self, channel_id: str) -> Row:
        """The channel's self-test."""
        answer = self.dashboard.post(f"{CHANNELS}/{channel_id}/test", {})
        assert answer.status_code == httpx.codes.OK, answer.text
        told: Row = answer.json()
        return told

    def answers_on(self, *numbers: str) -> list[Patient]:
        """To each number a patient writes for the first time, all at once; each gets this clinic's answer."""
        patients = [self.world.patient("Ana Prueba", self.number(number)) for number in numbers]
        for patient in patients:
            patient.writes(_QUESTION)
        for patient in patients:
            self.recognises(patient.waits_for(1)[0])
        self.world.calm()
        return patients

    def answers_again(self, patient: Patient) -> Row:
        """The patient asks where the clinic is; the answer, as Meta accepted it."""
        answer = self.world.converse(patient, _QUESTION)
        self.recognises(answer)
        return answer

    def recognises(self, answer: Row) -> None:
        """Only this clinic's assistant could have said that."""
        assert self.street in text_of(answer), f"not this clinic's answer: {text_of(answer)}"

    def alerts(self, channel_id: str) -> list[Row]:
        """Open alerts about a channel, as the dashboard reads them."""
        return self.dashboard.select("marketing_alerts", entity_id=f"eq.{channel_id}", acknowledged_at="is.null")

    def credential(self, channel_id: str) -> Row:
        """The channel's credential with its ciphertexts."""
        (row,) = self.world.rows(
            """select cr.* from marketing_channel_credentials cr
               join marketing_channels ch on ch.credential_id = cr.id where ch.id = %s""",
            channel_id,
        )
        return row

    def close(self) -> None:
        self.dashboard.close()


@contextmanager
def professional(world: World, name: str = "Consultorio Vacío") -> Iterator[Professional]:
    """A new one, in a street that nobody else is in; signed out at the end."""
    email, street = f"{uuid4().hex[:12]}@example.com", f"Calle {uuid4().hex[:8]} 100"
    clinic = Clinic(_register(world, email), email, _PASSWORD, name, ZoneInfo(_ZONE), ())
    world.rows(
        """insert into professionals
             (id, name, email, timezone, country, address, opening_hours, appointment_minutes, marketing_enabled)
           values (%s, %s, %s, %s, 'AR', %s, %s::jsonb, 30, true)""",
        *(clinic.id, name, email, _ZONE, street, json.dumps(_WEEK)),
    )
    new = Professional(world, clinic, street)
    yield new
    new.close()


def _register(world: World, email: str) -> str:
    """What the host application does when somebody registers."""
    key = world.description["supabase_secret_key"]
    answer = httpx.post(
        f"{world.description['supabase_url']}/auth/v1/admin/users",
        headers={"apikey": key, "Authorization": f"Bearer {key}"},
        json={"email": email, "password": _PASSWORD, "email_confirm": True},
        timeout=20,
    )
    answer.raise_for_status()
    return str(answer.json()["id"])


@contextmanager
def carla(world: World) -> Iterator[Professional]:
    """The seeded professional with nothing linked."""
    seeded = Professional(world, world.vidal, "Calle de Serrano 88")
    yield seeded
    seeded.close()


# ---- people at the providers


@dataclass(frozen=True)
class AccountOwner:
    """Somebody with accounts at Meta and Google."""

    world: World
    user_id: str
    wabas: dict[str, tuple[str, ...]]  # each with its numbers
    instagram: str
    google: str

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(number for numbers in self.wabas.values() for number in numbers)

    def account(self, number: str | None = None) -> Row:
        """A number as Meta has it."""
        return self.world.sandbox.call("GET", f"/accounts/{number or self.numbers[0]}")

    def change(self, number: str | None = None, /, **changes: Any) -> None:
        """Something happens to a number, its WABA or its tokens (``PATCH /control/accounts``)."""
        self.world.sandbox.call("PATCH", f"/accounts/{number or self.numbers[0]}", changes)

    def change_instagram(self, **changes: Any) -> None:
        self.world.sandbox.call("PATCH", f"/instagram/{self.instagram}", changes)

    def change_google(self, **changes: Any) -> None:
        self.world.sandbox.call("PATCH", f"/google/{self.google}", changes)

    def tokens(self, number: str | None = None) -> list[str]:
        """Marks of the tokens that see a number, oldest first."""
        marks: list[str] = self.account(number)["tokens"]
        return marks


def new_owner(world: World, *, numbers: Sequence[int] = (1,), **of_number: Any) -> AccountOwner:
    """A person with a WABA for each of ``numbers``, which has so many; ``of_number``: as the sandbox takes it."""
    wabas = {new_id("2109"): tuple(new_id("3109") for _ in range(count)) for count in numbers}
    instagram, google = new_id("17841", 17), f"{uuid4().hex[:10]}@gmail.example"
    businesses = [
        {
            "name": "Odontología",
            "wabas": [
                {
                    "waba_id": waba_id,
                    "numbers": [
                        {
                            "phone_number_id": number,
                            "display_phone_number": f"+{new_id('54911', 13)}",
                            "verified_name": "Consultorio Nuevo",
                            **of_number,
                        }
                        for number in owned
                    ],
                }
                for waba_id, owned in wabas.items()
            ],
        }
    ]
    person = world.sandbox.post(
        "/people",
        {
            "name": f"Persona {uuid4().hex[:6]}",
            "businesses": businesses,
            "instagram": [{"user_id": instagram, "username": f"ig.{uuid4().hex[:8]}"}],
            "google": {"email": google, "summary": "Agenda del consultorio"},
        },
    )
    return AccountOwner(world, str(person["user_id"]), wabas, instagram, google)


# ---- the way through the dialogs


def decide(
    world: World,
    authorization_url: str,
    owner: AccountOwner,
    *,
    button: str = "allow",
    without: Sequence[str] = (),
    wabas: Sequence[str] | None = None,
    lifetime: str | None = None,
) -> Landing:
    """Through a provider's pages as a person: log in, choose accounts and permissions, press a button.

    Args:
        world: where the dialog is.
        authorization_url: where it begins.
        owner: who logs in.
        button: ``allow`` or ``deny``.
        without: permissions that are not given.
        wabas: only these WhatsApp accounts; None: all of the person's.
        lifetime: of the token: ``"0"`` never ends, else seconds; None: the usual one.
    """
    browser = Browser(world.description["dashboard_url"])
    page = browser.page(authorization_url)
    if page.links:  # Facebook: whose login is it?
        page = browser.go(page, f"sandbox_person={owner.user_id}")
        page.choose_only("waba_ids", *(owner.wabas if wabas is None else wabas))
    elif urlsplit(page.address).path.startswith("/google"):
        page.choose_only("google_email", owner.google)
    else:
        page.choose_only("instagram_user_id", owner.instagram)
    page.untick(*(("scopes", scope) for scope in without))
    if lifetime is not None:
        page.fixed = [(name, lifetime if name == "token_lifetime_seconds" else value) for name, value in page.fixed]
    landing = browser.press(page, button)
    browser.close()
    return landing


def back_again(world: World, address: str) -> dict[str, str]:
    """Open an address of the callback; what the dashboard is told."""
    browser = Browser(world.description["dashboard_url"])
    landing = browser.open(address)
    browser.close()
    assert isinstance(landing, Landing)
    return landing.told


def callback(world: World, **query: str) -> str:
    """The address by which a provider sends a browser back."""
    return str(httpx.URL(f"{world.api_url}{CALLBACK}", params=query))


def query_of(address: str) -> dict[str, str]:
    """What an address says behind its question mark."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem document."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def accounts_as_stored(world: World) -> list[list[Row]]:
    """Every credential and channel of the store, ciphertexts included."""
    return [
        world.rows("select * from marketing_channel_credentials order by id"),
        world.rows("select * from marketing_channels order by id"),
    ]
