"""Whether a key really opens a model: asked once, of the provider itself, before the key is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx2
import openai
from pydantic import BaseModel

from dentalist.domain.model_key_errors import (
    AiKeyRefused,
    AiKeyWithoutCredit,
    AiModelUnknown,
    AiProviderUnreachable,
    ModelChoiceRefused,
)
from dentalist.outbound.llm.client import client_of, read_completion, request_of
from dentalist.outbound.llm.providers import PROVIDERS
from dentalist.services.answering.ports_models import ModelUnavailable, Prompt

_SECONDS = 8.0  # a person waits before a form


class _Word(BaseModel):
    word: str


# The typed answer is what the assistant asks for as well: a model that cannot give one would never answer a patient.
# Room for more than the word, because a model that thinks first is refused when it has none left to say anything.
_QUESTION = Prompt("Answer in JSON.", "Say the word: ok", max_output_tokens=200)
_NO_CREDIT = {"insufficient_quota", "billing_not_active", "billing_hard_limit_reached", "insufficient_credits"}
_NO_MODEL = {"model_not_found", "model_not_supported", "invalid_model"}
_OF_STATUS: dict[int, type[ModelChoiceRefused]] = {
    HTTPStatus.UNAUTHORIZED: AiKeyRefused,
    HTTPStatus.FORBIDDEN: AiKeyRefused,
    HTTPStatus.PAYMENT_REQUIRED: AiKeyWithoutCredit,
    # The question is always the same, so that only the model can be wrong for it.
    HTTPStatus.BAD_REQUEST: AiModelUnknown,
    HTTPStatus.NOT_FOUND: AiModelUnknown,
    HTTPStatus.UNPROCESSABLE_ENTITY: AiModelUnknown,
}


class ModelKeyCheck:
    """Asks a provider one short question with a key. Where a provider is reached is the environment's alone."""

    def __init__(self, *, base_url_of: Callable[[str], str], http: httpx2.Client, seconds: float = _SECONDS) -> None:
        """Keep how providers are reached; nothing is sent yet.

        Args:
            base_url_of: where each of ``PROVIDERS`` is reached, from the settings; nobody else can name an address.
            http: as ``ChatModel.http_client`` makes it, without redirects.
            seconds: for the whole question.
        """
        self._base_url_of = base_url_of
        self._http = http
        self._seconds = seconds

    def check(self, provider: str, model: str, key: str | None) -> None:
        """Return when the model answers with this key.

        Args:
            provider: one of ``PROVIDERS``.
            model: the provider's name for it.
            key: None only where the provider needs none.

        Raises:
            AiKeyRefused: 401 or 403.
            AiModelUnknown: no such model, or not for this key, or not under the conditions we ask for (typed answers;
                patients' words are neither kept nor used for training).
            AiKeyWithoutCredit: 402, or a quota that is used up.
            AiProviderUnreachable: no answer in time, trouble of the provider's own, or an answer that is not one.

        Source:
            https://platform.openai.com/docs/guides/error-codes
            https://openrouter.ai/docs/api-reference/errors
        """
        rules = PROVIDERS[provider]
        client = client_of(
            rules, base_url=self._base_url_of(provider), api_key=key, http=self._http, seconds=self._seconds
        )
        request = request_of(rules, model, _QUESTION, _Word)
        try:
            answer = json.loads(read_completion(client, request, seconds=self._seconds))
        # Never chained: a provider's words may quote the key.
        except openai.APIStatusError as exc:
            raise _refusal(exc.status_code, exc.code) from None
        except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, ModelUnavailable, ValueError, RecursionError):
            raise AiProviderUnreachable from None
        _verify_answer(answer)


def _verify_answer(answer: Any) -> None:
    if isinstance(answer, dict) and isinstance(error := answer.get("error"), dict):
        # OpenRouter reports what goes wrong after generation began as 200, with the status as the code.
        code = error.get("code")
        raise _refusal(code if isinstance(code, int) else 0, code)
    if not isinstance(answer, dict) or not answer.get("choices"):
        raise AiProviderUnreachable


def _refusal(status: int, code: object) -> ModelChoiceRefused | AiProviderUnreachable:
    """What a status means, unless the error's own code says it better: OpenAI answers 429 for an empty account."""
    word = code if isinstance(code, str) else None
    if word in _NO_CREDIT:
        return AiKeyWithoutCredit()
    if word in _NO_MODEL:
        return AiModelUnknown()
    refused = _OF_STATUS.get(status)
    return refused() if refused else AiProviderUnreachable()
