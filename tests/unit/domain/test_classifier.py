import pytest

from dentalist.domain.understanding.classifier import classify
from dentalist.domain.understanding.intents import HandoffReason, Intent, Language, Topic

E, OUT, C, R, B = (
    Intent.EMERGENCY,
    Intent.OPT_OUT,
    Intent.CANCEL_APPOINTMENT,
    Intent.RESCHEDULE_APPOINTMENT,
    Intent.BOOK_APPOINTMENT,
)
Q, H, G = Intent.REQUEST_QUOTE, Intent.HUMAN_HANDOFF, Intent.GENERAL_INQUIRY


@pytest.mark.parametrize(
    "text",
    [
        "tengo la cara como un globo y 39 de fiebre",
        "Me duele un poco la muela y se me hinchó la cara",  # the slight pain does not take back the swelling
        "no quiero molestar pero estoy con muchísimo dolor",
        "ME SANGRA LA BOCA Y NO PARA!!!",
        "me saqe la muela y no deja d sangrar",
        "😭😭 no aguanto la muela",
        "tengo turno mañana pero me duele muchísimo, qué hago?",
        "quiero un turno y se me partió un diente",
        "mi hijo se cayó y se le salió un diente",
        "no puedo tragar",
        "me cuesta respirar desde que me pusieron la anestesia",
        "URGENTE",
        "es una emergencia",
        "hola necesito un turno urgente por favor",
        "no me escriban más, me desangro",
        "My face is swollen and I have a terrible toothache",
        "estou sangrando muito, é uma urgência",
    ],
)
def test_an_emergency_is_recognised_whatever_else_is_said(text: str) -> None:
    assert classify(text).primary is E


@pytest.mark.parametrize(
    "text",
    [
        "me duele un poquito cuando como frío",
        "tengo sensibilidad con lo dulce",
        "no es una urgencia",
        "no es urgente, cuando puedas",
        "no tengo dolor, solo quería saber el horario",
        "ya no me duele, gracias",
        "la semana pasada me dolía pero ya se me pasó",
        "la otra vez tuve mucho dolor después de la extracción, es normal?",
        "¿duele la endodoncia?",
        "me va a doler?",
        "se me está aflojando un diente de leche",
        "cuánto sale la consulta de urgencia?",
        "tuve una urgencia familiar y no puedo ir",
        "mi hijo tiene fiebre, no vamos a poder ir mañana",
        "me duele la cabeza, hoy no voy",
        "necesito el presupuesto urgente",
        "me sangran un poquito las encías al cepillarme",
    ],
)
def test_what_is_slight_over_denied_or_only_asked_is_no_emergency(text: str) -> None:
    assert not classify(text).wants(E)


@pytest.mark.parametrize(
    "text",
    [
        "BAJA", "baja.", "Stop", "STOP!!!", "stop por favor", "Baja 🙏", "no me escriban más",
        "no me manden más mensajes", "dejen de escribirme", "Quiero darme de baja", "bórrenme de la lista",
        "no quiero recibir más promociones",
        "basta de mensajes", "no mas publicidad", "cancelar suscripción", "unsubscribe", "bajaaaa",
        "Ya no deseo que me contacten",
    ],
)  # fmt: skip
def test_an_opt_out_is_recognised(text: str) -> None:
    assert classify(text).primary is OUT


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("stop, no voy mañana", C),
        ("quiero dar de baja el turno del viernes", C),
        ("baja mi turno de mañana", C),
        ("no me escriban más tarde de las 20 por favor", G),
        ("no me escribas más por acá, llamame", H),
        ("no me mandaron el presupuesto", G),
        ("me baja la presión con la anestesia, es normal?", G),
        ("no me llegó el mensaje de confirmación", G),
    ],
)
def test_words_of_an_opt_out_that_mean_something_else_withdraw_nothing(text: str, intent: Intent) -> None:
    understanding = classify(text)
    assert not understanding.wants(OUT)
    assert understanding.primary is intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("no quiero cancelar", G),
        ("no quiero cancelar, solo pasarlo para otro día", R),
        ("no me canceles el turno, cambialo de día", R),
        ("no puedo ir mañana", C),
        ("no puedo ir mañana, ¿puede ser el jueves?", R),
        ("no quiero un turno, solo saber el precio", Q),
        ("no sé si tienen turno para mañana", B),
        ("¿no tendrás un turno para hoy?", B),
        ("hace dos años que no voy al dentista, quiero un control", B),
    ],
)
def test_a_no_denies_only_what_it_stands_before(text: str, intent: Intent) -> None:
    assert classify(text).primary is intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("kiero sakar turno xfa", B),
        ("nesesito una sita", B),
        ("qiero tuno para mañana", B),
        ("presio d la limpiesa?", Q),
        ("cuanto sale el blanqueamineto", Q),
        ("canselar turno", C),
        ("necesito reporgramar mi turno", R),
        ("es una urjencia", E),
        ("quiero ablar con una persona", H),
        ("holaaaaa quiero turnoooo", B),
    ],
)
def test_typing_errors_and_abbreviations_do_not_hide_what_is_meant(text: str, intent: Intent) -> None:
    assert classify(text).primary is intent


def test_the_messages_of_a_burst_are_understood_together() -> None:
    assert classify(["hola", "queria un turno", "para el jueves"]).primary is B
    assert classify(["hola", "me pasó algo feo", "se me rompió un diente"]).primary is E


def test_a_lone_stop_in_a_burst_withdraws_consent_and_the_rest_is_heard_too() -> None:
    understanding = classify(["STOP", "y cancelame el turno"])
    assert understanding.primary is OUT
    assert understanding.wants(C)


def test_several_requests_in_one_message_are_all_heard() -> None:
    understanding = classify("cancelá el de mañana y dame uno el jueves")
    assert understanding.wants(C)
    assert understanding.wants(B)


def test_a_price_and_an_appointment_with_a_question_beside_them() -> None:
    understanding = classify("quiero un turno para limpieza, cuánto sale? toman OSDE?", insurances=["OSDE"])
    assert {scored.intent for scored in understanding.intents} == {B, Q, G}
    assert Topic.INSURANCE in understanding.topics
    assert understanding.insurances == ("OSDE",)


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Hola, buen día", Topic.GREETING),
        ("muchas gracias", Topic.THANKS),
        ("chau", Topic.CLOSING),
        ("dónde quedan?", Topic.ADDRESS),
        ("cómo llego?", Topic.ADDRESS),
        ("tienen estacionamiento?", Topic.PARKING),
        ("qué horario tienen", Topic.HOURS),
        ("abren los sábados?", Topic.HOURS),
        ("atienden por OSDE?", Topic.INSURANCE),
        ("aceptan tarjeta?", Topic.PAYMENT),
        ("me pasás el teléfono?", Topic.PHONE),
        ("hacen implantes?", Topic.TREATMENT),
        ("cuándo es mi turno?", Topic.MY_APPOINTMENT),
        ("que turnos tengo?", Topic.MY_APPOINTMENT),
        ("hola, sigue en pie mi turno?", Topic.MY_APPOINTMENT),
        ("¿me decís cuáles son mis turnos?", Topic.MY_APPOINTMENT),
        ("confirmo mi turno", Topic.CONFIRM_APPOINTMENT),
        ("llego 10 minutos tarde", Topic.RUNNING_LATE),
        ("sos un bot?", Topic.ARE_YOU_A_BOT),
        ("te escribo más tarde", Topic.AVAILABILITY_LATER),
        ("número equivocado", Topic.WRONG_NUMBER),
        ("tengo sensibilidad en un diente", Topic.SYMPTOM),
        ("hay que ir en ayunas?", Topic.QUESTION),
    ],
)
def test_the_subject_of_a_general_inquiry(text: str, topic: Topic) -> None:
    understanding = classify(text)
    assert understanding.primary is G
    assert topic in understanding.topics


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("quiero hablar con una persona", HandoffReason.REQUESTED),
        ("persona", HandoffReason.REQUESTED),  # what the assistant tells people to write
        ("quiero hacer un reclamo", HandoffReason.COMPLAINT),
        ("me atendieron muy mal, una vergüenza", HandoffReason.COMPLAINT),
        ("quiero que eliminen mis datos personales", HandoffReason.DATA_REQUEST),
        ("se me hinchó la cara y quiero hablar con la doctora", HandoffReason.EMERGENCY),
        ("hola", None),
    ],
)
def test_why_a_person_is_needed(text: str, reason: HandoffReason | None) -> None:
    assert classify(text).handoff_reason is reason


@pytest.mark.parametrize(
    ("text", "treatments"),
    [
        ("cuánto sale la profilaxis", ("Limpieza dental",)),
        ("precio de los frenillos", ("Ortodoncia",)),
        ("cuánto el tratamiento de conducto?", ("Endodoncia",)),
        ("sacarme una muela de juicio cuánto sale", ("extracción",)),  # not on the list: our generic name
        ("precio consulta por un implante", ("Implante",)),
        ("blanqueamiento láser, precio", ("Blanqueamiento láser",)),
        ("precios?", ()),
    ],
)
def test_treatments_are_found_under_the_names_of_every_country(text: str, treatments: tuple[str, ...]) -> None:
    listed = ["Limpieza dental", "Ortodoncia", "Endodoncia", "Implante", "Blanqueamiento", "Blanqueamiento láser"]
    assert classify(text, treatments=listed).treatments == treatments


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hello, I need an appointment please", Language.ENGLISH),
        ("Olá, gostaria de marcar uma consulta", Language.PORTUGUESE),
        ("hola quiero turno para un implante", Language.SPANISH),
        ("ok", Language.SPANISH),
        ("STOP", Language.SPANISH),
    ],
)
def test_the_language_is_spanish_unless_clearly_another(text: str, language: Language) -> None:
    assert classify(text).language is language


@pytest.mark.parametrize("text", ["", " ", "👻", "...", "asdf qwer", "\x00", "٣٤٥", "?" * 50])
def test_what_nobody_could_understand_is_an_unsure_general_inquiry(text: str) -> None:
    understanding = classify(text)
    assert understanding.primary is G
    assert understanding.confidence <= 0.5


def test_a_very_long_text_is_read_in_reasonable_time() -> None:
    assert classify("quiero un turno " * 5000).primary is B


def test_signals_name_rules_and_hold_no_words_of_the_contact() -> None:
    understanding = classify("soy Elvira y quiero un turno")
    assert "wants_appointment" in understanding.signals
    assert not any("elvira" in signal.lower() for signal in understanding.signals)
