"""A professional who links, uses and leaves everything, and whose every secret is noted down on the way."""

import base64
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from dentalist.outbound.aws.keys import KeyService
from dentalist.storage.credentials import Credentials
from dentalist.storage.database import Database
from dentalist.storage.vault import Place
from infra.demo.outside import Row
from infra.local import aws
from tests.integration.e2e.support.linking import CALLBACK, CHANNELS, START, AccountOwner, Professional, query_of
from tests.integration.e2e.support.world import World
from tests.integration.leaks.canaries import Canaries

_CREDENTIALS = "marketing_channel_credentials"
_TIMEOUT = 35


class Owner:
    """Everything goes through one client, whose answers are kept: whatever we answer, it holds no secret."""

    def __init__(self, world: World, professional: Professional, accounts: AccountOwner, canaries: Canaries) -> None:
        self.world, self.professional, self.accounts, self.canaries = world, professional, accounts, canaries
        self.answers: list[tuple[str, bytes]] = []
        token = canaries.add("session of the owner", professional.dashboard.token)
        self._http = httpx.Client(timeout=_TIMEOUT, trust_env=False, headers={"Authorization": f"Bearer {token}"})
        self._anybody = httpx.Client(timeout=_TIMEOUT, trust_env=False)
        self._store = httpx.Client(timeout=_TIMEOUT, trust_env=False)
        description = world.description
        keys = KeyService(description["credentials_kms_key_id"], kms=aws.client("kms", description["kms_endpoint_url"]))
        db = Database(description["supabase_url"], description["supabase_secret_key"], http=self._store)
        self._keys, self._credentials = keys, Credentials(db, keys)

    def close(self) -> None:
        for client in (self._http, self._anybody, self._store):
            client.close()

    # ---- asking our own API

    def asks(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Every POST with an idempotency key, so that its answer is stored."""
        headers = {"idempotency-key": uuid4().hex} if method == "POST" else {}
        answer = self._http.request(method, f"{self.world.api_url}{path}", json=body, headers=headers)
        if not path.startswith(START):  # which answers the state: it is to be brought back
            self._keep(answer)
        return answer

    def _keep(self, answer: httpx.Response) -> None:
        request = f"{answer.request.method} {answer.request.url.path}"
        told = f"{answer.status_code} {dict(answer.headers)} ".encode() + answer.content
        self.answers.append((f"the answer to {request}", told))

    # ---- linking

    def begins(self, channel: str) -> str:
        """Start to link; where the browser is sent."""
        begun = self.asks("GET", f"{START}?channel={channel}").json()
        self.canaries.add(f"state for {channel}", begun["state"])
        if channel == "google_calendar":
            self.canaries.add("code verifier", self._verifier())
        return str(begun["authorization_url"])

    def _verifier(self) -> str:
        """As the store keeps it between the start and the end."""
        (row,) = self.world.rows(
            "select * from oauth_states where professional_id = %s and code_verifier_encrypted is not null",
            self.professional.id,
        )
        place = Place(UUID(self.professional.id), "oauth_states", row["id"], "code_verifier_encrypted")
        return self._credentials.vault.open("google", place, row["code_verifier_encrypted"])

    def allows(self, channel: str, **choice: Any) -> str:
        """Say yes at the provider; the address by which the browser is sent back, with the code."""
        chosen = {
            "whatsapp": {"person": self.accounts.user_id, "phone_number_ids": [self.accounts.numbers[0]]},
            "instagram": {"instagram_user_id": self.accounts.instagram},
            "google_calendar": {"google_email": self.accounts.google},
        }[channel]
        decision = {"url": self.begins(channel), **chosen, **choice}
        address = str(self.world.sandbox.post("/dialog", decision)["redirect_to"])
        if "code" in query_of(address):
            self.canaries.add(f"code of {channel}", query_of(address)["code"])
        return address

    def returns(self, address: str) -> dict[str, str]:
        """Come back from the provider; what the dashboard is told."""
        answer = self._anybody.get(address)
        self._keep(answer)
        self.note_tokens()
        return query_of(answer.headers["location"])

    def links(self, channel: str, **choice: Any) -> dict[str, str]:
        return self.returns(self.allows(channel, **choice))

    def signs_up(self, number: str, *, pin: str) -> httpx.Response:
        """Embedded Signup, with the PIN that a number has."""
        self.canaries.add("PIN given", pin)
        given = self.world.sandbox.post(
            "/embedded-signup", {"person": self.accounts.user_id, "phone_number_id": number}
        )
        code = self.canaries.add("code of Embedded Signup", given["code"])
        state = query_of(self.begins("whatsapp"))["state"]
        request = {"state": state, "code": code, "pin": pin, "waba_id": given["waba_id"], "phone_number_id": number}
        return self.asks("POST", CALLBACK, request)

    # ---- what is linked

    def channel(self, kind: str, number: str | None = None) -> Row:
        """The channel of a kind, or of a number."""
        rows = self.world.rows(
            f"""select ch.id, ch.type, cr.id as credential_id, cr.phone_number_id
                from marketing_channels ch join {_CREDENTIALS} cr on cr.id = ch.credential_id
                where ch.professional_id = %s and ch.type = %s""",  # noqa: S608 - a table of ours
            self.professional.id,
            kind,
        )
        (found,) = [row for row in rows if number in (None, row["phone_number_id"])]
        return found

    def acts(self, channel: Row, what: str = "", method: str = "POST", body: Any = None) -> httpx.Response:
        """Refresh, test, change or disconnect a channel."""
        return self.asks(method, f"{CHANNELS}/{channel['id']}{what}", body)

    def secret(self, channel: Row, column: str = "access_token_encrypted") -> str:
        """What a credential holds, in the clear."""
        (row,) = self.world.rows(f"select * from {_CREDENTIALS} where id = %s", channel["credential_id"])  # noqa: S608
        opened = self._credentials.open(
            UUID(self.professional.id), channel["credential_id"], column, row[column], channel=channel["type"]
        )
        return self.canaries.add(f"stored {column.removesuffix('_encrypted')} of {channel['type']}", opened)

    # ---- noting down

    def note_tokens(self) -> None:
        """Every token that a provider has ever given, as the sandbox remembers them."""
        for kind, token in _tokens_of(self.world.paths.data / "sandbox" / "sandbox.sqlite3"):
            self.canaries.add(f"a provider's {kind}", token)

    def note_what_is_stored(self) -> None:
        """Every secret of the professional's rows, and the data keys under which they are sealed."""
        for row in self.world.rows(f"select * from {_CREDENTIALS} where professional_id = %s", self.professional.id):  # noqa: S608
            channel = {"credential_id": row["id"], "type": row["channel"]}
            for column in [name for name in row if name.endswith("_encrypted") and row[name]]:
                self.secret(channel, column)
        keys = self.world.rows("select * from tenant_data_keys where professional_id = %s", self.professional.id)
        for row in keys:
            context = {"professional_id": self.professional.id, "purpose": row["purpose"]}
            unwrapped = self._keys.unwrap(base64.b64decode(row["wrapped_key"]), context)
            self.canaries.add(f"data key of {row['purpose']}", unwrapped)


def _tokens_of(database: Path) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as remembered:
        yield from remembered.execute("select kind, key from documents where kind like '%token'").fetchall()
