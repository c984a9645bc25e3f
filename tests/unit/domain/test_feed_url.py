"""The address of a feed, as people and others type it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dentalist.domain.feed_url import FeedUrlInvalid, parse_feed_url

GOOGLE = "https://calendar.google.com/calendar/ical/a%40b/private-0123/basic.ics"


@pytest.mark.parametrize(
    ("given_text", "url", "host"),
    [
        (GOOGLE, GOOGLE, "calendar.google.com"),
        (f"  {GOOGLE}\n", GOOGLE, "calendar.google.com"),
        ("webcal://p01.icloud.com/published/2/x", "https://p01.icloud.com/published/2/x", "p01.icloud.com"),
        ("HTTPS://Nube.Clinica.COM.AR:443/a?b=c#d", "https://nube.clinica.com.ar/a?b=c", "nube.clinica.com.ar"),
        ("https://clinica.example.", "https://clinica.example/", "clinica.example"),
        ("https://odontología.ar/x", "https://xn--odontologa-s8a.ar/x", "xn--odontologa-s8a.ar"),
    ],
)
def test_an_address_is_normalised(given_text: str, url: str, host: str) -> None:
    assert parse_feed_url(given_text) == (url, host)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "calendar.google.com/basic.ics",
        "http://calendar.google.com/basic.ics",
        "ftp://calendar.google.com/basic.ics",
        "file:///etc/passwd",
        "gopher://a.example/",
        "https://",
        "https:///basic.ics",
        "https://localhost/x",
        "https://LOCALHOST./x",
        "https://intranet/x",
        "https://router.local/x",
        "https://db.internal/x",
        "https://metadata.google.internal/x",
        "https://nas.lan/x",
        "https://pc.home.arpa/x",
        "https://1.0.0.127.in-addr.arpa/x",
        "https://127.0.0.1/x",
        "https://127.1/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://0x7f.0.0.1/x",
        "https://0177.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[fe80::1%25eth0]/x",
        "https://8.8.8.8/x",
        "https://１２７.0.0.1/x",
        "https://①②⑦.⓪.⓪.①/x",
        "https://user@calendar.google.com/x",
        "https://user:secret@calendar.google.com/x",
        "https://calendar.google.com@127.0.0.1/x",
        "https://calendar.google.com\\@127.0.0.1/x",
        "https://calendar.google.com:8443/x",
        "https://calendar.google.com:0/x",
        "https://calendar.google.com:99999/x",
        "https://calendar.google.com:x/x",
        "https://calendar .google.com/x",
        "https://calendar.google.com/x\r\nHost: 127.0.0.1",
        "https://calendar.google.com/\x00",
        "https://-calendar.google.com/x",
        "https://calendar..google.com/x",
        "https://cal_endar.google.com/x",
        f"https://{'a' * 64}.example/x",
        f"https://{'a.' * 130}example/x",
        "https://calendar.google.com/" + "x" * 2048,
        "https://xn--/x.example",
    ],
)
def test_what_is_no_public_https_address_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(FeedUrlInvalid) as raised:
        parse_feed_url(text)

    assert "google" not in raised.value.detail


def test_the_secret_part_is_not_shown() -> None:
    assert "private" not in repr(parse_feed_url(GOOGLE))


@given(st.one_of(st.text(), st.from_regex(r"https://[!-~]{0,40}", fullmatch=True)))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        found = parse_feed_url(text)
    except FeedUrlInvalid:
        return
    assert found.url.startswith(f"https://{found.host}/")
    assert found.host.isascii()
    assert parse_feed_url(found.url) == found
