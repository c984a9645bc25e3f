"""A browser on the providers' dialogs: pages, forms, cookies and redirects, until it is back at the dashboard."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

_MOST_REDIRECTS = 10
Control = tuple[str, str]  # name and value


@dataclass
class Page:
    """What a person can do on a page: go to another one, tick, choose, press."""

    address: str
    links: list[str] = field(default_factory=list)
    fixed: list[Control] = field(default_factory=list)
    ticks: list[Control] = field(default_factory=list)
    ticked: set[Control] = field(default_factory=set)
    buttons: list[Control] = field(default_factory=list)

    def tick(self, *controls: Control) -> Self:
        """Tick boxes, or choose among radio buttons of a name."""
        for name, value in controls:
            assert (name, value) in self.ticks, f"there is no {name} {value} on {self.address}"
            self.ticked.add((name, value))
        return self

    def untick(self, *controls: Control) -> Self:
        """Take marks off."""
        for control in controls:
            assert control in self.ticked, f"{control} is not ticked on {self.address}"
            self.ticked.discard(control)
        return self

    def choose_only(self, name: str, *values: str) -> Self:
        """Of all boxes or buttons of this name, tick these alone."""
        self.ticked = {control for control in self.ticked if control[0] != name}
        return self.tick(*((name, value) for value in values))


@dataclass(frozen=True)
class Landing:
    """Back at the dashboard; ``callback`` is the address by which the browser came."""

    told: dict[str, str]
    callback: str


class Browser:
    """Goes where it is sent, but stops in front of the dashboard."""

    def __init__(self, dashboard_url: str) -> None:
        self._dashboard = urlsplit(dashboard_url)
        self._http = httpx.Client(timeout=35, trust_env=False, follow_redirects=False)

    def open(self, address: str) -> "Page | Landing":
        """Type an address."""
        return self._arrive(self._http.get(address), address)

    def page(self, address: str) -> Page:
        """Open an address at which there must be a page to see."""
        found = self.open(address)
        assert isinstance(found, Page), f"{address} leads to the dashboard: {found}"
        return found

    def go(self, page: Page, part_of_link: str) -> Page:
        """Follow the one link whose address contains this."""
        (link,) = [link for link in page.links if part_of_link in link]
        return self.page(urljoin(page.address, link))

    def press(self, page: Page, value: str) -> Landing:
        """Press a button of the page's form; it must lead to the dashboard."""
        (button,) = [button for button in page.buttons if button[1] == value]
        form: dict[str, list[str]] = {}
        for name, chosen in [*page.fixed, *sorted(page.ticked), button]:
            form.setdefault(name, []).append(chosen)
        found = self._arrive(self._http.post(page.address, data=form), page.address)
        assert isinstance(found, Landing), f"the form leads back to a page: {found}"
        return found

    def close(self) -> None:
        self._http.close()

    def _arrive(self, answer: httpx.Response, address: str) -> "Page | Landing":
        for _ in range(_MOST_REDIRECTS):
            if not answer.is_redirect:
                assert answer.status_code == httpx.codes.OK, f"{address}: {answer.status_code} {answer.text[:300]}"
                return _read(str(answer.url), answer.text)
            target = urljoin(str(answer.url), answer.headers["location"])
            parts = urlsplit(target)
            if parts[:3] == self._dashboard[:3]:
                told = {name: values[0] for name, values in parse_qs(parts.query).items()}
                return Landing(told, callback=str(answer.url))
            answer = self._http.get(target)
        raise AssertionError(f"{address} redirects without end")


def _read(address: str, html: str) -> Page:
    reader = _Reader(Page(address))
    reader.feed(html)
    return reader.page


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        control = given.get("name", ""), given.get("value", "")
        if tag == "a":
            self.page.links.append(given.get("href", ""))
        elif tag == "select":
            self._select = control[0]
        elif tag == "option" and ("selected" in given or control[1] == ""):
            self.page.fixed.append((self._select, control[1]))
        elif tag == "button":
            self.page.buttons.append(control)
        elif tag == "input":
            self._input(given, control)

    def _input(self, given: dict[str, str], control: Control) -> None:
        if given.get("type") not in {"checkbox", "radio"}:
            self.page.fixed.append(control)
            return
        self.page.ticks.append(control)
        if "checked" in given:
            self.page.ticked.add(control)
