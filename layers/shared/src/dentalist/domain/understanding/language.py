"""Spanish, unless the text is clearly English or Portuguese."""

from __future__ import annotations

import re
import unicodedata

from dentalist.domain.understanding.intents import Language

# Words of one language that the others do not have; names and loan words ("stop", "bracket") are left out.
_ENGLISH = frozenset(
    {
        "afternoon", "and", "appointment", "are", "call", "can", "cost", "could", "do", "does", "emergency", "english",
        "evening", "for", "from", "good", "have", "hello", "help", "hey", "hi", "how", "i'm", "is", "like", "list",
        "messages", "morning", "much", "my", "need", "of", "pain", "please", "price", "remove", "sending", "speak",
        "teeth", "terrible", "texting", "thank", "thanks", "the", "to", "today", "tomorrow", "tooth", "toothache",
        "want", "what", "when", "where", "with", "would", "you", "your",
    }
)  # fmt: skip
_PORTUGUESE = frozenset(
    {
        "aceitam", "agendar", "amanha", "atendimento", "boa", "bom", "cartao", "com", "consulta", "custa", "dente",
        "dentes", "dentista", "desmarcar", "dor", "endereco", "estou", "falar", "favor", "fica", "gostaria", "hoje",
        "horario", "inchado", "limpeza", "mandar", "marcar", "mensagem", "muita", "muito", "nao", "noite", "obrigada",
        "obrigado", "oi", "ola", "onde", "parem", "por", "posso", "preciso", "qual", "quanto", "queria", "quero",
        "remarcar", "rosto", "semana", "sexta", "tarde", "tem", "terca", "um", "uma", "valeu", "vem", "voce", "voces",
    }
)  # fmt: skip
_SPANISH = frozenset(
    {
        "agendar", "buenas", "buenos", "cita", "como", "con", "consulta", "cuanto", "cuesta", "de", "del",
        "dentista", "diente", "dientes", "dolor", "donde", "duele", "el", "es", "estan", "favor", "gracias",
        "hola", "hora", "horario", "hoy", "las", "los", "manana", "me", "mi", "muela", "muy", "necesito", "no",
        "noche", "para", "por", "precio", "que", "queria", "quiero", "quisiera", "sale", "si", "tarde", "tengo",
        "tienen", "turno", "un", "una",
    }
)  # fmt: skip
_WORDS = {
    Language.ENGLISH: _ENGLISH,
    Language.PORTUGUESE: _PORTUGUESE,
    Language.SPANISH: _SPANISH,
}
_ENOUGH = 2


def detect_language(text: str) -> Language:
    """The language most of the known words belong to; Spanish when in doubt."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
    words = re.findall(r"[a-z']+", plain)
    scores = {language: sum(word in known for word in words) for language, known in _WORDS.items()}
    foreign = max((Language.ENGLISH, Language.PORTUGUESE), key=lambda language: scores[language])
    clear = scores[foreign] >= _ENOUGH or (len(words) == 1 and scores[foreign])
    return foreign if clear and scores[foreign] > scores[Language.SPANISH] else Language.SPANISH
