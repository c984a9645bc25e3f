"""The address of a calendar feed, as somebody typed it: https, and the name of a host on the public internet.

What a name stands for is only known when it is resolved, and is checked there again.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from dentalist.domain.errors import DomainError

_LONGEST = 2048
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_HOST = 253
_HTTPS = 443
# Names that are never public: RFC 6761, 6762, 8375, 9476, and what networks use for themselves.
_PRIVATE = frozenset(
    {"localhost", "local", "internal", "intranet", "lan", "home", "corp", "test", "invalid", "alt", "onion"}
)
_PRIVATE_BELOW = frozenset({"arpa"})


class FeedUrlInvalid(DomainError):
    """What was given is no address that a feed may have; ``detail`` says why, without quoting it."""

    detail = "A calendar feed needs an https address on the public internet."


class FeedUrl(NamedTuple):
    """A checked address; all of it is a secret but the host."""

    url: str
    host: str

    def __repr__(self) -> str:
        return f"FeedUrl(host={self.host})"


def parse_feed_url(text: str) -> FeedUrl:
    """Check and normalise an address; ``webcal://``, by which calendars like to be shared, is https.

    Raises:
        FeedUrlInvalid: another scheme or port, a user or password, an IP address in any spelling, or a name that is
            never public.
    """
    given = text.strip()
    if not given or len(given) > _LONGEST or any(ord(char) <= ord(" ") or ord(char) == 0x7F for char in given):  # noqa: PLR2004 - DEL
        raise FeedUrlInvalid
    if "\\" in given:  # browsers read it as a slash, libraries do not: nobody agrees on the host
        raise FeedUrlInvalid
    try:
        parts = urlsplit(given)
        port, host = parts.port, parts.hostname
    except ValueError as exc:
        raise FeedUrlInvalid from exc
    if parts.scheme.lower() not in ("https", "webcal") or port not in (None, _HTTPS):
        raise FeedUrlInvalid
    if parts.username is not None or parts.password is not None or not host:
        raise FeedUrlInvalid
    name = public_name(host)
    return FeedUrl(urlunsplit(("https", name, parts.path or "/", parts.query, "")), name)


def public_name(host: str) -> str:
    """A host's name in its ASCII form.

    Raises:
        FeedUrlInvalid: an address instead of a name, in any spelling, or a name that is never public.
    """
    try:
        name = host.encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError as exc:
        raise FeedUrlInvalid from exc
    labels = name.split(".")
    if len(name) > _LONGEST_HOST or len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):  # noqa: PLR2004 - a dot
        raise FeedUrlInvalid
    # 2130706433, 0x7f.1 and 127.1 are addresses to some resolvers; no public name ends in a number.
    top = labels[-1]
    if top[0].isdigit() or top in _PRIVATE or top in _PRIVATE_BELOW:
        raise FeedUrlInvalid
    return name
