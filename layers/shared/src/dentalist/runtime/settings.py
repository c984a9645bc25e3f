"""The environment, read once: each value when it is first asked for, so that a function needs only what it uses."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta

from dentalist.domain.model_prices import PriceTable

INSTAGRAM_API = "https://graph.instagram.com"


class SettingMissing(RuntimeError):
    """A variable of the environment that this function needs is missing or unusable; the message names it."""


class Settings:
    """What differs between stages. CONTRACT's variables by their names in lower case."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        """Read ``environ`` instead of the process's own environment."""
        self._environ = os.environ if environ is None else environ

    # ---- the store
    @property
    def supabase_url(self) -> str:
        """Without a slash at its end."""
        return self._required("SUPABASE_URL").rstrip("/")

    @property
    def supabase_secret_key(self) -> str:
        """Bypasses row level security; only for writing and for workers."""
        return self._required("SUPABASE_SECRET_KEY")

    @property
    def supabase_publishable_key(self) -> str:
        """Reads nothing without a person's token."""
        return self._required("SUPABASE_PUBLISHABLE_KEY")

    @property
    def supabase_jwt_secret(self) -> str | None:
        """Only where the project signs HS256; else its JWKS is used."""
        return self._optional("SUPABASE_JWT_SECRET")

    # ---- Meta
    @property
    def whatsapp_api_base_url(self) -> str:
        """Graph's host, without version."""
        return self._required("WHATSAPP_API_BASE_URL").rstrip("/")

    @property
    def meta_graph_version(self) -> str:
        """The pinned version of Graph."""
        return self._optional("META_GRAPH_VERSION") or "v25.0"

    @property
    def meta_app_secret(self) -> str:
        """Signs the proof that goes with every token."""
        return self._required("META_APP_SECRET")

    @property
    def meta_app_id(self) -> str:
        """The app that everybody links through."""
        return self._required("META_APP_ID")

    @property
    def meta_login_config_id(self) -> str | None:
        """Facebook Login for Business: which permissions its dialog asks for. None: they are named in the address."""
        return self._optional("META_LOGIN_CONFIG_ID")

    @property
    def meta_oauth_dialog_url(self) -> str:
        """Where a person lets us into their WhatsApp account."""
        return self._optional("META_OAUTH_DIALOG_URL") or (
            f"https://www.facebook.com/{self.meta_graph_version}/dialog/oauth"
        )

    @property
    def instagram_api_base_url(self) -> str:
        """Instagram's Graph host, without version."""
        return self._required("INSTAGRAM_API_BASE_URL").rstrip("/")

    @property
    def instagram_app_id(self) -> str:
        """Instagram Login has an id of its own in the same app."""
        return self._optional("INSTAGRAM_APP_ID") or self.meta_app_id

    @property
    def instagram_app_secret(self) -> str:
        """The secret that belongs to ``instagram_app_id``."""
        return self._optional("INSTAGRAM_APP_SECRET") or self.meta_app_secret

    @property
    def instagram_oauth_base_url(self) -> str:
        """Exchanges codes: a host of its own, unless the API is not Instagram's own either."""
        if configured := self._optional("INSTAGRAM_OAUTH_BASE_URL"):
            return configured.rstrip("/")
        api = self.instagram_api_base_url
        return "https://api.instagram.com" if api == INSTAGRAM_API else api

    @property
    def instagram_oauth_dialog_url(self) -> str:
        """Where a person lets us into their Instagram account."""
        return (
            self._optional("INSTAGRAM_OAUTH_DIALOG_URL")
            or self._optional("META_OAUTH_DIALOG_URL")
            or "https://www.instagram.com/oauth/authorize"
        )

    # ---- Google
    @property
    def google_client_id(self) -> str:
        """The OAuth client that calendars are linked through."""
        return self._required("GOOGLE_CLIENT_ID")

    @property
    def google_client_secret(self) -> str:
        """Its secret."""
        return self._required("GOOGLE_CLIENT_SECRET")

    @property
    def google_api_base_url(self) -> str:
        """The calendar API's host."""
        return self._required("GOOGLE_API_BASE_URL").rstrip("/")

    @property
    def google_oauth_base_url(self) -> str:
        """Exchanges and refreshes tokens."""
        return self._required("GOOGLE_OAUTH_BASE_URL").rstrip("/")

    @property
    def google_oauth_dialog_url(self) -> str:
        """Where a person lets us into their calendar."""
        return self._required("GOOGLE_OAUTH_DIALOG_URL")

    # ---- where we are
    @property
    def webhook_public_url(self) -> str:
        """This API as it is reached from outside: webhooks and OAuth come back to it."""
        return self._required("WEBHOOK_PUBLIC_URL").rstrip("/")

    @property
    def dashboard_public_url(self) -> str:
        """Where people end after linking or being invited."""
        return self._required("DASHBOARD_PUBLIC_URL")

    # ---- AWS
    @property
    def credentials_kms_key_id(self) -> str:
        """The key that wraps the tenants' data keys."""
        return self._required("CREDENTIALS_KMS_KEY_ID")

    @property
    def inbound_queue_url(self) -> str:
        """Events of webhooks, FIFO."""
        return self._required("INBOUND_QUEUE_URL")

    @property
    def replies_queue_url(self) -> str:
        """Conversations to answer."""
        return self._required("REPLIES_QUEUE_URL")

    @property
    def media_queue_url(self) -> str:
        """Files to fetch."""
        return self._required("MEDIA_QUEUE_URL")

    @property
    def alerts_queue_url(self) -> str:
        """Critical alerts that leave the product."""
        return self._required("ALERTS_QUEUE_URL")

    @property
    def inbound_dead_letters_url(self) -> str:
        """Where events end that crash their worker again and again."""
        return self._required("INBOUND_DEAD_LETTERS_URL")

    @property
    def replies_dead_letters_url(self) -> str:
        """The same for answers."""
        return self._required("REPLIES_DEAD_LETTERS_URL")

    @property
    def media_dead_letters_url(self) -> str:
        """The same for files."""
        return self._required("MEDIA_DEAD_LETTERS_URL")

    @property
    def alerts_dead_letters_url(self) -> str:
        """The same for alerts."""
        return self._required("ALERTS_DEAD_LETTERS_URL")

    @property
    def mail_from_address(self) -> str | None:
        """Whom mails come from, an address that SES has verified; without one no mail is sent."""
        return self._optional("MAIL_FROM_ADDRESS")

    @property
    def large_events_bucket(self) -> str:
        """Events too large for a queue."""
        return self._required("LARGE_EVENTS_BUCKET")

    @property
    def reply_debounce(self) -> timedelta:
        """Quiet time before a burst is answered."""
        text = self._optional("REPLY_DEBOUNCE_SECONDS") or "4"
        try:
            seconds = float(text)
        except ValueError:
            seconds = -1
        if not 0 <= seconds <= 60:  # noqa: PLR2004 - a minute of silence would read as no answer
            raise SettingMissing("REPLY_DEBOUNCE_SECONDS must be a number of seconds from 0 to 60")
        return timedelta(seconds=seconds)

    # ---- language models
    @property
    def openai_api_key(self) -> str | None:
        """The platform's own key; without one the rules engine answers."""
        return self._optional("OPENAI_API_KEY")

    @property
    def openai_model(self) -> str:
        """The platform's default model."""
        return self._optional("OPENAI_MODEL") or "gpt-5-mini"

    @property
    def llm_prices(self) -> PriceTable:
        """What models cost, where it differs from what we know: ``{"openai/gpt-5-mini": [0.25, 2.0]}``, in US dollars
        for a million tokens asked and said."""
        try:
            return PriceTable.parse(self._optional("LLM_PRICES"))
        except ValueError as exc:
            raise SettingMissing(f"LLM_PRICES is no price table: {exc}") from exc

    def llm_base_url(self, provider: str) -> str:
        """Where a provider is reached: openai, openrouter, huggingface or ollama."""
        return self._required(f"{provider.upper()}_BASE_URL").rstrip("/")

    def _optional(self, name: str) -> str | None:
        return self._environ.get(name, "").strip() or None

    def _required(self, name: str) -> str:
        value = self._optional(name)
        if value is None:
            raise SettingMissing(f"the environment variable {name} is missing or empty")
        return value
