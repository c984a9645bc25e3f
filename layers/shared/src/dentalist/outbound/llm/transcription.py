"""Speech to text behind the OpenAI-compatible API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import httpx2
import openai

from dentalist.outbound.llm.client import client_of
from dentalist.outbound.llm.deadline import within
from dentalist.outbound.llm.providers import PROVIDERS
from dentalist.outbound.llm.refusals import refusal_of
from dentalist.services.answering.ports_models import NO_USAGE, ModelUnavailable, Usage
from dentalist.services.answering.ports_voice import Written

# Of the providers we know only OpenAI has this route; the others answer it with 404, so they are not asked.
# Source: https://platform.openai.com/docs/api-reference/audio/createTranscription
SPEECH_MODELS: Mapping[str, str] = MappingProxyType({"openai": "gpt-4o-mini-transcribe"})

# The endpoint tells the format by the file's name.
_NAMES = MappingProxyType({"audio/ogg": "voice.ogg", "audio/mpeg": "voice.mp3", "audio/mp4": "voice.m4a"})
_MAX_BYTES = 200_000  # of the answer


class SpeechClient:
    """One speech model of one provider, with the key of whoever pays."""

    def __init__(
        self,
        *,
        provider: str,
        base_url: str,
        api_key: str | None,
        http: httpx2.Client,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep the way to the model; nothing is sent yet.

        Args:
            provider: one of ``SPEECH_MODELS``.
            base_url: with the ``/v1`` the provider wants.
            api_key: None only where the provider needs none.
            http: shared by all models of this container.
            clock: seconds.
        """
        self.provider = provider
        self.model = SPEECH_MODELS[provider]
        self._way = {"base_url": base_url, "api_key": api_key, "http": http}
        self._clock = clock

    def write_down(self, content: bytes, *, mime_type: str, seconds: float) -> Written:
        """The words of a recording, in the language it is spoken in.

        No language is named: patients who speak Portuguese would come out as bad Spanish. No prompt either: on silence
        models repeat it.

        Raises:
            ModelUnavailable: no words; ``cause`` says why, as ``ChatModel.ask`` does.

        Source:
            https://platform.openai.com/docs/api-reference/audio/createTranscription
        """
        client = client_of(PROVIDERS[self.provider], seconds=seconds, **self._way)  # type: ignore[arg-type]
        file = (_NAMES[mime_type], content, mime_type)
        give_up_at = self._clock() + seconds
        # Errors are not chained where their message may quote the answer, which holds a patient's words.
        try:
            body = within(seconds, lambda: b"".join(self._chunks(client, file, give_up_at=give_up_at)))
            return _written(json.loads(body))
        except (openai.APITimeoutError, httpx2.TimeoutException) as exc:
            raise ModelUnavailable("timeout") from exc
        except (openai.APIConnectionError, httpx2.HTTPError) as exc:
            raise ModelUnavailable("unreachable") from exc
        except openai.APIStatusError as exc:
            raise refusal_of(exc.status_code, exc.body) from None
        except (openai.OpenAIError, httpx2.InvalidURL, ValueError, RecursionError):
            raise ModelUnavailable("garbage") from None

    def _chunks(self, client: openai.OpenAI, file: tuple[str, bytes, str], *, give_up_at: float) -> Iterator[bytes]:
        size = 0
        asked = client.audio.transcriptions.with_streaming_response.create(
            file=file, model=self.model, response_format="json"
        )
        with asked as response:
            for chunk in response.iter_bytes():
                size += len(chunk)
                if self._clock() > give_up_at:
                    raise ModelUnavailable("timeout")
                if size > _MAX_BYTES:
                    raise ModelUnavailable("garbage")
                yield chunk


def _written(answer: Any) -> Written:
    text = answer.get("text") if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise ModelUnavailable("garbage")
    return Written(text, _usage(answer.get("usage")))


def _usage(told: Any) -> Usage:
    """Tokens, where they are counted; some models count seconds, which the caller knows as well."""
    counted = told if isinstance(told, dict) else {}
    tokens = [counted.get(name) for name in ("input_tokens", "output_tokens")]
    if not all(isinstance(count, int) and count >= 0 for count in tokens):
        return NO_USAGE
    return Usage(*tokens)  # type: ignore[arg-type]
