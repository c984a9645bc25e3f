"""How the providers behind the OpenAI-compatible API differ, and what each is asked so that it keeps nothing.

Source:
    https://openrouter.ai/docs/features/provider-routing
    https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Provider:
    """What a request to one provider needs besides the messages."""

    tokens_parameter: str = "max_tokens"
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    key_when_none: str | None = None  # a local server ignores the key, the client insists on one
    thinks_long: re.Pattern[str] | None = None  # models that take longer than a patient waits, unless told not to

    def extra_body_for(self, model: str) -> dict[str, Any]:
        """What goes into the request besides what every provider takes."""
        is_slow = self.thinks_long is not None and self.thinks_long.fullmatch(model)
        return {**self.extra_body, "reasoning_effort": "low"} if is_slow else dict(self.extra_body)


PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {
        "openai": Provider(
            tokens_parameter="max_completion_tokens",
            extra_body={"store": False},
            thinks_long=re.compile(r"(?:gpt-5(?:\.\d)?(?:-mini|-nano)?|o3|o3-mini|o4-mini)(?:-\d{4}-\d\d-\d\d)?"),
        ),
        # Without require_parameters a model that ignores response_format may be chosen; the rest keeps patients' words
        # away from providers that store or train.
        "openrouter": Provider(
            extra_body={"provider": {"require_parameters": True, "data_collection": "deny", "zdr": True}}
        ),
        "huggingface": Provider(),
        "ollama": Provider(key_when_none="ollama"),
    }
)
