"""Which adapters stand behind voice notes: the stored recordings, and who writes them down. See ``wiring.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from dentalist.runtime import wiring
from dentalist.services.answering.metered_transcriber import MeteredTranscriber
from dentalist.storage.model_usage import SupabaseModelMeter
from dentalist.storage.voice_notes import SupabaseVoiceNotes

if TYPE_CHECKING:
    import httpx2

    from dentalist.runtime.wiring_assistant import ChosenModel


def voice_notes(professional_id: UUID) -> SupabaseVoiceNotes:
    """The professional's stored voice notes."""
    media = wiring.media(professional_id)
    return SupabaseVoiceNotes(wiring.service_db(), media, professional_id, http=wiring.store_http())


def transcriber(
    chosen: ChosenModel | None, professional_id: UUID, *, http: Callable[[], httpx2.Client]
) -> MeteredTranscriber | None:
    """Who writes down voice notes for a professional: their model's provider, where it has a model for speech."""
    if chosen is None:
        return None
    # ``openai`` is slow to load, and few bursts hold a voice note.
    from dentalist.outbound.llm.transcription import SPEECH_MODELS, SpeechClient  # noqa: PLC0415

    if chosen.provider not in SPEECH_MODELS:
        return None
    base_url = wiring.settings().llm_base_url(chosen.provider)
    speech = SpeechClient(provider=chosen.provider, base_url=base_url, api_key=chosen.key, http=http())
    meter = SupabaseModelMeter(wiring.service_db(), professional_id, owns_key=chosen.owns_key)
    return MeteredTranscriber(speech, meter=meter, prices=wiring.settings().llm_prices)
