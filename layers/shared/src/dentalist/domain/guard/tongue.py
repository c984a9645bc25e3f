"""The language of a text by its small words, which nobody borrows."""

from __future__ import annotations

import re

from dentalist.domain.understanding.intents import Language

_SMALL_WORDS = {
    "es": "de la que el en y a los del se las por un para con no una su al lo como mas pero sus le ya o este si"
    " porque esta"
    " entre cuando muy sin sobre tambien me hasta hay donde quien desde todo nos durante uno ni otro te tu podes puedes"
    " tenes tienes es son hola gracias turno cita dia horario queres quiere atendemos estamos podemos hoy vos usted",
    "en": "the of and to in is you that it he was for on are as with his they at be this have from or had by but not"
    " what all"
    " were we when your can said there use an each which she do how their if will up about out many then them these"
    " so some"
    " her would make like him into time has look two more go see no way could my than been who its now hello thanks"
    " please"
    " appointment tomorrow available confirmed us our i'm here help any want",
    "pt": "da do que e o em um para com nao uma os no se na por mais as dos como mas foi ao ele das tem seu sua ou"
    " ser quando"
    " muito ha nos ja esta eu tambem so pelo pela ate isso ela entre era depois sem mesmo aos ter seus quem nas me"
    " esse eles"
    " voce voces obrigado obrigada amanha consulta marcada horario ola sao podemos agendar seu sexta terca posso"
    " ajudar",
    "fr": "le la les de des du un une et est en que qui dans pour pas sur avec il elle nous vous je ne ce cette au"
    " aux par plus"
    " votre notre bonjour merci rendez demain etes sont mais ou si avons pouvez avez voulez",
    "it": "il lo la gli di che e un una in per non con sono del della dei alla al da si come piu ma questo questa le"
    " ci nel"
    " nella anche suo sua ha ho abbiamo grazie ciao buongiorno appuntamento domani puo vuole lei siamo prego",
    "de": "der die das und ist nicht ein eine zu mit sie wir ich fur auf den dem des im von es sind haben ihr ihre"
    " konnen morgen"
    " termin danke bitte hallo uhr bei auch oder wenn wie kann ihnen helfen guten",
    "ca": "el la els les de i que un una amb per no es son al del aquest aquesta vostre dema gracies bon dia tenim"
    " voleu podem"
    " si us plau hora avui pot ser amb",
}  # fmt: skip
_KNOWN = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}
_ENOUGH = 3
_OTHER_SCRIPTS = re.compile(
    r"[\u0370-\u03ff\u0400-\u04ff\u0590-\u05ff\u0600-\u06ff\u0900-\u097f\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]"
)


def foreign_part(original: str, plain: str, language: Language) -> str | None:
    """A sentence that is clearly in another language; None when there is none."""
    script = _OTHER_SCRIPTS.search(original)
    if script:
        return script.group()
    for piece in [*re.split(r"(?<=[.!?\n])\s+", plain), plain]:
        words = re.findall(r"[a-z']+", piece)
        scores = {name: sum(word in known for word in words) for name, known in _KNOWN.items()}
        expected = scores[language.value]
        best = max((score for name, score in scores.items() if name != language.value), default=0)
        if best >= _ENOUGH and best > expected + 1:
            return piece
        if words and expected == 0 and best >= min(2, len(words)):
            return piece
    return None
