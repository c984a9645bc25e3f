"""A person decides: which accounts, which permissions. The dialog's page and the control interface both end here."""

from collections.abc import Iterable
from dataclasses import dataclass

from infra.sandbox.logins.asked import Asked
from infra.sandbox.logins.codes import (
    EMBEDDED_SECONDS,
    FACEBOOK_SECONDS,
    GOOGLE_SECONDS,
    INSTAGRAM_SECONDS,
    FacebookGrant,
    GoogleGrant,
    InstagramGrant,
)
from infra.sandbox.logins.people import Person
from infra.sandbox.platform import Platform
from infra.sandbox.tokens import MANAGEMENT, MESSAGING, TokenKind

_USER_TOKEN_SECONDS = 5_400  # a person's token is short-lived until it is exchanged
_INSTAGRAM_TOKEN_SECONDS = 3_600


class BadChoice(Exception):
    """Nobody could have chosen that in the dialog."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a token lives; ``seconds`` None: for ever."""

    seconds: int | None


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose; whatever is None is what the dialog offers first."""

    person: str | None = None
    waba_ids: tuple[str, ...] | None = None
    phone_number_ids: tuple[str, ...] | None = None
    instagram_user_id: str | None = None
    google_email: str | None = None
    without_scopes: tuple[str, ...] = ()
    token_kind: TokenKind | None = None
    lifetime: Lifetime | None = None


def allow(platform: Platform, asked: Asked, choice: Choice) -> str:
    """Let the app in, and answer where the browser goes.

    Raises:
        BadChoice: the person does not exist, or the account is not theirs.
    """
    issue = {"facebook": _facebook_code, "instagram": _instagram_code, "google": _google_code}[asked.provider]
    return asked.back(code=issue(platform, asked, choice))


def embedded_code(platform: Platform, choice: Choice) -> str:
    """The code that Embedded Signup hands to the page that opened it: half a minute, no redirect.

    Raises:
        BadChoice: as everywhere.
    """
    grant = _facebook_grant(platform, (MANAGEMENT, MESSAGING), choice, choice.token_kind or "system")
    return platform.codes.issue(grant, redirect_uri=None, seconds=EMBEDDED_SECONDS, prefix="AQ")


def _facebook_code(platform: Platform, asked: Asked, choice: Choice) -> str:
    kind = choice.token_kind or ("system" if asked.configured else "user")
    grant = _facebook_grant(platform, asked.scopes, choice, kind)
    return platform.codes.issue(grant, redirect_uri=asked.redirect_uri, seconds=FACEBOOK_SECONDS, prefix="AQ")


def _facebook_grant(platform: Platform, asked: Iterable[str], choice: Choice, kind: TokenKind) -> FacebookGrant:
    person = _person(platform, choice)
    default = Lifetime(_USER_TOKEN_SECONDS if kind == "user" else None)
    return FacebookGrant(
        user_id=person.user_id,
        waba_ids=_chosen_wabas(platform, person, choice),
        scopes=_without(asked, choice),
        declined=tuple(scope for scope in asked if scope in choice.without_scopes),
        kind=kind,
        lifetime=(choice.lifetime or default).seconds,
    )


def _person(platform: Platform, choice: Choice) -> Person:
    if choice.person is not None:
        person = platform.people.find(choice.person)
    else:
        wanted = [*(choice.waba_ids or ()), *_wabas_of_numbers(platform, choice.phone_number_ids or ())]
        person = platform.people.of_waba(wanted[0]) if wanted else None
    if person is None:
        raise BadChoice("Give the person who decides: an id or a name of GET /control/people.")
    return person


def _chosen_wabas(platform: Platform, person: Person, choice: Choice) -> tuple[str, ...]:
    """What a token sees is a whole WABA: naming numbers chooses their WABAs."""
    if choice.waba_ids is None and choice.phone_number_ids is None:
        return tuple(person.waba_ids)
    chosen = [*(choice.waba_ids or ()), *_wabas_of_numbers(platform, choice.phone_number_ids or ())]
    for waba_id in chosen:
        if waba_id not in person.waba_ids:
            raise BadChoice(f"The WABA {waba_id} is not {person.name}'s.")
    return tuple(dict.fromkeys(chosen))


def _wabas_of_numbers(platform: Platform, phone_number_ids: Iterable[str]) -> list[str]:
    unknown = [number for number in phone_number_ids if number not in platform.accounts.numbers]
    if unknown:
        raise BadChoice(f"There is no number {unknown[0]}.")
    return [platform.accounts.numbers[number].waba_id for number in phone_number_ids]


def _instagram_code(platform: Platform, asked: Asked, choice: Choice) -> str:
    user_id = choice.instagram_user_id
    if user_id is None and choice.person is not None:
        user_id = next(iter(_person(platform, choice).instagram), None)
    if user_id is None or user_id not in platform.instagram.accounts:
        raise BadChoice("Give the instagram_user_id of GET /control/instagram, or a person who has an account.")
    lifetime = choice.lifetime.seconds if choice.lifetime else None
    grant = InstagramGrant(user_id, _without(asked.scopes, choice), lifetime or _INSTAGRAM_TOKEN_SECONDS)
    return platform.codes.issue(grant, redirect_uri=asked.redirect_uri, seconds=INSTAGRAM_SECONDS, prefix="AQ")


def _google_code(platform: Platform, asked: Asked, choice: Choice) -> str:
    email = choice.google_email
    if email is None and choice.person is not None:
        email = next(iter(_person(platform, choice).google), None)
    account = platform.google.accounts.get(email or "")
    if account is None:
        raise BadChoice("Give the google_email of GET /control/google, or a person who has an account.")
    refreshable = asked.offline and (asked.consent or not account.consented)
    if refreshable:
        account.consented = True
        platform.google.save(account)
    grant = GoogleGrant(account.email, _without(asked.scopes, choice), refreshable, asked.challenge)
    return platform.codes.issue(grant, redirect_uri=asked.redirect_uri, seconds=GOOGLE_SECONDS, prefix="4/0")


def _without(asked: Iterable[str], choice: Choice) -> tuple[str, ...]:
    return tuple(scope for scope in asked if scope not in choice.without_scopes)
