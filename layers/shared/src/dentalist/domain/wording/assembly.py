"""Paragraphs to one message: opening, disclosure, what is missing, the offer, and a length that fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dentalist.domain.understanding.given_names import GIVEN_NAMES
from dentalist.domain.understanding.intents import Language
from dentalist.domain.understanding.names import full_name_given
from dentalist.domain.understanding.normalise import bare_words
from dentalist.domain.wording.buttons import Option, body_limit, spelled_out, tappable
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
    options: Sequence[Option] = (),
    wordable: bool = False,
) -> Draft:
    """Make one draft.

    Args:
        said: what to say; those with missing facts become one sentence and one task each.
        offering: show ``context.offer`` as a list.
        greets: open with a greeting when the assistant introduces itself.
        always_disclose: say who is writing although it was said before.
        language: of the disclosure.
        what: what an offered time is for.
        options: answers to tap; not beside an offer, which has its own.
        wordable: a model may say it in its own words, if nothing in it is fixed.
    """
    discloses = always_disclose or disclosure_due(context)
    opening = _opening(voice, context, greets=greets and discloses and language is Language.SPANISH)
    if discloses:
        opening.append(disclosure(voice, language))
    opened = " ".join(opening)
    offers = offering and bool(context.offer)
    body = _fit(opened, _texts(said, voice), _limit(voice), most=MAX_BODY if offers else body_limit(options))
    draft = Draft(
        body=body,
        plain=body,
        tasks=_tasks(said),
        discloses=discloses,
        opening=opened,
        wordable=wordable and body != opened and not any(paragraph.fixed for paragraph in said),
    )
    if offers:
        return _with_offer(draft, context, voice, what)
    if options:
        interactive, plain = tappable(body, options), spelled_out(body, options)
        return replace(draft, kind=DraftKind.INTERACTIVE, interactive=interactive, plain=plain)
    return draft


def _with_offer(draft: Draft, context: AnswerContext, voice: Voice, what: str) -> Draft:
    slots, zone = context.offer or (), voice.clinic.timezone
    return replace(
        draft,
        kind=DraftKind.INTERACTIVE,
        interactive=slot_list(draft.body, slots, zone, what=what),
        plain=numbered(draft.body, slots, zone),
        effects=frozenset({Effect.OPEN_OFFER}),
    )


def _opening(voice: Voice, context: AnswerContext, *, greets: bool) -> list[str]:
    opening = []
    if greets:
        name = f", {clip(_called(context.contact_name), _LONGEST_NAME)}" if context.contact_name else ""
        opening.append(f"¡Hola{name}! {voice.emoji('👋')}".strip())
    if context.late:
        opening.append(voice.say("[Disculpá|Disculpa|Disculpe] la demora en responder."))
    return opening


def _called(name: str) -> str:
    """The first name of a person's full one; any other name ("Mamá de Tomi", "Estudio Paz") as it is."""
    first = (full_name_given(name) or "").partition(" ")[0]
    return first if bare_words(first) in GIVEN_NAMES else name


def _texts(said: Sequence[Paragraph], voice: Voice) -> list[Paragraph]:
    """What is said, with one sentence for all that is missing."""
    texts = [paragraph for paragraph in said if paragraph.text]
    missing = _missing(said)
    if missing:
        sentence = voice.say(
            "Sobre {missing} no tengo ese dato, [te|te|se] lo confirma la clínica.", missing=join(missing)
        )
        # The list follows its invitation directly, and a question is what one reads last.
        last = bool(texts) and (texts[-1].text or "").endswith((":", "?"))
        texts.insert(len(texts) - last, Paragraph(sentence))
    return texts


def _missing(said: Sequence[Paragraph]) -> list[str]:
    return list(dict.fromkeys(name for paragraph in said for name in paragraph.missing))


def _tasks(said: Sequence[Paragraph]) -> tuple[Task, ...]:
    missing = [Task(TaskKind.MISSING_FACT, name) for name in _missing(said)]
    return tuple(dict.fromkeys([*(task for paragraph in said for task in paragraph.tasks), *missing]))


def _limit(voice: Voice) -> int:
    tokens = voice.persona.max_output_tokens
    return min(MAX_BODY, int(tokens * CHARACTERS_PER_TOKEN)) if tokens else MAX_BODY


def _fit(opening: str, said: Sequence[Paragraph], limit: int, *, most: int) -> str:
    """Keep the opening, which discloses, what is fixed, the last paragraph, which may invite to choose, and what else
    fits. What must be said may pass the persona's limit, never WhatsApp's."""
    kept = list(said)
    droppable = [paragraph for paragraph in said[:-1] if not paragraph.fixed]
    while droppable and len(_joined(opening, kept)) > min(limit, most):
        kept.remove(droppable.pop())
    text = _joined(opening, kept)
    if any(paragraph.fixed for paragraph in kept):
        return cut(text, most)
    return text if len(text) <= min(limit, most) else cut(text, max(min(limit, most), len(opening) + 1))


def _joined(opening: str, said: Sequence[Paragraph]) -> str:
    return "\n".join(part for part in [opening, *(paragraph.text or "" for paragraph in said)] if part)
