"""The environment, read once: each value when it is first asked for, so that a function needs only what it uses."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta


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
