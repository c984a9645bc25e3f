"""Paragraphs to one message: opening, disclosure, what is missing, the offer, and a length that fits."""

from __future__ import annotations

from collections.abc import Sequence

from dentalist.domain.understanding.intents import Language
from dentalist.domain.wording.drafts import AnswerContext, Draft, DraftKind, Effect, Task, TaskKind
from dentalist.domain.wording.facts import clip
from dentalist.domain.wording.offers import MAX_BODY, cut, numbered, slot_list
from dentalist.domain.wording.presence import disclosure, disclosure_due
from dentalist.domain.wording.replies import Paragraph
from dentalist.domain.wording.times import join
from dentalist.domain.wording.voice import Voice

CHARACTERS_PER_TOKEN = 3.5  # Spanish, roughly; a limit in tokens is kept approximately
_LONGEST_NAME = 30


def assemble(
    said: Sequence[Paragraph],
    voice: Voice,
    context: AnswerContext,
    *,
    offering: bool = False,
    greets: bool = True,
    always_disclose: bool = False,
    language: Language = Language.SPANISH,
    what: str = "",
) -> Draft:
    """Make one draft.

    Args:
        said: what to say; those with missing facts become one sentence and one task each.
        offering: show ``context.offer`` as a list.
        greets: open with a greeting when the assistant introduces itself.
        always_disclose: say who is writing although it was said before.
        language: of the disclosure.
        what: what an offered time is for.
    """
    discloses = always_disclose or disclosure_due(context)
    opening = _opening(voice, context, greets=greets and discloses and language is Language.SPANISH)
    if discloses:
        opening.append(disclosure(voice, language))
    body_parts = _texts(said, voice)
    body = _fit(opening, body_parts, _limit(voice))
    tasks = _tasks(said)
    if not offering or not context.offer:
        return Draft(body=body, plain=body, tasks=tasks, discloses=discloses, opening=" ".join(opening))
    zone = voice.clinic.timezone
    return Draft(
        kind=DraftKind.INTERACTIVE,
        body=body,
        interactive=slot_list(body, context.offer, zone, what=what),
        plain=numbered(body, context.offer, zone),
        tasks=tasks,
        effects=frozenset({Effect.OPEN_OFFER}),
        discloses=discloses,
        opening=" ".join(opening),
    )


def _opening(voice: Voice, context: AnswerContext, *, greets: bool) -> list[str]:
    opening = []
    if greets:
        name = f", {clip(context.contact_name, _LONGEST_NAME)}" if context.contact_name else ""
        opening.append(f"¡Hola{name}! {voice.emoji('👋')}".strip())
    if context.late:
        opening.append(voice.say("[Disculpá|Disculpa|Disculpe] la demora en responder."))
    return opening


def _texts(said: Sequence[Paragraph], voice: Voice) -> list[str]:
    texts = [paragraph.text for paragraph in said if paragraph.text]
    missing = _missing(said)
    if missing:
        sentence = voice.say(
            "Sobre {missing} no tengo ese dato, [te|te|se] lo confirma la clínica.", missing=join(missing)
        )
        invites = bool(texts) and texts[-1].endswith(":")  # the list follows the invitation directly
        texts.insert(len(texts) - invites, sentence)
    return texts


def _missing(said: Sequence[Paragraph]) -> list[str]:
    return list(dict.fromkeys(name for paragraph in said for name in paragraph.missing))


def _tasks(said: Sequence[Paragraph]) -> tuple[Task, ...]:
    missing = [Task(TaskKind.MISSING_FACT, name) for name in _missing(said)]
    return tuple(dict.fromkeys([*(task for paragraph in said for task in paragraph.tasks), *missing]))


def _limit(voice: Voice) -> int:
    tokens = voice.persona.max_output_tokens
    return min(MAX_BODY, int(tokens * CHARACTERS_PER_TOKEN)) if tokens else MAX_BODY


def _fit(opening: Sequence[str], paragraphs: Sequence[str], limit: int) -> str:
    """Keep the opening, which discloses, the last paragraph, which may invite to choose, and what else fits."""
    first = " ".join(opening)
    kept = list(paragraphs)
    while len(kept) > 1 and len("\n".join([first, *kept])) > limit:
        kept.pop(-2)
    text = "\n".join(part for part in [first, *kept] if part)
    return text if len(text) <= limit else cut(text, max(limit, len(first) + 1))
