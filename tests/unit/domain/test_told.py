"""What a message only tells is not happening: no emergency, opt-out or cancellation follows from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dentalist.domain.understanding.classifier import classify
from dentalist.domain.understanding.intents import Intent
from dentalist.domain.understanding.normalise import normalise
from dentalist.domain.understanding.told import what_happens_now, what_is_asked_of_us, what_is_to_change

E, OUT, C = Intent.EMERGENCY, Intent.OPT_OUT, Intent.CANCEL_APPOINTMENT


@pytest.mark.parametrize(
    "text",
    [
        "me muero de ganas de tener los dientes blancos, quiero turno",
        "no doy más de trabajo, por eso no contesté",
        "me sacaron sangre hoy para un análisis, ¿puedo ir igual?",
        "soy hincha de boca, hoy no llego",
        "el año pasado me operaron de urgencia pero ahora estoy bien",
        "cuando era chica me rompí un diente y quiero una carilla",
        "tenía la cara hinchada y en dos días estaba perfecta, gracias",
        "mi vecina tuvo un absceso y me recomendó que vaya con ustedes",
        "tengo un amigo que le agarró una infección, qué feo",
        "es normal que se hinche la cara después de sacar las muelas de juicio?",
        "leí que los implantes se infectan, ¿es cierto?",
        "en caso de emergencia, ¿a qué número llamo?",
        "¿me podrías decir el valor de la guardia?",
        "de urgencia no es, pero necesito turno por una muela picada",
        "surgió una urgencia en el laburo, ¿podemos pasarlo al jueves?",
        "quiero turno urgente para blanqueamiento",
        "es urgente que me mande la factura",
        "tengo la boca dormida todavía por la anestesia, salí hace una hora",
        "a mi bebé le salió el primer diente, ¿cuándo lo llevo?",
        "mi madre está en urgencias desde anoche, disculpad",
    ],
)
def test_idioms_memories_other_people_and_general_questions_are_no_emergency(text: str) -> None:
    assert not classify(text).wants(E)


@pytest.mark.parametrize(
    "text",
    [
        "el año pasado me pusieron un implante y ahora se me hinchó la cara",
        "la semana pasada me sacaron una muela y tengo la cara hinchada",
        "hace un mes tuve un flemón y me volvió, estoy con la cara deforme",
        "se infectó el implante que me pusieron hace dos meses",
        "hace dos meses que me duele muchísimo y hoy ya no aguanto",
        "mi vecina se cayó recién y se le salieron dos dientes, ¿qué hago?",
        "ya se me había pasado pero anoche volvió el dolor fuertísimo",
        "me muero de vergüenza pero se me voló un diente en una pelea",
        "¿cuánto cobran la urgencia? tengo la cara hinchada y fiebre",
        "tengo una urgencia, ¿cuánto sale la consulta?",
        "¿es normal que me sangre tanto después de la extracción?",
        "por las dudas pregunto: ¿es una emergencia si me sangra hace 5 horas?",
        "estaba comiendo y se me partió una muela, me duele horrible",
        "me hicieron una extracción de sangre ayer y hoy se me hinchó la cara por la muela",
        "¿es normal que sangre mucho?",
        "tengo la boca dormida desde ayer por la anestesia",
        "ya tomé 3 ibuprofenos y nada",
        "ya no sé qué hacer con este dolor de muela, ayuda",
        "me desplazó un incisivo hacia atrás un golpe",
        "necesito turno urgente, se me rompió una muela y me corta la lengua",
        "me despertó el dolor de muela",
    ],
)
def test_what_happens_now_is_an_emergency_whatever_is_told_besides(text: str) -> None:
    assert classify(text).wants(E)


@pytest.mark.parametrize(
    "text",
    [
        "estoy con baja médica",
        "¿tengo que dar de baja el convenio antiguo?",
        "no quiero recibir anestesia, ¿se puede?",
        "no molesto más, gracias por todo",
        "te dejo de molestar, gracias",
        "perdón por tantos mensajes",
        "eliminé el mensaje sin querer, ¿me lo reenviás?",
        "mi jefe no para de mandarme mensajes, perdón la demora",
        "mandame promociones que me interesan",
        "ya no me mandan recordatorios, ¿pueden volver a mandarlos?",
        "no me escriban al fijo, escríbanme a este",
        "quiero dejar el tratamiento de ortodoncia",
    ],
)
def test_whoever_speaks_of_other_messages_or_wishes_for_more_keeps_them(text: str) -> None:
    assert not classify(text).wants(OUT)


@pytest.mark.parametrize(
    "text",
    [
        "perdón pero no quiero más mensajes de ustedes",
        "vi la publicidad y no quiero que me manden más nada",
        "sin querer me anoté, no quiero recibir promociones",
        "por qué me siguen mandando mensajes si pedí la baja",
        "si me siguen escribiendo los bloqueo",
        "no deseo seguir en la lista de novedades",
        "saquenme de una vez de esta lista",
        "cancelen el turno y no me escriban más",
    ],
)
def test_an_opt_out_is_heard_whatever_is_told_besides(text: str) -> None:
    assert classify(text).wants(OUT)


@pytest.mark.parametrize(
    "text",
    [
        "¿qué pasa si cancelo el turno?",
        "¿hasta cuándo puedo cancelar sin cargo?",
        "¿puedo cancelar el saldo en dos pagos?",
        "ya cancelé la consulta por transferencia",
        "avisame si alguien cancela un turno para mañana",
        "¿se liberó algún turno por cancelación?",
        "me cancelaron el vuelo así que sí voy mañana",
        "te mandé que cancelaba por error, ¿sigue en pie mi turno?",
        "no cancelen mi turno que estoy llegando",
        "no puedo ir en auto, ¿qué colectivo me deja?",
        "no voy al dentista hace años, quiero un turno",
        "si no puedo ir mañana, ¿hasta qué hora puedo avisar?",
    ],
)
def test_whoever_only_speaks_of_cancelling_keeps_the_appointment(text: str) -> None:
    assert not classify(text).wants(C)


@pytest.mark.parametrize("text", ["no lo cancelen por favor que voy", "dejé el paraguas, mejor imposible"])
def test_what_no_rule_heard_cancels_nothing_without_being_asked_back(text: str) -> None:
    sure = [scored.confidence for scored in classify(text).intents if scored.intent is C]
    assert all(confidence < 0.7 for confidence in sure)


@pytest.mark.parametrize("text", ["I need to cancel my appointment for tomorrow", "no puedo ir mañana, cancelalo"])
def test_a_cancellation_is_still_one(text: str) -> None:
    assert classify(text).primary is C


@pytest.mark.parametrize(
    "text",
    [
        "mmm", "mm", "jajaja", "ufff", "a nombre de Ana Pérez", "a nombre de mi mamá", "me llamo Juan Gómez",
        "Gómez, Laura", "soy Ana", "es para mi hijo Tomás", "no soy buena para esto", "no soy un robot jaja",
    ],
)  # fmt: skip
def test_a_sound_or_a_name_asks_for_nothing(text: str) -> None:
    understood = classify(text)
    assert [scored.intent for scored in understood.intents] == [Intent.GENERAL_INQUIRY]
    assert understood.confidence < 0.7


@given(st.text(max_size=80))
def test_nothing_is_ever_added(text: str) -> None:
    words = normalise(text)
    for left in (what_happens_now(words), what_is_asked_of_us(words), what_is_to_change(words)):
        assert set(left.split()) <= set(words.split())
