"""Which addresses are public, and that what was checked is what is dialled."""

import ipaddress
import socket
from typing import Any

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dentalist.domain.calendars import FeedUnreadable
from dentalist.outbound.feeds.addresses import PublicBackend, is_public, resolve

PUBLIC = ["8.8.8.8", "142.250.79.110", "1.1.1.1", "2800:3f0:4002:80c::200e", "2606:4700:4700::1111", "::ffff:8.8.8.8"]
NOT_PUBLIC = [
    "",
    "calendar.google.com",
    "0.0.0.0",  # noqa: S104 - an address, and nothing is bound
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:0:8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "3fff::1",
    "2130706433",
    "0x7f000001",
    "127.1",
]


class Dialled(httpcore.NetworkBackend):
    """A network that notes what is dialled; addresses in ``dead`` do not answer."""

    def __init__(self, *dead: str) -> None:
        self.dead = dead
        self.addresses: list[str] = []

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:
        self.addresses.append(f"{host}:{port}")
        if host in self.dead:
            raise httpcore.ConnectError
        return httpcore.MockStream([])


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_of_networks_machines_and_translators_are_not(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_as_public_in_ipv6_as_it_is_alone(address: ipaddress.IPv4Address) -> None:
    assert is_public(f"::ffff:{address}") == is_public(str(address))
    assert not is_public(f"64:ff9b::{address}")
    assert not is_public(f"::{address}")


@given(st.ip_addresses())
def test_a_public_address_is_global_and_no_multicast(address: Any) -> None:
    if is_public(str(address)):
        plain = getattr(address, "ipv4_mapped", None) or address
        assert plain.is_global
        assert not (plain.is_multicast or plain.is_private or plain.is_loopback or plain.is_link_local)


def test_what_was_checked_is_dialled_and_resolved_once() -> None:
    asked: list[str] = []
    network = Dialled()

    def once(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["8.8.8.8"] if len(asked) == 1 else ["127.0.0.1"]

    PublicBackend(network, resolve=once).connect_tcp("rebinds.example", 443)

    assert (asked, network.addresses) == (["rebinds.example"], ["8.8.8.8:443"])


@pytest.mark.parametrize("bad", NOT_PUBLIC)
@pytest.mark.parametrize("first", [True, False])
def test_one_address_that_is_not_public_makes_the_name_suspect(bad: str, first: bool) -> None:
    network = Dialled()
    addresses = [bad, "8.8.8.8"] if first else ["8.8.8.8", bad]

    with pytest.raises(FeedUnreadable) as raised:
        PublicBackend(network, resolve=lambda _host, _port: addresses).connect_tcp("tricky.example", 443)

    assert raised.value.cause == "not_public"
    assert network.addresses == []


def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    network = Dialled("1.1.1.1")

    PublicBackend(network, resolve=lambda *_: ["1.1.1.1", "8.8.8.8"]).connect_tcp("two.example", 443)

    assert network.addresses == ["1.1.1.1:443", "8.8.8.8:443"]


@pytest.mark.parametrize("error", [socket.gaierror(), UnicodeError(), None])
def test_an_unknown_name_is_dialled_nowhere(error: Exception | None) -> None:
    def unknown(*_: Any) -> list[str]:
        if error is not None:
            raise error
        return []

    with pytest.raises(FeedUnreadable) as raised:
        PublicBackend(Dialled(), resolve=unknown).connect_tcp("nobody.example", 443)

    assert raised.value.cause == "unknown_host"


def test_the_resolver_of_the_machine_finds_each_address_once() -> None:
    found = resolve("localhost", 443)

    assert "127.0.0.1" in found or "::1" in found
    assert len(found) == len(set(found))
    assert not any(map(is_public, found))
