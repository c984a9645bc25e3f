"""What a burst of messages asks for, by rules alone: no model, no network, the same answer every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dentalist.domain.understanding import tables_changes as changes
from dentalist.domain.understanding import tables_emergency as emergency
from dentalist.domain.understanding import tables_requests as requests
from dentalist.domain.understanding.intents import HandoffReason, Intent, ScoredIntent, Topic, Understanding
from dentalist.domain.understanding.language import detect_language
from dentalist.domain.understanding.normalise import bare_words, normalise, unstretched
from dentalist.domain.understanding.rules import Rule, confidence, evidence
from dentalist.domain.understanding.tables_booking import BOOK
from dentalist.domain.understanding.tables_opt_out import COURTESY, KEYWORDS, OPT_OUT
from dentalist.domain.understanding.tables_topics import POLITE, QUESTION, TOPICS
from dentalist.domain.understanding.treatments import find_treatments

_SURE_ENOUGH = 0.5
_UNCLEAR = 0.2
_CERTAIN = 0.99
_INQUIRY_BESIDE_A_REQUEST = 0.6
_MOVED = 0.8

# What is asked along with a booking or a price and deserves its own sentence.
_ASKED_BESIDE_A_REQUEST = frozenset(
    {
        Topic.ADDRESS,
        Topic.PARKING,
        Topic.HOURS,
        Topic.INSURANCE,
        Topic.PAYMENT,
        Topic.PHONE,
        Topic.MY_APPOINTMENT,
        Topic.ARE_YOU_A_BOT,
    }
)
_HOW_ARE_YOU = Rule("how_are_you", 1, r"como (?:estas?|estan|andan?|va)|que tal|todo bien", negatable=False)

Found = dict[Intent, list[Rule]]

# What decides between intents that are equally sure.
_ORDER = (
    Intent.EMERGENCY,
    Intent.OPT_OUT,
    Intent.HUMAN_HANDOFF,
    Intent.RESCHEDULE_APPOINTMENT,
    Intent.CANCEL_APPOINTMENT,
    Intent.REQUEST_QUOTE,
    Intent.BOOK_APPOINTMENT,
    Intent.GENERAL_INQUIRY,
)


def classify(
    messages: str | Sequence[str], *, treatments: Sequence[str] = (), insurances: Sequence[str] = ()
) -> Understanding:
    """Understand the messages of one burst together.

    Args:
        messages: what the contact wrote, oldest first; transcripts and captions count as messages.
        treatments: the names on the clinic's price list, to recognise them under other names too.
        insurances: the insurances the clinic works with.
    """
    burst = [messages] if isinstance(messages, str) else list(messages)
    text = " . ".join(filter(None, (normalise(message) for message in burst)))
    language = detect_language(" ".join(burst))
    found = _find_requests(text)
    if any(_is_keyword(message) for message in burst):
        found[Intent.OPT_OUT] = [Rule("keyword", _CERTAIN, "keyword")]
    topics = _find_topics(text)
    scores, reasons = _resolve(found)
    topics = _inquire(text, scores, topics)
    words = bare_words(" ".join(burst))
    return Understanding(
        intents=_ordered(scores),
        topics=topics,
        treatments=find_treatments(f"{words} {text}", treatments),
        insurances=tuple(name for name in insurances if f" {bare_words(name)} " in f" {words} "),
        language=language,
        handoff_reason=_handoff_reason(scores, reasons),
        signals=tuple(rule.name for rules in found.values() for rule in rules),
    )


def _is_keyword(message: str) -> bool:
    """Whether a whole message is STOP, BAJA or the like, but for courtesy."""
    words = [unstretched(word) for word in bare_words(message).split()]
    return bool(words) and (
        " ".join(words) in KEYWORDS or " ".join(word for word in words if word not in COURTESY) in KEYWORDS
    )


def _find_requests(text: str) -> Found:
    tables: Mapping[Intent, Sequence[Rule]] = {
        Intent.BOOK_APPOINTMENT: BOOK,
        Intent.CANCEL_APPOINTMENT: changes.CANCEL + changes.CANNOT_COME,
        Intent.RESCHEDULE_APPOINTMENT: changes.RESCHEDULE,
        Intent.REQUEST_QUOTE: requests.QUOTE,
        Intent.HUMAN_HANDOFF: requests.HANDOFF + requests.COMPLAINT + requests.DATA_REQUEST,
        Intent.OPT_OUT: OPT_OUT,
    }
    found = {intent: list(evidence(table, text)) for intent, table in tables.items()}
    found[Intent.EMERGENCY] = _find_emergency(text)
    return found


def _find_emergency(text: str) -> list[Rule]:
    found = [*evidence(emergency.RED_FLAGS, text), *evidence(emergency.EXPLICIT, text)]
    if not any(evidence(emergency.SLIGHT, text)):
        found += evidence(emergency.PAIN, text)
    return found


def _resolve(found: Found) -> tuple[dict[Intent, float], list[Rule]]:
    """Turn evidence into confidence, and settle what excludes what."""
    scores = {intent: confidence(rules) for intent, rules in found.items() if rules}
    reasons = found[Intent.HUMAN_HANDOFF]
    only_cannot_come = bool(found[Intent.CANCEL_APPOINTMENT]) and all(
        rule in changes.CANNOT_COME for rule in found[Intent.CANCEL_APPOINTMENT]
    )
    wants_another = (
        scores.get(Intent.RESCHEDULE_APPOINTMENT, 0) > 0 or scores.get(Intent.BOOK_APPOINTMENT, 0) >= _SURE_ENOUGH
    )
    if only_cannot_come and wants_another:
        # "No puedo ir mañana, ¿puede ser el jueves?" moves the appointment, it does not cancel it.
        del scores[Intent.CANCEL_APPOINTMENT]
        scores[Intent.RESCHEDULE_APPOINTMENT] = max(scores.get(Intent.RESCHEDULE_APPOINTMENT, 0), _MOVED)
    if scores.get(Intent.RESCHEDULE_APPOINTMENT, 0) >= _SURE_ENOUGH or (
        scores.get(Intent.CANCEL_APPOINTMENT, 0) >= _SURE_ENOUGH
        and not any(rule.name == "one_for_day" for rule in found[Intent.BOOK_APPOINTMENT])
    ):
        scores.pop(Intent.BOOK_APPOINTMENT, None)  # the appointment it speaks of exists already
    if Intent.OPT_OUT in scores:
        scores.pop(Intent.REQUEST_QUOTE, None)  # "no más promociones" asks for no price
    return {intent: score for intent, score in scores.items() if score >= _SURE_ENOUGH}, reasons


def _find_topics(text: str) -> frozenset[Topic]:
    return frozenset(topic for topic, rules in TOPICS.items() if any(evidence(rules, text)))


def _inquire(text: str, scores: dict[Intent, float], topics: frozenset[Topic]) -> frozenset[Topic]:
    """Add the general inquiry to the scores where one is left, and answer with the topics that matter."""
    subjects = topics - POLITE
    if scores:
        if subjects & _ASKED_BESIDE_A_REQUEST and Intent.OPT_OUT not in scores:
            scores[Intent.GENERAL_INQUIRY] = _INQUIRY_BESIDE_A_REQUEST
        return topics
    asks = QUESTION.speaks(text) and not _HOW_ARE_YOU.speaks(text)
    if topics:
        scores[Intent.GENERAL_INQUIRY] = confidence(rule for topic in topics for rule in evidence(TOPICS[topic], text))
    else:
        scores[Intent.GENERAL_INQUIRY] = QUESTION.weight if asks else _UNCLEAR
    nothing_answers_it = asks and not subjects and ("?" in text or not topics)
    return topics | {Topic.QUESTION} if nothing_answers_it else topics


def _ordered(scores: Mapping[Intent, float]) -> tuple[ScoredIntent, ...]:
    def key(intent: Intent) -> tuple[bool, bool, float, int]:
        first = intent is not Intent.EMERGENCY, intent is not Intent.OPT_OUT
        return (*first, -round(scores[intent], 2), _ORDER.index(intent))

    return tuple(ScoredIntent(intent, round(min(scores[intent], _CERTAIN), 2)) for intent in sorted(scores, key=key))


def _handoff_reason(scores: Mapping[Intent, float], rules: Sequence[Rule]) -> HandoffReason | None:
    if Intent.EMERGENCY in scores:
        return HandoffReason.EMERGENCY
    if Intent.HUMAN_HANDOFF not in scores:
        return None
    if any(rule in requests.DATA_REQUEST for rule in rules):
        return HandoffReason.DATA_REQUEST
    if any(rule in requests.COMPLAINT for rule in rules):
        return HandoffReason.COMPLAINT
    return HandoffReason.REQUESTED
