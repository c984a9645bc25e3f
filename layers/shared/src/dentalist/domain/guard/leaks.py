"""What has no place in a chat with a patient: the instructions, links, code, other subjects, and a machine that says it
is somebody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dentalist.domain.guard.denials import denied
from dentalist.domain.guard.issued import LINK, Issued
from dentalist.domain.guard.reading import Sentence, plain
from dentalist.domain.guard.verdict import Rule, Violation

_MACHINERY = re.compile(
    r"(?<!\w)(?:system prompt|prompts?|modelo de lenguaje|language model|inteligencia artificial generativa|llm"
    r"|gpt\S*|chatgpt"
    r"|openai|anthropic|claude|gemini|llama|mistral|deepseek|tokens?(?! de pago)|api key|json|mis instrucciones|mis"
    r" reglas|mis"
    r" directivas|instrucciones (?:del sistema|internas|que (?:me dieron|recibi|tengo)|anteriores|previas|iniciales)"
    r"|me (?:ordenaron"
    r"|programaron|instruyeron|configuraron|entrenaron|indicaron que)|fui (?:entrenad|programad|configurad)\w+|modo"
    r" (?:desarrollador"
    r"|dan|debug|administrador|prueba)|developer mode|jailbreak|ignor\w+ (?:las|mis|todas) (?:instrucciones|reglas)"
    r"|debug|placeholder"
    r"|base de datos|herramientas? (?:disponibles|internas)|function call|tool call|respuesta de la herramienta|como"
    r" ia|soy una ia"
    r"|soy un modelo|guion que me dieron|texto preparado|respuesta preparada|hechos permitidos|el sistema me)(?!\w)"
)
_MARKUP = re.compile(
    r"```|</?[a-zA-Z][^>\n]{0,80}>|[{}]|\\n|\[\[|\]\]|<\||\|>|(?m:^\s*(?:#{1,6}\s|\|.*\|))|\[[^\]\n]+\]\([^)\n]+\)"
    r"|(?<!\w)(?:def|function|"
    r"import|select|return|print|console|SELECT|INSERT|DELETE|UPDATE|DROP)\s*(?:\(|\*|[a-z_]+\(| \* | from | table )"
    r"|=>|==|&&|;\s*$"
    r"|(?m:^\s*(?:assistant|system|user|asistente|usuario|sistema|respuesta|mensaje|output|answer)\s*:)"
    r"|\"[a-z_]+\"\s*:",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"(?<!\w)(?:soy (?:una persona|un ser humano|un humano|una humana|humano|humana|real|de carne y hueso|(?:el|la"
    r"|un|una|tu|su)"
    r" (?:mism[oa] )?(?:doctora?|dra?|odontolog[oa]|dentista|ortodoncista|medic[oa]|secretari[oa]|recepcionista"
    r"|profesional"
    r"|encargad[oa]|duen[oa]|administrativ[oa]|asistente (?:dental|personal|humana?|de carne)|higienista"
    r"|coordinador\w*|persona"
    r"|emplead[oa])|\w+, (?:la|el|tu) (?:secretari[oa]|recepcionista|doctora?|dra?|odontolog[oa]|dentista)"
    r"|recepcionista|secretari[oa]|dentista|odontolog[oa]|doctora?|alguien del equipo|parte del equipo (?:medico"
    r"|humano))"
    r"|no soy (?:un |una |ningun |ninguna )?(?:bot|robot|maquina|ia|asistente virtual|asistente|contestador\w*"
    r"|programa|sistema|chatbot)"
    r"|(?:habl\w+|chate\w+|trat\w+|escrib\w+) con (?:una persona real|un humano|una persona de verdad|una humana|la"
    r" doctora|el doctor)"
    r"|te (?:habla|escribe|saluda|atiende) (?:la |el )?(?:dra?|doctora?|odontolog[oa]|secretari[oa]|recepcionista)"
    r"|(?:aca|aqui) (?:la|el) (?:dra?|doctora?|secretari[oa]|recepcionista)|te (?:atiendo|escribo) yo mism[oa]|yo"
    r" mism[oa] te"
    r"|soy (?:yo|del equipo|parte del)|soy \w+,? (?:del|de la) (?:consultorio|clinica|equipo|recepcion)|(?:hablas"
    r"|habla|estas hablando|esta hablando|chateas) con (?:una persona|alguien)"
    r"|te (?:escribe|habla|atiende|responde|saluda) (?:alguien|una persona)|la persona que atiende|soy de verdad"
    r"|persona de verdad|una persona como vos|tengo \d+ anos de experiencia|mi (?:consultorio|paciente"
    r"|jefe|jefa|turno"
    r" termina|familia|marido|esposa|hij[oa]))(?!\w)"
)
_SUBJECTS = re.compile(
    r"(?<!\w)(?:poemas?|poesia|versos?|chistes?|un cuento|cuentos|cancion\w*|rimas?|novela|receta de|bitcoin|cripto\w*"
    r"|acciones de|bolsa"
    r"|invertir|inversion\w*|apuestas?|casino|futbol|partido|mundial|gol(?:es)?|messi|boca|river|presidente"
    r"|elecciones|politic\w*"
    r"|gobierno|partidos politicos|guerra|religion|dios|horoscopo|signo zodiacal|tarot|clima|pronostico del tiempo"
    r"|lluvia|temperatura"
    r"|python|javascript|codigo fuente|algoritmo|programacion|ecuacion|derivada|integral de|raiz cuadrada|capital de"
    r" (?:francia"
    r"|espana|italia|argentina|mexico)|traduccion|traducir|tarea escolar|ensayo|resumen del libro|pelicula\w*|serie"
    r" de|netflix"
    r"|musica|videojuego\w*|viaje a|vuelo\w*|hotel\w*|abogad[oa]|juicio laboral|impuestos|sexo|sexual\w*|novi[oa]"
    r"|amor|enamor\w+"
    r"|droga\w*|armas?|bomba|matar|suicid\w+|idiota|estupid\w+|imbecil|tont[oa]|callate|inutil|mierda|carajo"
    r"|puta)(?!\w)"
)
_ELSEWHERE = re.compile(
    r"(?<!\w)(?:(?:and[aá]|ve|vaya|ir|anda|acudi\w*|consult\w+|proba\w*|busc\w+|recomiendo|recomendamos|sugiero"
    r"|mejor|derivo)"
    r" (?:\w+ ){0,3}?(?:otr[oa]|competencia|otro lado|en frente)(?: \w+)?|(?:otra|otro|la mejor|mejores) (?:clinica"
    r"|consultorio"
    r"|dentista|odontolog[oa]|centro)s?|la competencia)(?!\w)"
)
_MAIL = re.compile(r"[\w.+-]+\s?(?:@|\(at\)|\[at\]| arroba )\s?[\w-]+(?:\s?\.\s?| punto )\w+|(?<!\w)@[a-z][\w.]{2,}")
_SPOKEN_LINK = re.compile(
    r"(?<!\w)[\w-]{2,}\s?(?: punto | dot |\(\.\)|\[\.\]| \. )\s?(?:com|net|org|ar|mx|es|io|ly)(?!\w)"
)
_QUOTED = 7  # words in a row that the instructions have too


def check_leaks(original: str, said: list[Sentence], issued: Issued, hidden: str) -> Iterator[Violation]:
    """Everything that is not about this clinic or shows how the text came about."""
    yield from _links(original, issued)
    found = _MARKUP.search(original)
    if found:
        yield Violation(Rule.MARKUP, found.group())
    quoted = _quote_of(plain(original), plain(hidden), issued.text)
    if quoted:
        yield Violation(Rule.LEAK, quoted)
    for sentence in said:
        for rule, pattern in (
            (Rule.LEAK, _MACHINERY),
            (Rule.PRETENDS_PERSON, _PERSON),
            (Rule.OFF_TOPIC, _SUBJECTS),
            (Rule.OFF_TOPIC, _ELSEWHERE),
        ):
            hit = pattern.search(sentence.text)
            if hit and not issued.has_words(hit.group()) and not _excused(rule, sentence.text, hit):
                yield Violation(rule, hit.group())


def _excused(rule: Rule, text: str, hit: re.Match[str]) -> bool:
    if denied(text, hit.start()):
        return True
    # "De fútbol no puedo hablarte": the one sentence back to the subject names what it declines.
    return rule is Rule.OFF_TOPIC and bool(
        re.match(r"(?: \w+){0,3},? (?:no (?:te |le )?(?:puedo|se|tengo|es lo mio)|no es)", text[hit.end() :])
    )


def _links(original: str, issued: Issued) -> Iterator[Violation]:
    text = plain(original)
    for pattern in (LINK, _MAIL, _SPOKEN_LINK):
        for found in pattern.finditer(text):
            address = found.group().rstrip(".,;:!?)»\"'")
            if not _was_issued(address, issued):
                yield Violation(Rule.LEAK, address)


def _was_issued(address: str, issued: Issued) -> bool:
    """Only the whole address: a longer one leads elsewhere."""
    return any(address == known.group().rstrip(".,;:!?)»\"'") for known in LINK.finditer(issued.text)) or any(
        address == known.group().rstrip(".,;:!?)»\"'") for known in _MAIL.finditer(issued.text)
    )


def _quote_of(text: str, hidden: str, issued: str) -> str | None:
    words, secret = re.findall(r"\w+", text), " ".join(re.findall(r"\w+", hidden))
    known = " ".join(re.findall(r"\w+", issued))
    for start in range(len(words) - _QUOTED + 1):
        piece = " ".join(words[start : start + _QUOTED])
        if f" {piece} " in f" {secret} " and piece not in known:
            return piece
    return None
