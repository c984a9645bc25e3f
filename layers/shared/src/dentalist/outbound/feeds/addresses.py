"""Connections to public addresses only: a name is resolved, every answer is checked, and what was checked is dialled.

The address of a feed is somebody else's word. Without this a name could lead into our own network, or be another
address by the time it is dialled (DNS rebinding).

Source:
    https://www.iana.org/assignments/iana-ipv4-special-registry
    https://www.iana.org/assignments/iana-ipv6-special-registry
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from dentalist.domain.calendars import FeedUnreadable

Resolve = Callable[[str, int], list[str]]
SocketOption = Any  # as httpcore's backends take them

# Of some, whoever translates them decides where they lead.
_NOT_DIALLED = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # Teredo, ORCHID and other protocols
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation, which not every Python knows yet
    )
)
# All that was ever given out. Outside lie NAT64, IPv4-compatible, site-local and whatever is invented next.
_GIVEN_OUT = ipaddress.IPv6Network("2000::/3")
_RELAYS = ipaddress.IPv4Network("192.88.99.0/24")  # 6to4 anycast, abandoned


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet.

    Not loopback, private, link-local, shared, multicast, reserved or translated ones, nor such an IPv4 one as IPv6.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:  # with a zone, %eth0, for example
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip not in _GIVEN_OUT or any(ip in network for network in _NOT_DIALLED):
            return False
    elif ip in _RELAYS:
        return False
    special = ip.is_multicast or ip.is_unspecified or ip.is_loopback or ip.is_link_local or ip.is_reserved
    return ip.is_global and not special


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, in the order in which the resolver would have them tried."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(socket_name[0]) for *_, socket_name in found))


class PublicBackend(httpcore.NetworkBackend):
    """Opens connections for httpcore; TLS still proves the name, not the address."""

    def __init__(self, inner: httpcore.NetworkBackend, *, resolve: Resolve = resolve) -> None:
        """Dial with ``inner`` what ``resolve`` finds."""
        self._inner = inner
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers.

        Raises:
            FeedUnreadable: the name is unknown, or one of its addresses is not public: then none is dialled.
            httpcore.ConnectError, httpcore.ConnectTimeout: no address answers.
        """
        addresses = self._checked(host, port)
        for address in addresses[:-1]:
            try:
                return self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._inner.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    def sleep(self, seconds: float) -> None:
        """As the inner one."""
        self._inner.sleep(seconds)

    def _checked(self, host: str, port: int) -> list[str]:
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as exc:
            raise FeedUnreadable("unknown_host") from exc
        if not addresses:
            raise FeedUnreadable("unknown_host")
        # One that is not makes the whole name suspect: its owner decides which of them is answered next time.
        if not all(map(is_public, addresses)):
            raise FeedUnreadable("not_public")
        return addresses
