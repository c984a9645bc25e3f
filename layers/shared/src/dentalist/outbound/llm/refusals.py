"""Why a provider refused, in one word. Its own words are not kept: they may quote the patient's."""

from __future__ import annotations

from typing import Any

from dentalist.services.answering.ports_models import ModelUnavailable

_CAUSES = {401: "unauthorised", 402: "payment", 403: "unauthorised", 408: "timeout", 429: "rate_limited"}
_FLAGGED = frozenset({"content_filter", "content_policy_violation", "invalid_prompt", "moderation_blocked"})


class Refused(ModelUnavailable):
    """The provider answered, and said no."""

    def __init__(self, cause: str, status: int) -> None:
        """Keep the status: what else could be tried depends on it."""
        super().__init__(cause)
        self.status = status


def refusal_of(status: int, error: object) -> Refused:
    """A refusal by its status and the error's body.

    Sources:
        https://platform.openai.com/docs/guides/error-codes
        https://openrouter.ai/docs/api-reference/errors
    """
    return Refused("moderated" if _is_of_the_words(error) else _CAUSES.get(status, "rejected"), status)


def refusal_in(completion: Any) -> Refused | None:
    """The refusal that came as 200: OpenRouter reports so what goes wrong after generation began."""
    if not isinstance(completion, dict):
        return None
    choices = completion.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    error = choice.get("error") if isinstance(choice, dict) else None
    error = error or (None if choice else completion.get("error"))
    if not error:
        return None
    code = error.get("code") if isinstance(error, dict) else None
    return refusal_of(code if isinstance(code, int) else 0, error)


def _is_of_the_words(error: object) -> bool:
    """Whether a text was refused and not whoever asked: OpenRouter answers 403 for that too, with what was flagged."""
    if not isinstance(error, dict):
        return False
    inner = error.get("error")
    told = inner if isinstance(inner, dict) else error
    code, metadata = told.get("code"), told.get("metadata")
    is_flagged = isinstance(metadata, dict) and ("flagged_input" in metadata or "reasons" in metadata)
    return is_flagged or (isinstance(code, str) and code in _FLAGGED)
