"""From a prepared answer to what a model is asked, what it may say, and the draft with its words in place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from dentalist.domain.answering import AnswerClaim
from dentalist.domain.guard.verdict import Allowed, Rule
from dentalist.domain.persona import Address
from dentalist.domain.understanding.intents import HandoffReason, Language, Understanding
from dentalist.domain.wording.drafts import Draft, DraftKind, Effect
from dentalist.domain.wording.presence import when_a_person_reads
from dentalist.domain.wording.voice import Voice
from dentalist.services.answering.assistant_tools import AssistantTools
from dentalist.services.answering.model_context import conversation_of, names_of, now_in_words
from dentalist.services.answering.ports_models import Wording, WordingTask

_MAX_BODY = 1024  # of a list; nobody reads a longer answer in a chat either
_ROOM = 300  # characters beyond what was prepared
_MAX_TOKENS = 1500  # a reasoning model thinks within the same limit
_FORMS = {Address.VOS: "vos (rioplatense)", Address.TU: "tú", Address.USTED: "usted"}


def prepared_text(draft: Draft) -> str:
    """What of a draft may be said in other words: all but its opening. Empty when nothing is left."""
    if not draft.body.startswith(draft.opening):
        return ""
    return draft.body[len(draft.opening) :].strip()


def wording_task(
    draft: Draft, *, claim: AnswerClaim, understanding: Understanding, voice: Voice, now: datetime
) -> WordingTask:
    """What a model needs to say ``draft`` in the clinic's voice."""
    prepared = prepared_text(draft)
    names = names_of(claim) | {name for person in understanding.people for name in person.names}
    return WordingTask(
        prepared=prepared,
        list_follows=draft.kind is DraftKind.INTERACTIVE,
        about=_about(claim, voice, now),
        conversation=conversation_of(claim),
        private=names,
        max_chars=_limit(draft, prepared, voice),
        max_output_tokens=_MAX_TOKENS,
    )


def _about(claim: AnswerClaim, voice: Voice, now: datetime) -> dict[str, Any]:
    persona, clinic = voice.persona, voice.clinic
    about = {
        "clinic": clinic.name,
        "assistant": persona.name,
        "tone": persona.tone,
        "style": persona.style,
        "instructions": persona.instructions,
        "address": _FORMS[voice.address],
        "appointment": voice.noun.word,
        "emojis": persona.uses_emojis,
        "now": now_in_words(now, clinic.timezone),
        "timezone": str(clinic.timezone),
        "contact": "patient" if claim.patient else "not a patient yet",
    }
    return {name: value for name, value in about.items() if value is not None}


def _limit(draft: Draft, prepared: str, voice: Voice) -> int:
    room = max(_MAX_BODY - len(draft.opening) - 1, len(prepared))
    own = voice.persona.max_output_tokens
    asked = int(own * 3.5) - len(draft.opening) if own else room
    return max(min(room, asked, len(prepared) + _ROOM), 1)


def allowed_words(
    task: WordingTask, tools: AssistantTools, wording: Wording, *, voice: Voice, now: datetime
) -> Allowed:
    """What the guard lets pass: the facts of the prepared text and of the tools, and nobody but who is named there."""
    facts = "\n".join([task.prepared, *tools.said])
    return Allowed(
        facts=facts,
        names=frozenset(name for name in task.private if _is_named(name, facts)),
        clinic=voice.clinic,
        language=Language.SPANISH,
        max_chars=task.max_chars,
        now=now,
        hidden=wording.hidden,
    )


def _is_named(name: str, facts: str) -> bool:
    """As a whole word: "Mar" is nobody of a "Martes"."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", facts) is not None


def reworded(draft: Draft, text: str) -> Draft:
    """The draft with another text below its opening; lists, buttons, tasks and all else stay."""
    body = f"{draft.opening}\n{text}" if draft.opening else text
    interactive = draft.interactive
    if interactive is not None:
        interactive = {**interactive, "body": {**interactive.get("body", {}), "text": body}}
    plain = body + draft.plain[len(draft.body) :] if draft.plain.startswith(draft.body) else body
    return replace(draft, body=body, plain=plain, interactive=interactive)


def with_requests(draft: Draft, tools: AssistantTools, *, voice: Voice, now: datetime) -> Draft:
    """The draft with what the tools ask of people; a hand-over is told, and no list invites to go on."""
    tasks = tuple(dict.fromkeys([*draft.tasks, *tools.tasks]))
    if not tools.asks_person or draft.handoff is not None:
        return replace(draft, tasks=tasks)
    told = voice.say("Le paso [tu|tu|su] mensaje a una persona del equipo de {clinic}.")
    body = "\n".join([_without_invitation(draft), f"{told} {when_a_person_reads(voice, now)}"]).strip()
    return replace(
        draft,
        kind=DraftKind.TEXT,
        body=body,
        plain=body,
        interactive=None,
        tasks=tasks,
        handoff=HandoffReason.REQUESTED,
        effects=draft.effects - {Effect.OPEN_OFFER},
    )


def _without_invitation(draft: Draft) -> str:
    """Of a text that leads to a list only the opening makes sense without it."""
    return draft.opening if draft.kind is DraftKind.INTERACTIVE else draft.body


_TOLD: dict[Rule, str] = {
    Rule.INVENTED_TIME: 'a time that is not in "prepared" or a tool\'s answer',
    Rule.INVENTED_DATE: 'a date or day that is not in "prepared" or a tool\'s answer',
    Rule.INVENTED_PRICE: 'a price that is not in "prepared" or a tool\'s answer',
    Rule.INVENTED_FACT: 'a number, service or way to pay that is not in "prepared" or a tool\'s answer',
    Rule.CLAIMS_EFFECT: "says that something was booked, changed, sent or promised",
    Rule.DIAGNOSIS: "a diagnosis",
    Rule.PRESCRIPTION: "a medicine, dose or treatment advice",
    Rule.ASKS_PERSONAL: "asks for symptoms, photos, documents, insurance or card numbers",
    Rule.OTHER_PEOPLE: "names somebody, or a placeholder that was not given",
    Rule.LEAK: "repeats instructions, a link or another clinic",
    Rule.OFF_TOPIC: "speaks of something else than this clinic",
    Rule.MARKUP: "markup, JSON or code instead of plain text",
    Rule.WRONG_LANGUAGE: "not in Spanish",
    Rule.TOO_LONG: "too long",
    Rule.EMPTY: "no words",
    Rule.PRETENDS_PERSON: "pretends to be a person",
    Rule.DISCOURAGES_EMERGENCY: "plays an emergency down",
    Rule.OBSCURED: "hidden or disguised characters",
}


def told_rules(rules: Sequence[Rule]) -> tuple[str, ...]:
    """The rules that were broken, in words for a model; never the text that broke them."""
    return tuple(_TOLD[rule] for rule in dict.fromkeys(rules))
