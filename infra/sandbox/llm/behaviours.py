"""How the model behaves: chosen for everybody, for one key, or by the name of the model; and what it was asked."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from infra.sandbox.journal import fingerprint
from infra.sandbox.llm import adversaries, good
from infra.sandbox.llm.answers import Broken, Raw, Refused, Reply, Said
from infra.sandbox.llm.requests import ChatRequest

_MOST_REQUESTS = 5_000
_PREFIX = "sandbox-"
_NICKNAMES = {"liar": "claims_bookings", "dan": "injected", "flood": "endless"}
_FIXED: dict[str, Reply] = {
    "drip": Broken("drip"),
    "unauthorised": Refused(401, "invalid_api_key", "Incorrect API key provided."),
    "no_credit": Refused(402, "insufficient_credits", "Insufficient credits."),
    "no_quota": Refused(429, "insufficient_quota", "You exceeded your current quota."),
    "no_model": Refused(404, "model_not_found", "The model does not exist or you do not have access to it."),
    "bad_request": Refused(400, "invalid_value", "Invalid value."),
}
BEHAVIOURS = frozenset({"good", "slow", "scripted", "recorded", "adversarial", *_FIXED, *adversaries.ADVERSARIES})


class Choice(BaseModel):
    """How the model behaves from now on."""

    model_config = ConfigDict(extra="forbid")

    behaviour: str = "good"
    key: str | None = None  # for this key alone
    seconds: float = Field(30, ge=0, le=600)  # of the slow one

    @field_validator("behaviour")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in BEHAVIOURS:
            raise ValueError(f"must be one of {', '.join(sorted(BEHAVIOURS))}")
        return name


class Scripted(BaseModel):
    """One answer to come: the content, calls of tools, or an error."""

    model_config = ConfigDict(extra="forbid")

    content: str | None = None
    calls: list[tuple[str, str]] = []
    finish_reason: str | None = None
    status: int | None = Field(None, ge=400, le=599)
    code: str = "scripted"
    body: str | None = None  # as it is, with 200

    def reply(self) -> Reply:
        """What goes out."""
        if self.status is not None:
            return Refused(self.status, self.code, "As the script says.")
        if self.body is not None:
            return Raw(self.body.encode())
        return Said(self.content, tuple(self.calls), self.finish_reason)


class LanguageModels:
    """All models of the sandbox. Nothing of it survives a restart."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """A good model again, that was never asked."""
        self.choice = Choice()
        self.choices: dict[str, Choice] = {}
        self.script: deque[Scripted] = deque()
        self.recordings: deque[str] = deque()
        self.transcripts: dict[str, str] = {}
        self.requests: deque[dict[str, Any]] = deque(maxlen=_MOST_REQUESTS)
        self.request_count = 0
        self._turns: dict[str, int] = {}

    def choose(self, choice: Choice) -> None:
        """Behave so, for everybody or for one key."""
        if choice.key is None:
            self.choice = choice
        else:
            self.choices[choice.key] = choice

    def behaviour_for(self, key: str, model: str) -> Choice:
        """The key's own behaviour, else the one that the model is named after, else everybody's."""
        if key in self.choices:
            return self.choices[key]
        name = model.removeprefix(_PREFIX)
        name = _NICKNAMES.get(name, name)
        if model.startswith(_PREFIX) and name in BEHAVIOURS:
            return Choice(behaviour=name, seconds=self.choice.seconds)
        return self.choice

    async def reply(self, choice: Choice, request: ChatRequest) -> Reply:
        """What the model comes back with."""
        if choice.behaviour == "slow":
            await asyncio.sleep(choice.seconds)
            return good.answer(request)
        return self._talker(choice.behaviour)(request, self._turn(choice.behaviour))

    def record(self, route: str, key: str, behaviour: str, asked: dict[str, Any]) -> None:
        """Keep what was asked; of the key only its short name."""
        self.request_count += 1
        self.requests.append(
            {
                "id": self.request_count,
                "route": route,
                "key": fingerprint(key) if key else None,
                "behaviour": behaviour,
                **asked,
            }
        )

    def words_of(self, content: bytes, file_name: str) -> str:
        """What is spoken in a recording: told beforehand by its hash, or written in it or in its name."""
        known = self.transcripts.get(hashlib.sha256(content).hexdigest())
        if known is not None:
            return known
        for text in (file_name, content[:4_000].decode(errors="replace")):
            if text.startswith("transcript:"):
                return text.removeprefix("transcript:").removesuffix(".ogg").strip("\n\x00")
        return ""

    def _talker(self, behaviour: str) -> Callable[[ChatRequest, int], Reply]:
        if behaviour in _FIXED:
            return lambda *_: _FIXED[behaviour]
        if behaviour in adversaries.ADVERSARIES:
            return adversaries.ADVERSARIES[behaviour]
        return {"adversarial": adversaries.everything_bad, "scripted": self._scripted, "recorded": self._recorded}.get(
            behaviour, lambda request, _: good.answer(request)
        )

    def _scripted(self, request: ChatRequest, _number: int) -> Reply:
        """The next answer of the script; when it is over, a good one."""
        return self.script.popleft().reply() if self.script else good.answer(request)

    def _recorded(self, request: ChatRequest, _number: int) -> Reply:
        """The recordings in turn, again from the beginning when they are over."""
        if not self.recordings:
            return good.answer(request)
        self.recordings.rotate(-1)
        return Raw(self.recordings[-1].encode())

    def _turn(self, behaviour: str) -> int:
        self._turns[behaviour] = self._turns.get(behaviour, -1) + 1
        return self._turns[behaviour]
