"""Fetching a feed: over real sockets and TLS, from hosts that the test's resolver calls public."""

from collections.abc import Callable, Iterator
from typing import Any

import httpcore
import pytest

from dentalist.domain.calendars import FeedUnreadable
from dentalist.outbound.feeds.fetch import LARGEST, FeedClient

CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"
URL = "https://nube.example/agenda.ics?secret=1"


def answer(
    body: bytes = CALENDAR, *, status: str = "200 OK", kind: str | None = "text/calendar", **headers: str
) -> bytes:
    """An HTTP answer as it goes over the wire."""
    told = {"Content-Type": kind} if kind else {}
    told |= {"Content-Length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Web(httpcore.NetworkBackend):
    """Hosts with what they answer, each at a public address; notes what was sent, and under which name TLS began."""

    def __init__(self, **hosts: bytes | Exception) -> None:
        self.hosts = {f"{name.replace('_', '.')}.example": told for name, told in hosts.items()}
        self.addresses = {host: f"8.8.8.{number}" for number, host in enumerate(self.hosts, 1)}
        self.sent: list[bytes] = []
        self.names: list[str | None] = []

    def resolve(self, host: str, _port: int) -> list[str]:
        return [self.addresses[host]] if host in self.addresses else []

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:
        assert port == 443
        name = next(name for name, address in self.addresses.items() if address == host)
        told = self.hosts[name]
        if isinstance(told, Exception):
            raise told
        return _Stream(self, told)

    def client(self, clock: Callable[[], float] = lambda: 0) -> FeedClient:
        return FeedClient(resolve=self.resolve, backend=self, clock=clock)


class _Stream(httpcore.MockStream):
    def __init__(self, web: Web, told: bytes) -> None:
        super().__init__([told[start : start + 65536] for start in range(0, len(told), 65536)])
        self._web = web

    def write(self, buffer: bytes, *_: Any, **__: Any) -> None:
        self._web.sent.append(buffer)

    def start_tls(self, *_: Any, server_hostname: str | None = None, **__: Any) -> httpcore.NetworkStream:
        self._web.names.append(server_hostname)
        return self


def cause(web: Web, url: str = URL, **named: Any) -> str:
    with pytest.raises(FeedUnreadable) as raised:
        web.client(**named).fetch(url)
    return raised.value.cause


def test_a_feed_is_fetched_from_the_checked_address_under_its_own_name() -> None:
    web = Web(nube=answer())

    assert web.client().fetch(URL) == CALENDAR

    assert web.names == ["nube.example"]
    request = b"".join(web.sent).decode()
    assert request.startswith("GET /agenda.ics?secret=1 HTTP/1.1\r\nHost: nube.example\r\n")
    assert "identity" in request


@pytest.mark.parametrize("kind", ["text/calendar; charset=utf-8", "text/plain", "application/octet-stream", None])
def test_whatever_it_is_called_a_calendar_is_one(kind: str | None) -> None:
    assert Web(nube=answer(kind=kind)).client().fetch(URL) == CALENDAR


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    assert Web(nube=answer(b"\xef\xbb\xbf\r\n" + CALENDAR)).client().fetch(URL) == CALENDAR


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (answer(b"<html>Iniciar sesion</html>", kind="text/html"), "no_calendar"),
        (answer(b"<html>Iniciar sesion</html>"), "no_calendar"),
        (answer(b""), "no_calendar"),
        (answer(content_encoding="gzip"), "no_calendar"),
        (answer(status="204 No Content", body=b""), "unreachable"),
        (answer(status="401 Unauthorized"), "refused"),
        (answer(status="403 Forbidden"), "refused"),
        (answer(status="404 Not Found"), "refused"),
        (answer(status="410 Gone"), "refused"),
        (answer(status="429 Too Many Requests"), "unreachable"),
        (answer(status="500 Oops"), "unreachable"),
        (answer(status="302 Found"), "unreachable"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "unreachable"),
        (b"", "unreachable"),
        (httpcore.ConnectTimeout(), "unreachable"),
        (httpcore.ReadTimeout(), "unreachable"),
        (httpcore.ConnectError(), "unreachable"),
        (OSError("certificate"), "unreachable"),
    ],
)
def test_what_is_no_calendar_is_named(told: Any, expected: str) -> None:
    assert cause(Web(nube=told)) == expected


def test_a_feed_may_have_two_megabytes_and_no_more() -> None:
    whole = CALENDAR + b" " * (LARGEST - len(CALENDAR))

    assert len(Web(nube=answer(whole)).client().fetch(URL)) == LARGEST
    assert cause(Web(nube=answer(whole + b" "))) == "too_large"


def test_a_feed_that_lies_about_its_length_is_cut_off() -> None:
    chunk = b"%x\r\n" % 65536 + b" " * 65536 + b"\r\n"
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 40

    assert cause(Web(nube=endless)) == "too_large"


def test_a_feed_that_drips_is_given_up() -> None:
    def ticking() -> Iterator[float]:
        now = 0.0
        while True:
            yield now
            now += 5

    ticks = ticking()
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"%x\r\n" % 16 + b" " * 16 + b"\r\n") * 9000

    assert cause(Web(nube=chunked), clock=lambda: next(ticks)) == "unreachable"


# ---- redirects


def to(location: str, status: str = "302 Found") -> bytes:
    return answer(b"", status=status, location=location)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("location", ["https://otra.example/x", "//otra.example/x"])
def test_a_redirect_is_followed_to_another_public_host(status: str, location: str) -> None:
    web = Web(nube=to(location, status), otra=answer())

    assert web.client().fetch(URL) == CALENDAR
    assert web.names == ["nube.example", "otra.example"]


def test_a_redirect_within_the_host_is_followed() -> None:
    web = Web(nube=to("/otra.ics"))

    assert cause(web) == "redirects"
    assert b"".join(web.sent).count(b"GET /otra.ics") == 3


@pytest.mark.parametrize(
    "location",
    [
        "http://otra.example/x",
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://localhost/x",
        "https://user:pw@otra.example/x",
        "https://otra.example:8443/x",
        "file:///etc/passwd",
        "https://2130706433/",
    ],
)
def test_a_redirect_to_what_is_not_public_is_not_followed(location: str) -> None:
    web = Web(nube=to(location), otra=answer())

    assert cause(web) == "not_public"
    assert web.names == ["nube.example"]


def test_a_redirect_to_a_name_of_a_private_address_is_not_followed() -> None:
    web = Web(nube=to("https://otra.example/x"), otra=answer())
    web.addresses["otra.example"] = "10.0.0.1"

    assert cause(web) == "not_public"
    assert web.names == ["nube.example"]


def test_a_name_that_stands_for_a_private_address_is_not_dialled() -> None:
    web = Web(nube=answer())
    web.addresses["nube.example"] = "::ffff:169.254.169.254"

    assert cause(web) == "not_public"
    assert web.sent == []
