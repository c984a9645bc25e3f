"""One clinic whose people send, test and disconnect: whole functions, with everything behind them but Meta."""

import json
import os
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from pytest_httpserver import HTTPServer

from channels import handler as channels
from dentalist.domain.accounts import AccountKey, AccountToLink, ChannelType, Grant, TokenKind
from dentalist.outbound.aws.keys import KeyService
from dentalist.runtime import wiring, wiring_accounts, wiring_care, wiring_channels
from dentalist.storage.credentials import Credentials
from dentalist.storage.vault import Place, Purpose, Vault
from send_message import handler as send_message
from tests.builders import WAMID, LambdaContext, make_event
from tests.database.outbound_builders import Clinic, find, insert, make_clinic, make_conversation, rows, update
from tests.database.stack import SupabaseServer

Connection = psycopg.Connection[dict[str, Any]]
Answer = tuple[int, dict[str, Any]]
CREDENTIALS = "marketing_channel_credentials"
TOKEN, REFRESH_TOKEN, PIN, MODEL_KEY = "EAAG-canary-token", "1//canary-refresh", "482915", "sk-canary-0123456789"
SECRETS: dict[str, tuple[Purpose, str]] = {
    "access_token_encrypted": ("meta", TOKEN),
    "refresh_token_encrypted": ("meta", REFRESH_TOKEN),
    "registration_pin_encrypted": ("meta", PIN),
    "ai_api_key_encrypted": ("llm", MODEL_KEY),
}


def forget_clients() -> None:
    """A new container: every client is made again from the environment, no key is kept."""
    for module in (wiring, wiring_accounts, wiring_care, wiring_channels):
        for made in vars(module).values():
            if hasattr(made, "cache_clear"):
                made.cache_clear()


class Practice:
    """A clinic with a number whose every secret is stored, its owner's session, and a server in Meta's place."""

    def __init__(self, supabase: SupabaseServer, db: Connection, meta: HTTPServer, kms: Any) -> None:
        self.supabase, self.db, self.meta, self.kms = supabase, db, meta, kms
        self.clinic = self.new_clinic()
        self.conversation_id = make_conversation(db, self.clinic)

    # ---- what is stored

    def new_clinic(self) -> Clinic:
        """A professional with a connected number; all secrets of it are sealed."""
        clinic = make_clinic(self.db)
        self.seal_all(clinic)
        return clinic

    def seal_all(self, clinic: Clinic) -> None:
        """Store every secret of a number."""
        sealed = {column: self.seal(clinic, column=column) for column in SECRETS}
        update(self.db, CREDENTIALS, clinic.credential_id, **sealed, token_kind="system")

    def seal(
        self,
        clinic: Clinic,
        *,
        column: str = "access_token_encrypted",
        row_id: UUID | None = None,
        table: str = CREDENTIALS,
        purpose: Purpose | None = None,
    ) -> str:
        """A secret of a number as it would be stored there, or in another place that is named."""
        own_purpose, secret = SECRETS[column]
        place = Place(clinic.professional_id, table, row_id or clinic.credential_id, column)
        return self.vault.seal(purpose or own_purpose, place, secret)

    def link_again(self) -> None:
        """The owner has given the permission anew, and everything about it was proven."""
        accounts = wiring_accounts.accounts(self.clinic.professional_id)
        key = AccountKey(self.credential["external_business_id"], self.clinic.phone_number_id)
        places = accounts.places(ChannelType.WHATSAPP, [key])
        account = AccountToLink(ChannelType.WHATSAPP, key, Grant(TOKEN), TokenKind.SYSTEM, datetime.now(UTC))
        accounts.link([(places[0], account)], actor_id=self.clinic.professional_id)

    @property
    def vault(self) -> Vault:
        return wiring.credentials().vault

    def new_container(self) -> Credentials:
        """Opens secrets without any data key in its memory."""
        key_id = os.environ["CREDENTIALS_KMS_KEY_ID"]
        return Credentials(wiring.service_db(), KeyService(key_id, kms=self.kms))

    @property
    def credential(self) -> dict[str, Any]:
        return find(self.db, CREDENTIALS, self.clinic.credential_id)

    @property
    def channel(self) -> dict[str, Any]:
        return find(self.db, "marketing_channels", self.clinic.channel_id)

    def store(self, sealed: str | None) -> None:
        """Put something in the place of the token."""
        update(self.db, CREDENTIALS, self.clinic.credential_id, access_token_encrypted=sealed)

    def data_key(self, purpose: Purpose = "meta", clinic: Clinic | None = None) -> dict[str, Any]:
        """The newest data key of a clinic, wrapped."""
        owner = clinic or self.clinic
        return rows(self.db, "tenant_data_keys", professional_id=owner.professional_id, purpose=purpose)[-1]

    def store_key(self, wrapped: str) -> None:
        """Put something in the place of the wrapped key of the clinic's tokens."""
        update(self.db, "tenant_data_keys", self.data_key()["id"], wrapped_key=wrapped)

    def add_data_key(self, version: int) -> None:
        """Another data key of the clinic's, which opens as the first does."""
        known = self.data_key()
        insert(
            self.db,
            "tenant_data_keys",
            professional_id=known["professional_id"],
            purpose=known["purpose"],
            version=version,
            wrapped_key=known["wrapped_key"],
        )

    def audits(self, action: str) -> list[dict[str, Any]]:
        return rows(self.db, "marketing_audit_logs", action=action, professional_id=self.clinic.professional_id)

    # ---- what people do

    def send(self) -> Answer:
        """The owner writes to the contact."""
        body = {"conversation_id": str(self.conversation_id), "type": "text", "text": {"body": "Hola"}}
        return self._ask(send_message, "POST", "/api/marketing/whatsapp/send", body)

    def test(self) -> Answer:
        return self._ask(channels, "POST", f"{self._path}/test")

    def disconnect(self) -> Answer:
        return self._ask(channels, "DELETE", self._path)

    @property
    def _path(self) -> str:
        return f"/api/marketing/channels/{self.clinic.channel_id}"

    def _ask(self, function: Any, method: str, path: str, body: Any = None) -> Answer:
        token = self.supabase.mint(self.clinic.professional_id)
        event = make_event(method, path, body, headers={"authorization": f"Bearer {token}"})
        answer = function.lambda_handler(event, LambdaContext())
        return answer["statusCode"], json.loads(answer["body"]) if answer.get("body") else {}

    # ---- Meta

    def meta_accepts(self) -> None:
        """Every message, and that our app is told no more."""
        version = f"/v25.0/{self.clinic.phone_number_id}"
        self.meta.expect_request(f"{version}/messages", method="POST").respond_with_json(
            {"messages": [{"id": WAMID + uuid4().hex}]}
        )
        waba_id = self.credential["external_business_id"]
        self.meta.expect_request(f"/v25.0/{waba_id}/subscribed_apps").respond_with_json({"success": True})

    @property
    def asked(self) -> list[str]:
        """What Meta was asked, whether it answered or not."""
        return [f"{request.method} {request.path}" for request, _ in self.meta.log]
