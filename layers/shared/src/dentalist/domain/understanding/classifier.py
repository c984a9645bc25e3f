"""What a burst of messages asks for, by rules and learned weights of words: no network, the same answer every time.

Rules speak first, and an emergency, an opt-out or the wish for a person that they hear stands. Where they hear nothing,
or less than the words as a whole suggest, ``word_model`` decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from dentalist.domain.understanding import tables_changes as changes
from dentalist.domain.understanding import tables_emergency as emergency
from dentalist.domain.understanding import tables_pain as pain
from dentalist.domain.understanding import tables_requests as requests
from dentalist.domain.understanding.intents import HandoffReason, Intent, ScoredIntent, Topic, Understanding
from dentalist.domain.understanding.language import detect_language
from dentalist.domain.understanding.names import only_introduces
from dentalist.domain.understanding.normalise import bare_words, normalise, unstretched
from dentalist.domain.understanding.people import find_people
from dentalist.domain.understanding.rules import Rule, confidence, evidence
from dentalist.domain.understanding.tables_booking import BOOK
from dentalist.domain.understanding.tables_opt_out import COURTESY, KEEPS_MESSAGES, KEYWORDS, OPT_OUT
from dentalist.domain.understanding.tables_topics import POLITE, QUESTION, TOPICS
from dentalist.domain.understanding.told import what_happens_now, what_is_asked_of_us, what_is_to_change
from dentalist.domain.understanding.treatments import find_treatments
from dentalist.domain.understanding.word_model import likelihood

_SURE_ENOUGH = 0.5
_UNCLEAR = 0.2
_CERTAIN = 0.99
_INQUIRY_BESIDE_A_REQUEST = 0.6
_MOVED = 0.8

# How rules and words are weighed against each other; chosen on messages of authors that neither had seen.
_SHARE_OF_RULES = 0.75
_SHARE_OF_TOPICS = 0.45
_STILL_HEARD = 0.6  # what the rules heard besides, and the words do not contradict
_LIKELY = 0.4
_ONLY_WORDS = 0.65  # no appointment is called off unasked because of a resemblance
_SAID_CLEARLY = 0.75  # requests this sure are answered in the order in which they were made
_MAX_POSITION = 1_000_000
_EMERGENCY_LIKELY = 0.6  # a missed one is worse than a false one
_OPT_OUT_LIKELY = 0.85  # one that nobody asked for silences reminders
_STANDS = (Intent.EMERGENCY, Intent.OPT_OUT)

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

_ANOTHER = {"one_for_day", "and_another"}  # an appointment besides the one that is called off

# Evidence of which much is harmless, believed unless the words as a whole are surely about something else. Of 164
# emergencies and 101 opt-outs that the weights had not seen, none that only these heard was so unlikely.
_DOUBTFUL: Mapping[Intent, frozenset[str]] = {
    Intent.EMERGENCY: emergency.DOUBTFUL,
    Intent.OPT_OUT: frozenset(rule.name for rule in OPT_OUT),
}
_UNHEARD_OF = 0.03
_SURELY = 0.8
_SENTENCES = re.compile(r"(?<= [.?]) ")

# What the words alone are not taken for where one of these speaks.
_NOT_MEANT: Mapping[Intent, Sequence[Rule]] = {
    Intent.EMERGENCY: emergency.HURRIES,
    Intent.OPT_OUT: KEEPS_MESSAGES,
    Intent.REQUEST_QUOTE: requests.HOW_LONG,
    Intent.HUMAN_HANDOFF: requests.TOLD_OF_TALKING,
    Intent.CANCEL_APPOINTMENT: changes.BY_THE_CLINIC,
    Intent.RESCHEDULE_APPOINTMENT: changes.BY_THE_CLINIC,
}

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
    for intent in _DOUBTFUL:
        if _is_contradicted(intent, found[intent], text):
            found[intent] = []
    topics = _find_topics(text)
    scores, reasons = _resolve(found)
    _weigh(scores, {} if _says_only_who(burst, scores) else _chances(text), topics, text, found)
    topics = _inquire(text, scores, topics)
    words = bare_words(" ".join(burst))
    return Understanding(
        intents=_ordered(scores, _positions(found, text)),
        topics=topics,
        treatments=find_treatments(f"{words} {text}", treatments),
        insurances=tuple(name for name in insurances if f" {bare_words(name)} " in f" {words} "),
        people=find_people("\n".join(burst)),
        language=language,
        handoff_reason=_handoff_reason(scores, reasons),
        signals=tuple(rule.name for rules in found.values() for rule in rules),
    )


def _says_only_who(burst: Sequence[str], scores: Mapping[Intent, float]) -> bool:
    """A name, a sound, "para mi mamá": words that resemble a request and are none, where no rule hears one."""
    return not scores and all(only_introduces(message) for message in burst if message.strip())


def _is_keyword(message: str) -> bool:
    """Whether a whole message is STOP, BAJA or the like, but for courtesy."""
    words = [unstretched(word) for word in bare_words(message).split()]
    return bool(words) and (
        " ".join(words) in KEYWORDS or " ".join(word for word in words if word not in COURTESY) in KEYWORDS
    )


def _find_requests(text: str) -> Found:
    tables: Mapping[Intent, Sequence[Rule]] = {
        Intent.BOOK_APPOINTMENT: BOOK,
        Intent.REQUEST_QUOTE: requests.QUOTE,
        Intent.HUMAN_HANDOFF: requests.HANDOFF + requests.COMPLAINT + requests.DATA_REQUEST,
    }
    found = {intent: list(evidence(table, text)) for intent, table in tables.items()}
    found[Intent.EMERGENCY] = _find_emergency(text)
    to_change = what_is_to_change(text)
    found[Intent.CANCEL_APPOINTMENT] = list(evidence(changes.CANCEL + changes.CANNOT_COME, to_change))
    found[Intent.RESCHEDULE_APPOINTMENT] = list(evidence(changes.RESCHEDULE, to_change))
    found[Intent.OPT_OUT] = list(evidence(OPT_OUT, what_is_asked_of_us(text)))
    if not any(evidence(changes.CANNOT_COME, text)) and any(evidence(changes.BY_THE_CLINIC, text)):
        found[Intent.CANCEL_APPOINTMENT], found[Intent.RESCHEDULE_APPOINTMENT] = [], []
    if any(evidence(KEEPS_MESSAGES, text)):
        found[Intent.OPT_OUT] = []
    return found


def _chances(text: str) -> Mapping[Intent, float]:
    chances = dict(likelihood(text))
    for intent, meant in (
        (Intent.EMERGENCY, what_happens_now(text)),
        (Intent.OPT_OUT, what_is_asked_of_us(text)),
        (Intent.CANCEL_APPOINTMENT, what_is_to_change(text)),
        (Intent.RESCHEDULE_APPOINTMENT, what_is_to_change(text)),
    ):
        if chances and meant != text:
            chances[intent] = min(chances[intent], likelihood(meant).get(intent, 0.0))
    denied = {intent for intent, rules in _NOT_MEANT.items() if any(evidence(rules, text))}
    return {intent: 0.0 if intent in denied else chance for intent, chance in chances.items()}


def _find_emergency(text: str) -> list[Rule]:
    now = what_happens_now(text)
    found = [*evidence(emergency.RED_FLAGS, now)]
    found += [rule for rule in evidence(emergency.EXPLICIT, now) if rule.speaks(text)]
    if not any(evidence(pain.SLIGHT, text)):
        found += evidence(pain.PAIN, now)
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
        and not _ANOTHER.intersection(rule.name for rule in found[Intent.BOOK_APPOINTMENT])
    ):
        scores.pop(Intent.BOOK_APPOINTMENT, None)  # the appointment it speaks of exists already
    if Intent.OPT_OUT in scores:
        scores.pop(Intent.REQUEST_QUOTE, None)  # "no más promociones" asks for no price
    return {intent: score for intent, score in scores.items() if score >= _SURE_ENOUGH}, reasons


def _weigh(
    scores: dict[Intent, float], chances: Mapping[Intent, float], topics: frozenset[Topic], text: str, found: Found
) -> None:
    """Correct what the rules heard by what the words as a whole are likely to mean."""
    if not chances or Intent.OPT_OUT in scores:
        return
    share = 1.0 if topics & _ASKED_BESIDE_A_REQUEST else _SHARE_OF_TOPICS
    inquiry = share * confidence(rule for topic in topics for rule in evidence(TOPICS[topic], text))
    totals = {intent: chances[intent] + _SHARE_OF_RULES * scores.get(intent, 0) for intent in chances}
    totals[Intent.GENERAL_INQUIRY] += inquiry
    best = max(totals, key=lambda intent: totals[intent])
    for intent in list(scores):
        if intent not in _STANDS and intent is not best and totals[intent] < _STILL_HEARD:
            del scores[intent]
    if best is Intent.EMERGENCY:
        if chances[best] >= _EMERGENCY_LIKELY and not any(evidence(pain.SLIGHT, text)):
            scores[best] = max(scores.get(best, 0), chances[best])
    elif best is Intent.OPT_OUT:
        if chances[best] >= _OPT_OUT_LIKELY and "?" not in text:  # nobody asks to be left alone with a question
            scores[best] = max(scores.get(best, 0), chances[best])
    elif best is not Intent.GENERAL_INQUIRY and best not in scores and chances[best] >= _LIKELY:
        surest = _ONLY_WORDS if best is Intent.CANCEL_APPOINTMENT and not found[best] else _CERTAIN
        scores[best] = min(max(_SURE_ENOUGH, chances[best]), surest)


def _is_contradicted(intent: Intent, rules: Sequence[Rule], text: str) -> bool:
    """Whether only a word with other meanings was heard, and every sentence is surely about something else."""
    if not rules or not all(rule.name in _DOUBTFUL[intent] for rule in rules):
        return False
    sentences = [found for sentence in _SENTENCES.split(text) if (found := likelihood(sentence))]
    return bool(sentences) and all(found[intent] < _UNHEARD_OF and max(found.values()) > _SURELY for found in sentences)


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


def _positions(found: Found, text: str) -> Mapping[Intent, int]:
    """Where in the text each request begins, as far as rules heard it."""
    return {
        intent: min(position for rule in rules if (position := rule.position(text)) is not None)
        for intent, rules in found.items()
        if any(rule.weight >= _SURE_ENOUGH and rule.position(text) is not None for rule in rules)
    }


def _ordered(scores: Mapping[Intent, float], positions: Mapping[Intent, int]) -> tuple[ScoredIntent, ...]:
    """What cannot wait first, then requests as they were said, each as sure as the other; then by how sure they are."""

    def key(intent: Intent) -> tuple[bool, bool, bool, bool, int, float, int]:
        first = intent is not Intent.EMERGENCY, intent is not Intent.OPT_OUT, intent is not Intent.HUMAN_HANDOFF
        said = scores[intent] >= _SAID_CLEARLY and intent in positions
        place = positions[intent] if said else _MAX_POSITION
        return (*first, not said, place, -round(scores[intent], 2), _ORDER.index(intent))

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
