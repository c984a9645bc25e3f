"""What is said outside of the product about a critical alert, and what never is."""

import re

import pytest

from dentalist.domain.notices import Obstacle, mail_of, template_values
from tests.fakes_alerts import ALERT_PHONE, DASHBOARD, EMAIL, make_notice, make_number, make_template

CANARY = "Lucía Gómez +5491155550301 tiene la cara hinchada"


def test_a_mail_says_what_happened_when_and_where_to_acknowledge_it() -> None:
    notice = make_notice("email")

    mail = mail_of(notice, dashboard_url=DASHBOARD)

    link = f"https://panel.example.com/alertas?id={notice.alert.id}"
    assert (mail.to, mail.subject) == (EMAIL, "Urgencia: un paciente necesita que le respondas · Dentalist")
    for body in (mail.text, mail.html):
        assert "Hola, Consultorio Dra. Ana Ferreyra:" in body
        assert "posible urgencia" in body
        assert "jueves 26 de noviembre a las 18:05" in body
        assert link in body


def test_the_last_mail_says_that_it_is_the_last() -> None:
    assert "Este es el último aviso." in mail_of(make_notice("email", is_last=True), dashboard_url=DASHBOARD).text
    assert "último" not in mail_of(make_notice("email"), dashboard_url=DASHBOARD).text


@pytest.mark.parametrize("entity_type", ["conversation", "message", "appointment", "patient", None])
@pytest.mark.parametrize("kind", ["emergency", "handoff", "handoff_waiting", "a_new_kind"])
def test_nothing_that_an_alert_about_a_person_says_ever_leaves(kind: str, entity_type: str | None) -> None:
    notice = make_notice("email", kind=kind, entity_type=entity_type, message=CANARY)

    told = [*mail_of(notice, dashboard_url=DASHBOARD)[1:], *template_values(notice).values()]

    for text in told:
        assert not any(word in text for word in ("Lucía", "Gómez", "55550301", "hinchada"))
    assert re.search(r"un paciente|Un asunto", mail_of(notice, dashboard_url=DASHBOARD).subject)


def test_an_alert_about_an_account_says_what_is_the_matter_and_what_to_do() -> None:
    message = "Meta rechaza los mensajes por un problema de pago. Revisá el medio de pago <en Meta>."
    mail = mail_of(
        make_notice("email", kind="payment_problem", entity_type="channel", message=message), dashboard_url=DASHBOARD
    )

    assert message in mail.text
    assert "&lt;en Meta&gt;" in mail.html
    assert mail.subject == "Aviso urgente sobre tu cuenta · Dentalist"


def test_the_test_alert_says_that_it_is_one() -> None:
    notice = make_notice("email", kind="test_alert", entity_type="professional", message="Aviso de prueba: …")

    mail = mail_of(notice, dashboard_url=DASHBOARD)

    assert mail.subject.startswith("Aviso de prueba")
    assert "Aviso de prueba: …" in mail.text


def test_the_template_gets_the_clinic_and_the_professionals_own_clock() -> None:
    notice = make_notice(timezone="Europe/Madrid")

    assert template_values(notice) == {
        "name": "equipo",
        "clinic": "Consultorio Dra. Ana Ferreyra",
        "date": "jueves 26 de noviembre",
        "time": "22:05",
    }


def test_the_template_reads_as_one_sentence_to_whoever_holds_the_phone() -> None:
    notice = make_notice()
    [number] = notice.usable_numbers
    template = number.template_for("AR")
    assert template is not None

    content = template.fill(template_values(notice))

    assert content.body.startswith(
        "Hola equipo, este es un aviso urgente de Consultorio Dra. Ana Ferreyra: el jueves 26 de noviembre a las 18:05"
    )
    assert not re.search(r"\{\{|\}\}", content.body)


# ---- the way to the alert phone --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "languages", "chosen"),
    [
        ("MX", ("es_AR", "es_MX"), "es_MX"),
        ("AR", ("es_MX", "es_AR"), "es_AR"),
        ("CL", ("es_MX", "es"), "es"),
        ("ES", ("es_MX", "es_AR"), "es_MX"),  # any is better than none
        (None, ("es_AR",), "es_AR"),
    ],
)
def test_the_template_of_the_country_is_preferred(country: str | None, languages: tuple[str, ...], chosen: str) -> None:
    [number] = make_notice(numbers=[make_number(*languages)]).numbers

    template = number.template_for(country)

    assert template is not None
    assert template.language == chosen


def test_a_template_of_the_same_name_that_takes_other_values_is_none() -> None:
    number = make_number()
    number["templates"] = [
        make_template(number["channel_id"], components=[{"type": "BODY", "text": "Hola {{nombre}}"}])
    ]

    notice = make_notice(numbers=[number])

    assert notice.usable_numbers == []
    assert notice.obstacle is Obstacle.NO_TEMPLATE


@pytest.mark.parametrize(
    ("overrides", "obstacle"),
    [
        ({}, None),
        ({"alert_phone": None}, Obstacle.NO_ALERT_PHONE),
        ({"alert_phone": ""}, Obstacle.NO_ALERT_PHONE),
        ({"numbers": []}, Obstacle.NO_NUMBER),
        ({"numbers": [make_number(templates=[])]}, Obstacle.NO_TEMPLATE),
        ({"numbers": [make_number(display_phone_number="+54 11 5032-0098")]}, Obstacle.OWN_NUMBER),
        # from the other number too: the assistant would hear of an emergency, and tell of it, for ever
        ({"numbers": [make_number(display_phone_number=ALERT_PHONE), make_number()]}, Obstacle.OWN_NUMBER),
        ({"numbers": [make_number(templates=[]), make_number()]}, None),
    ],
)
def test_why_there_is_no_way_to_the_alert_phone(overrides: dict[str, object], obstacle: Obstacle | None) -> None:
    assert make_notice(**overrides).obstacle is obstacle


@pytest.mark.parametrize("obstacle", Obstacle)
def test_the_mail_says_what_to_do_so_that_whatsapp_works_too(obstacle: Obstacle) -> None:
    ways = {
        Obstacle.NO_ALERT_PHONE: {"alert_phone": None},
        Obstacle.NO_NUMBER: {"numbers": []},
        Obstacle.NO_TEMPLATE: {"numbers": [make_number(templates=[])]},
        Obstacle.OWN_NUMBER: {"numbers": [make_number(display_phone_number=ALERT_PHONE)]},
    }
    mail = mail_of(make_notice("email", **ways[obstacle]), dashboard_url=DASHBOARD)

    assert "Por WhatsApp no te pudimos avisar: " in mail.text
    assert re.search(r"en (Clínica|Canales|Plantillas)\.", mail.text)


def test_a_mail_whose_message_also_leaves_by_whatsapp_says_nothing_of_it() -> None:
    assert "WhatsApp" not in mail_of(make_notice("email"), dashboard_url=DASHBOARD).text
