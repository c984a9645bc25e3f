"""Short answers to what the assistant asked."""

import pytest

from dentalist.domain.understanding.replies import denies_identity, yes_or_no

YES = (
    "sí|si|Si, dale|dale|ok|👍|Sii|sí quiero|si por favor|claro que sí|confirmo|sip|obvio|bueno dale|perfecto gracias"
    "|sí, cancelalo|si cancelalo por favor|lo quiero|así es|soy yo|yes please|de una|va|está bien|no hay problema"
    "|si no hay problema|listo|sí señora|si esta bien|correcto|ya po|sí puedo|dale sí|si, mi amor|si obvio|sim|✅"
    "|Sí, ese|ajá sí|bueno, sí|mmm sí|dale, y la dirección?|ok, cuánto sale?"
)
NO = (
    "no|nop|no gracias|no, gracias|mejor no|no no|para nada|todavía no|no lo canceles|no quiero|No, dejalo|dejalo así"
    "|claro que no|seguro que no|obvio que no|mmm no|👎|nel|no es ese|no, ese no|no por favor"
    "|nooo|Nah|no cancelar|no me sirve|negativo|ninguno|aún no|❌|no, ninguno"
)
NEITHER = (
    "no sé|no voy a poder ir|si puedo voy|quizás|depende|¿cuánto sale?|hola|sí pero no|mañana a las 10|no puedo ir"
    "|no, sí|no llego|no entiendo|si hay lugar antes sí me cambio|me duele la muela|no no, sí||🤔|capaz|puede ser"
    "|ok, lo consulto con mi marido|dale te aviso|listo, te confirmo luego|sí pero cuánto sale?|bueno, otro día"
    "|va a ser difícil|vale 200?|sale caro?|seguro social|de acuerdo con mi marido|ok?|sí? no sabía|si querés"
    "|si es que puedo|genial pero prefiero a la tarde|perfecto, entonces no|ok, no puedo|dale pero el martes no"
    "|ese es el problema|simon bolivar|confirmo mañana|excelente atención|bueno, dejame ver|mmm"
    "|sí, no, esperá|no me anda el auto|cancelalo|quiero cancelar|reservalo"
)


@pytest.mark.parametrize("text", YES.split("|"))
def test_an_assent_in_any_country_is_a_yes(text: str) -> None:
    assert yes_or_no(text) is True


@pytest.mark.parametrize("text", NO.split("|"))
def test_a_refusal_in_any_country_is_a_no(text: str) -> None:
    assert yes_or_no(text) is False


@pytest.mark.parametrize("text", NEITHER.split("|"))
def test_what_is_neither_or_both_answers_nothing(text: str) -> None:
    assert yes_or_no(text) is None


DENIED = (
    "número equivocado|no soy Marta|ya no es de ella|No soy esa persona|te equivocaste de número"
    "|se equivocó de persona|no conozco a ninguna Marta|acá no vive ninguna Marta|este número ya no es de Marta"
    "|yo no soy Marta|no soy marta|este no es el número de Marta|cambió de número|ese número ya no le pertenece"
    "|wrong number|me parece que se confundieron|no soy la señora Gómez|no soy quien buscas|no la conozco|no soy yo"
    "|Están equivocados|No es Marta, soy la nueva dueña del número|acá no hay ninguna Elsa|no me llamo Marta"
    "|Marta ya no tiene este número|Hola! Número equivocado|no soy Wara|No es Marta|te confundiste|núm equivocado"
    "|este numero es de otra persona|no soy la persona que buscan|Perdón pero no soy Juan Carlos"
)
NOT_DENIED = (
    "no soy paciente todavía|no soy de ahí|no soy alérgica|no es hoy|no puedo ir|no es urgente|me equivoqué de día"
    "|no conozco la dirección|no soy paciente pero quiero un turno|no hay turno?|ya no es necesario|no es mañana"
    "|soy Marta|sí|no|cambié el turno|no, ese no|me equivoqué de turno|ya no tengo dolor|ya no me duele"
    "|no conozco la clínica|No es Dolores de muelas|aquí no hay estacionamiento?|no soy muy amiga de los dentistas"
    "|ya no hay turnos?|no es para mí|No es el martes, es el jueves|no es Osde, es Swiss|te equivocaste de horario"
    "|ya no es el martes|no es ella la que viene, soy yo|Marta no puede ir|cambio de turno|no conozco Palermo|"
)


@pytest.mark.parametrize("text", DENIED.split("|"))
def test_who_says_that_they_are_somebody_else_denies_who_they_were_taken_for(text: str) -> None:
    assert denies_identity(text)


@pytest.mark.parametrize("text", NOT_DENIED.split("|"))
def test_a_no_about_anything_else_denies_nobody(text: str) -> None:
    assert not denies_identity(text)
