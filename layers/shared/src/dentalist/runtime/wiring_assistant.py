"""Which adapters stand behind the assistant: its desk, and the language model of each professional. See ``wiring.py``.

Nothing of a model is made before the first conversation that asks one: ``openai`` is slow to load, and only in the
layer of functions that call a model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from dentalist.domain.answering import AnswerClaim
from dentalist.domain.errors import ChannelDisconnected
from dentalist.runtime import wiring, wiring_alerts, wiring_calendar, wiring_patients, wiring_voice
from dentalist.services.answering.answer_desk import Desk
from dentalist.services.answering.metered_model import MeteredModel
from dentalist.services.answering.model_context import names_of, scene_of
from dentalist.services.answering.playground import Rehearsal, rehearsal_claim, rehearse
from dentalist.services.answering.ports_models import Interpreter, Model, Wordsmith
from dentalist.storage.model_usage import SupabaseModelMeter
from dentalist.storage.playgrounds import SupabasePlaygrounds

if TYPE_CHECKING:
    import httpx2

    from dentalist.outbound.llm.client import ChatModel

MODEL_SECONDS = 8.0  # of a turn, for all that models are asked in it; an answer takes ten at most


def desk_for(claim: AnswerClaim) -> Desk:
    """What an answer in the claimed conversation needs. The time that models have begins now."""
    professional_id = claim.conversation.professional_id
    model = model_of_turn(claim)
    return Desk(
        sending=wiring.sending(professional_id),
        presence=lambda: wiring.number_of_claim(claim),
        agenda=wiring_calendar.agenda(professional_id),
        consent=wiring.consent(professional_id),
        handover=wiring.handover(professional_id),
        tasks=wiring.tasks(professional_id),
        interpreter=lambda: interpreter(claim, model),
        wordsmith=lambda: wordsmith(model),
        transcriber=lambda: wiring_voice.transcriber(chosen_model(claim), professional_id, http=models_http),
        notes=lambda: wiring_voice.voice_notes(professional_id),
        follow_up=lambda appointment_id: wiring_calendar.write_event(professional_id, appointment_id),
        trust=wiring_patients.phone_trust(professional_id),
        alerted=wiring_alerts.ring,
    )


def rehearse_on(
    channel_id: UUID, text: str, *, professional_id: UUID, settings: Mapping[str, Any], now: datetime
) -> Rehearsal:
    """What the assistant of this channel would answer; see ``services.playground``.

    Raises:
        ChannelNotFound: none on which patients write, or another professional's.
        StoreUnavailable: the store or KMS cannot be reached.
    """
    material = SupabasePlaygrounds(wiring.service_db(), professional_id).material(channel_id)
    claim = rehearsal_claim(material, text, settings=settings, now=now)
    model = model_of_turn(claim)
    return rehearse(
        claim,
        agenda=wiring_calendar.agenda(professional_id),
        interpreter=lambda: interpreter(claim, model),
        wordsmith=lambda: wordsmith(model),
        now=now,
    )


class ChosenModel(NamedTuple):
    """A model by name, with the key of whoever pays."""

    provider: str
    name: str
    key: str | None
    owns_key: bool

    def __repr__(self) -> str:
        return f"ChosenModel({self.provider}/{self.name})"


def model_of_turn(claim: AnswerClaim, *, clock: Callable[[], float] = time.monotonic) -> Callable[[], Model | None]:
    """The model of this conversation for one turn, made when it is first asked for: the same for all questions."""
    give_up_at = clock() + MODEL_SECONDS

    @cache
    def model() -> Model | None:
        chosen = chosen_model(claim)
        if chosen is None:
            return None
        meter = SupabaseModelMeter(wiring.service_db(), claim.conversation.professional_id, owns_key=chosen.owns_key)
        prices = wiring.settings().llm_prices
        return MeteredModel(_chat_model(chosen), meter=meter, prices=prices, give_up_at=give_up_at, clock=clock)

    return model


def chosen_model(claim: AnswerClaim) -> ChosenModel | None:
    """The professional's own model, else the platform's, else none.

    Raises:
        StoreUnavailable: the store or KMS cannot be reached.
    """
    provider = claim.credential.get("ai_provider")
    if provider == "rules":
        return None
    if provider is None:
        platform = wiring.settings()
        key = platform.openai_api_key
        return ChosenModel("openai", platform.openai_model, key, owns_key=False) if key else None
    try:
        key = wiring.credentials().ai_api_key(claim.conversation.professional_id, UUID(claim.credential["id"]))
    except ChannelDisconnected:  # the stored key does not open: the rules answer until it is entered again
        return None
    name = claim.credential.get("ai_model")
    return ChosenModel(provider, name, key, owns_key=True) if name and (key or provider == "ollama") else None


def interpreter(claim: AnswerClaim, model: Callable[[], Model | None]) -> Interpreter | None:
    """The model that understands for this conversation.

    Raises:
        StoreUnavailable: the store or KMS cannot be reached.
    """
    asked = model()
    if asked is None:
        return None
    from dentalist.outbound.llm.interpreter import ModelInterpreter  # noqa: PLC0415 - see above

    return ModelInterpreter(asked, names=names_of(claim), scene=scene_of(claim))


def wordsmith(model: Callable[[], Model | None]) -> Wordsmith | None:
    """The model that words answers in this conversation.

    Raises:
        StoreUnavailable: the store or KMS cannot be reached.
    """
    asked = model()
    if asked is None:
        return None
    from dentalist.outbound.llm.wordsmith import ModelWordsmith  # noqa: PLC0415 - see above

    return ModelWordsmith(asked)


def _chat_model(chosen: ChosenModel) -> ChatModel:
    from dentalist.outbound.llm.client import ChatModel  # noqa: PLC0415 - see above

    # Made for each answer, so that no decrypted key outlives it; what is expensive, the connections, is shared.
    return ChatModel(
        provider=chosen.provider,
        model=chosen.name,
        base_url=wiring.settings().llm_base_url(chosen.provider),
        api_key=chosen.key,
        http=models_http(),
    )


@cache
def models_http() -> httpx2.Client:
    """The connections to providers."""
    from dentalist.outbound.llm.client import ChatModel  # noqa: PLC0415 - see above

    return ChatModel.http_client()
