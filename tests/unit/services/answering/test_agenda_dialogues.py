"""Whole conversations about appointments, as a patient reads them.

Today is Sunday the 22nd of November, noon in Buenos Aires; the clinic is open every day from 9 to 18. Each step of a
dialogue is what the contact does: words, the number of the row of the last list that is tapped, or a button's title.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from dentalist.domain.answering import Appointment, KnownPatient
from dentalist.domain.calendars import CalendarUnreadable
from dentalist.domain.hours import Interval
from tests.fakes_answers import World

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A local time of November."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


@dataclass
class Chat:
    """A contact and what they read."""

    world: World

    def __call__(self, step: str | int) -> str:
        """Do one thing and read the one answer to it."""
        before = len(self.world.outbound)
        if isinstance(step, int):
            self._tap_row(step)
        elif self._button(step):
            self._press(step)
        elif step.startswith("🎤"):
            self.world.says(step.removeprefix("🎤").strip())
        else:
            self.world.writes(step)
        self.world.settle_down()
        answers = self.world.outbound[before:]
        assert len(answers) == 1, f"{len(answers)} answers to {step!r}"
        return answers[0].body or ""

    def play(self, *steps: str | int) -> str:
        """Several things, one after the other; the last answer."""
        return [self(step) for step in steps][-1]

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of the last list."""
        for message in reversed(self.world.outbound):
            action = message.payload.get("interactive", {}).get("action", {})
            if "sections" in action:
                return [row for section in action["sections"] for row in section["rows"]]
        return []

    @property
    def titles(self) -> list[str]:
        return [row["title"] for row in self.rows]

    @property
    def buttons(self) -> dict[str, str]:
        """The buttons under the last message: title and id."""
        action = self.world.outbound[-1].payload.get("interactive", {}).get("action", {})
        return {item["reply"]["title"]: item["reply"]["id"] for item in action.get("buttons", [])}

    @property
    def booked(self) -> list[tuple[datetime, str | None]]:
        return sorted((row.starts_at, row.attendee_name) for row in self.world.booked)

    @property
    def cancelled(self) -> list[Appointment]:
        return [row for row in self.world.appointments if row.status == "cancelled"]

    def _button(self, title: str) -> bool:
        return bool(self.world.outbound) and title in self.buttons

    def _press(self, title: str) -> None:
        self.world.writes(title, type="interactive", payload={"reply_id": self.buttons[title]})

    def _tap_row(self, number: int) -> None:
        row = self.rows[number - 1]
        self.world.writes(row["title"], type="interactive", payload={"reply_id": row["id"]})


def patient(*appointments: tuple[datetime, str | None]) -> Chat:
    """Lucía, who has a record, with appointments for herself (None) or for somebody by name."""
    world = World()
    for starts_at, name in appointments:
        theirs: dict[str, Any] = {} if name is None else {"attendee_name": name, "patient_id": None}
        world.has_appointment(starts_at, **theirs)
    return Chat(world)


def lead(profile: str | None = "Lu 🌸") -> Chat:
    """Somebody the clinic does not know, by what they are called on WhatsApp."""
    world = World(patient=None)
    world.conversation = world.conversation.model_copy(update={"contact_name": profile})
    return Chat(world)


def unverified(*appointments: tuple[datetime, str | None]) -> Chat:
    """Lucía's phone, which may be somebody else's now."""
    chat = patient(*appointments)
    doubted = {"phone_unverified_at": chat.world.now, "phone_unverified_reason": "not_me"}
    chat.world.conversation = chat.world.conversation.model_copy(update=doubted)
    return chat


# ---- a first appointment ---------------------------------------------------------------------------------------------


def test_a_lead_gives_their_name_before_anything_is_booked() -> None:
    chat = lead()
    chat("hola, quiero un turno para una limpieza el jueves a la mañana")

    asked = chat(1)
    held = [row.status for row in chat.world.appointments]
    confirmed = chat("Ana Pérez")

    assert asked == (
        "Te guardo el jueves 26 de noviembre a las 09:00 por unos minutos. ¿A nombre de quién lo reservo?"
        " Decime nombre y apellido."
    )
    assert held == ["held"]
    assert "Turno confirmado para Ana Pérez en Consultorio Prueba: jueves 26 de noviembre a las 09:00." in confirmed
    assert chat.booked == [(at(26, 9), "Ana Pérez")]


@pytest.mark.parametrize(
    "name",
    [
        "ana perez",
        "Soy Ana Pérez",
        "Ana Pérez, DNI 30.123.456, OSDE 210",
        "a nombre de Ana Pérez por favor",
        "Pérez, Ana",
    ],
)
def test_a_name_is_understood_as_people_give_it(name: str) -> None:
    chat = lead()
    chat.play("quiero un turno", 1, name)

    [(_, booked)] = chat.booked
    assert booked is not None
    assert {word.lower().replace("é", "e") for word in booked.split()} == {"ana", "perez"}


def test_a_first_name_alone_is_asked_for_its_surname() -> None:
    chat = lead()

    assert chat.play("quiero un turno", 1, "Ana") == "Gracias, Ana. ¿Y el apellido?"
    chat("Pérez")
    assert [name for _, name in chat.booked] == ["Ana Pérez"]


@pytest.mark.parametrize("opening", ["Hola soy Ana Pérez, quiero un turno", "me llamo Ana Pérez y necesito un turno"])
def test_who_introduced_themself_is_not_asked_again(opening: str) -> None:
    chat = lead()

    assert "confirmado para Ana Pérez" in chat.play(opening, 1)


def test_a_name_given_along_with_the_choice_is_enough() -> None:
    chat = lead()
    chat("quiero un turno")

    assert "confirmado para Ana Pérez" in chat("el segundo, a nombre de Ana Pérez")


def test_a_patient_is_known_and_not_asked_who_they_are() -> None:
    chat = patient()

    assert "confirmado para Lucía Pérez" in chat.play("quiero un turno", 2)


@pytest.mark.parametrize("profile", ["Marina Sosa", "marina sosa 🌸", "José Luis Gómez"])
def test_a_profile_that_is_a_persons_full_name_is_enough_and_can_be_corrected(profile: str) -> None:
    chat = lead(profile)

    confirmed = chat.play("quiero un turno el martes", 1)

    assert confirmed.count(profile.replace(" 🌸", "").title()) == 1 + confirmed.count("Hola, ")
    assert confirmed.endswith("El nombre es el de tu WhatsApp: si va a nombre de otra persona, decime cuál.")
    assert chat.booked == [(at(24, 9), profile.replace(" 🌸", "").title())]


@pytest.mark.parametrize(
    "profile",
    ["Mamá de Tomi", "Lu 🌸", "Ventas Online", "Luciana P.", "María José", "Ana Mamá de Tomi", "Ana y Juan", ".", None],
)
def test_a_nickname_or_a_shop_is_asked_for_a_name(profile: str | None) -> None:
    chat = lead(profile)

    assert "¿A nombre de quién lo reservo?" in chat.play("quiero un turno el martes", 1)
    assert chat.booked == []


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("no, es para Juan Gómez", "Juan Gómez"),
        ("perdón, es para mi hija Sofía", "Sofía"),
        ("el nombre está mal, soy Marina Sosa Díaz", "Marina Sosa Díaz"),
        ("Juan Gómez", "Juan Gómez"),
        ("no, Sofía", "Sofía"),
        ("va a nombre de mi mamá, Rosa Díaz", "Rosa Díaz"),
    ],
)
def test_a_name_that_was_taken_from_a_profile_is_corrected_in_place(words: str, name: str) -> None:
    chat = lead("Marina Sosa")
    chat.play("quiero un turno el martes", 1)

    assert chat(words) == f"Listo: el turno del martes 24 de noviembre a las 09:00 está a nombre de {name}."
    assert chat.booked == [(at(24, 9), name)]


@pytest.mark.parametrize(
    "words",
    [
        "gracias!",
        "¿dónde queda?",
        "quiero otro turno para Juan Gómez el jueves",
        "ah y para mi hijo Bruno también",
        "¿y para Bruno?",
        "nos vemos, Ana",
        "saludos cordiales, Marina",
        "lo consulto con mi marido Juan",
        "¿puedo ir con mi hijo Bruno?",
        "correcto, soy yo",
        "OSDE 210",
    ],
)
def test_nobody_has_to_say_that_the_name_of_their_profile_is_right(words: str) -> None:
    chat = lead("Marina Sosa")
    chat.play("quiero un turno el martes", 1)

    assert "a nombre de" not in chat(words)
    assert chat.booked == [(at(24, 9), "Marina Sosa")]
    assert chat.world.conversation.ai_enabled


def test_a_treatment_that_is_named_to_a_list_is_searched_in_its_length() -> None:
    chat = patient()
    chat.play("quiero un turno el jueves", "limpieza")

    assert {row["description"].split(", ")[1] for row in chat.rows} == {"45 min · Limpieza"}


@pytest.mark.parametrize("words", ["sí", "correcto", "está bien", "no, está bien así", "no"])
def test_who_leaves_the_name_of_their_profile_may_still_correct_it(words: str) -> None:
    chat = lead("Marina Sosa")

    assert chat.play("quiero un turno el martes", 1, words) == "¡Perfecto, queda así!"
    chat("es para Juan Gómez")
    assert chat.booked == [(at(24, 9), "Juan Gómez")]


@pytest.mark.parametrize("words", ["no, mejor a las 16", "no, cancelalo"])
def test_a_change_of_mind_is_no_word_about_the_name(words: str) -> None:
    chat = lead("Marina Sosa")

    assert "queda así" not in chat.play("quiero un turno el martes", 1, words)


def test_a_profile_names_nobody_while_the_phone_is_in_doubt() -> None:
    chat = unverified()

    assert "¿A nombre de quién" in chat.play("quiero un turno el martes", 1)


def test_of_a_family_only_the_author_is_asked_for_their_name() -> None:
    chat = lead()

    offered = chat("quiero turno para mi hijo Tomás y para mí el martes a la mañana")
    asked = chat(1)
    chat("Ana Pérez")

    assert "para vos y Tomás, uno después del otro" in offered
    assert "Además de Tomás, ¿a nombre de quién reservo?" in asked
    assert chat.booked == [(at(24, 9), "Ana Pérez"), (at(24, 9, 30), "Tomás")]


@pytest.mark.parametrize("words", ["dejá, no importa", "no gracias", "no, mejor no", "cancelá"])
def test_who_leaves_while_the_name_is_asked_books_nothing_and_is_not_asked_again(words: str) -> None:
    chat = lead()
    chat.play("quiero un turno el martes", 1)

    assert chat(words) == "Perfecto, no reservé nada. Escribime cuando quieras."
    assert "nombre" not in chat("hola")
    assert chat.booked == []


def test_a_second_appointment_of_a_lead_is_under_the_name_they_gave() -> None:
    chat = lead()
    chat.play("quiero un turno el lunes", 1, "Ana Pérez")

    assert "confirmado para Ana Pérez" in chat.play("quiero otro turno para el jueves", 1)


def test_a_clinic_may_do_without_names() -> None:
    chat = lead()
    chat.world.professional["policies"] = {"ask_name": False}

    assert "confirmado" in chat.play("quiero un turno", 1)


def test_a_question_in_between_is_answered_and_the_name_asked_again_without_losing_the_time() -> None:
    chat = lead()
    chat.play("quiero un turno el jueves", 1)

    beside = chat("¿cuánto sale la limpieza?")
    confirmed = chat("Ana Pérez")

    assert beside.startswith("Limpieza: $ 30.000.\nTe guardo el jueves 26 de noviembre a las 09:00")
    assert "confirmado para Ana Pérez" in confirmed


def test_another_time_of_the_list_may_be_taken_while_the_name_is_asked() -> None:
    chat = lead()
    chat.play("quiero un turno el jueves", 1)

    asked = chat("mejor el segundo")
    chat("Ana Pérez")

    assert "Te guardo el jueves 26 de noviembre a las 09:30" in asked
    assert chat.booked == [(at(26, 9, 30), "Ana Pérez")]


def test_a_time_that_is_not_on_the_list_is_searched_while_the_name_is_asked() -> None:
    chat = lead()
    chat.play("quiero un turno el jueves", 1)

    chat("mejor a las 11")
    assert chat.titles[:2] == ["Jue 26 nov · 11:00", "Jue 26 nov · 11:30"]
    chat.play(1, "Ana Pérez")
    assert chat.booked == [(at(26, 11), "Ana Pérez")]


def test_another_day_is_searched_while_the_name_is_asked() -> None:
    chat = lead()
    chat.play("quiero un turno el jueves", 1, "mejor otro día")

    assert chat.titles[0] == "Vie 27 nov · 09:00"


@pytest.mark.parametrize("silence", [["mmm", "no se"], ["👍", "ok"], ["???", "eh"]])
def test_a_name_that_is_not_given_twice_goes_to_a_person(silence: list[str]) -> None:
    chat = lead()
    chat.play("quiero un turno", 1)

    last = chat.play(*silence)

    assert "Prefiero no equivocarme" in last
    assert chat.world.conversation.handoff_reason == "low_confidence"
    assert chat.booked == []


def test_a_hold_that_ran_out_and_was_taken_meanwhile_leads_to_other_times_of_that_day() -> None:
    chat = lead()
    chat.play("quiero un turno el jueves a las 9", 1)
    chat.world.now += timedelta(minutes=11)
    somebody = Interval(at(26, 9), at(26, 9, 30))
    chat.world.has_appointment(somebody.starts_at, conversation_id=uuid4(), patient_id=None)

    answer = chat("Ana Pérez")

    assert "Ese horario ya no está disponible." in answer
    assert all("26 nov" in title for title in chat.titles)
    assert "Jue 26 nov · 09:00" not in chat.titles


# ---- choosing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "starts_at"),
    [
        ("el primero", at(26, 9)),
        ("el último", at(26, 17, 30)),
        ("a las 10 y media", at(26, 10, 30)),
        ("10:30 me sirve", at(26, 10, 30)),
        ("dale, el de las 17:30", at(26, 17, 30)),
        ("a las 5 y media de la tarde", at(26, 17, 30)),
    ],
)
def test_a_time_of_the_list_is_taken_in_words(words: str, starts_at: datetime) -> None:
    chat = patient()
    chat.play("quiero un turno el jueves", words)

    assert chat.booked == [(starts_at, "Lucía Pérez")]


def test_words_that_fit_several_are_asked_about_with_those_alone() -> None:
    chat = patient()
    chat("quiero un turno para el lunes o el martes")

    answer = chat("el martes")

    assert answer == "¿Cuál de estos horarios?"
    assert chat.titles
    assert all(title.startswith("Mar 24") for title in chat.titles)
    assert chat.booked == []


@pytest.mark.parametrize("words", ["ninguno me sirve", "no puedo en esos horarios", "¿no hay otro horario?"])
def test_who_takes_none_of_the_list_is_shown_others(words: str) -> None:
    chat = patient()
    chat("quiero un turno")
    first = set(chat.titles)

    chat(words)

    assert chat.titles
    assert not first & set(chat.titles)


@pytest.mark.parametrize("words", ["¿otro día?", "esos días no puedo"])
def test_another_day_is_a_day_after_those_shown(words: str) -> None:
    chat = patient()
    chat("quiero un turno para mañana")
    chat(words)

    assert chat.titles
    assert not [title for title in chat.titles if title.startswith(("Dom 22", "Lun 23"))]


def test_a_day_that_does_not_suit_is_left_out_although_it_sounds_like_calling_off() -> None:
    chat = patient((at(26, 10), None))
    chat("quiero otro turno para mañana")
    chat("otro día, mañana no puedo")

    assert chat.titles
    assert not [title for title in chat.titles if title.startswith("Lun 23")]
    assert chat.cancelled == []


@pytest.mark.parametrize(("words", "day"), [("¿tenés el viernes a la tarde?", "Vie 27"), ("mejor el sábado", "Sáb 28")])
def test_another_day_that_is_named_is_searched(words: str, day: str) -> None:
    chat = patient()
    chat("quiero un turno")
    chat(words)

    assert chat.titles[0].startswith(day)


def test_a_time_that_is_not_on_the_list_is_searched_on_the_day_of_the_list() -> None:
    chat = patient()
    chat("quiero un turno el martes")
    assert "Mar 24 nov · 10:00" not in chat.titles

    chat("¿y a las 10?")

    assert chat.titles[0] == "Mar 24 nov · 10:00"


def test_later_than_what_is_on_the_list_is_searched_on_its_days() -> None:
    chat = patient()
    chat("quiero un turno el martes a la mañana")
    first = set(chat.titles)

    chat("¿más tarde no hay?")

    assert chat.titles
    assert all(title.startswith("Mar 24") for title in chat.titles[:3])
    assert not first & set(chat.titles)


def test_no_thanks_books_nothing_and_offers_nothing_more() -> None:
    chat = patient()
    chat("quiero un turno")

    assert chat("no, gracias") == "Perfecto, no reservé nada. Escribime cuando quieras."
    assert chat.booked == []


def test_what_is_not_free_is_said_above_what_comes_closest() -> None:
    chat = patient()

    assert "Para ese momento no hay turnos libres; esto es lo más cercano." in chat("turno para el jueves a las 22")


def test_of_two_who_choose_the_same_time_the_second_reads_alternatives_of_that_day_at_once() -> None:
    chat = patient()
    chat("quiero un turno el jueves")
    chat.world.has_appointment(at(26, 9), conversation_id=uuid4(), patient_id=None)

    answer = chat(1)

    assert answer.startswith("Ese horario ya no está disponible.\nEstos son los horarios libres.")
    assert "Jue 26 nov · 09:30" in chat.titles
    assert "Jue 26 nov · 09:00" not in chat.titles


def test_a_time_that_is_gone_is_never_committed() -> None:
    chat = patient()
    chat("quiero un turno el jueves")
    chat.world.has_appointment(at(26, 9), conversation_id=uuid4(), patient_id=None)
    chat(1)

    assert "before commit" not in chat.world.moments


def test_a_second_tap_on_the_same_time_is_told_again_and_books_nothing_more() -> None:
    chat = patient()
    chat("quiero un turno el jueves")

    first, second = chat(1), chat(1)

    assert first == second
    assert chat.booked == [(at(26, 9), "Lucía Pérez")]


def test_one_appointment_too_many_is_left_to_a_person_before_anything_is_offered() -> None:
    chat = patient((at(24, 10), None), (at(25, 10), None), (at(26, 10), None))

    answer = chat("quiero otro turno")

    assert "hasta 3 turnos próximos" in answer
    assert "persona del equipo" in answer
    assert chat.world.conversation.handoff_reason == "requested"
    assert chat.world.offers == {}


# ---- for others ------------------------------------------------------------------------------------------------------


def test_for_children_the_names_are_asked_and_both_are_booked_one_after_the_other() -> None:
    chat = patient()

    asked = chat("Hola! necesito turno para mis hijos para el jueves a la tarde")
    offered = chat("Tomás y Sofía")
    described = chat.rows[0]["description"]
    confirmed = chat(1)

    assert "Decime los nombres de quienes vienen" in asked
    assert offered.startswith("Estos son los horarios libres para Tomás y Sofía, uno después del otro.")
    assert described == "13:00 Tomás, 13:30 Sofía"
    assert "• Tomás: jueves 26 de noviembre a las 13:00\n• Sofía: jueves 26 de noviembre a las 13:30" in confirmed
    assert chat.booked == [(at(26, 13), "Tomás"), (at(26, 13, 30), "Sofía")]


def test_names_that_were_said_are_not_asked() -> None:
    chat = patient()

    assert "libres para Tomás y Sofía" in chat("turno para mis hijos Tomás y Sofía")


def test_for_one_child_only_the_name_is_asked() -> None:
    chat = patient()

    assert "¿Cómo se llama quien viene? Con el nombre alcanza." in chat("quiero un turno para mi hijo")
    assert "libres para Tomás." in chat("Tomás")
    assert all("Tomás" in row["description"] for row in chat.rows)
    assert "confirmado para Tomás" in chat(1)


def test_the_author_may_come_too() -> None:
    chat = patient()
    chat.play("turno para mí y mi hija Mía para el jueves", 1)

    assert chat.booked == [(at(26, 9), "Lucía Pérez"), (at(26, 9, 30), "Mía")]


def test_a_name_that_is_missing_is_asked_for_again() -> None:
    chat = patient()
    chat("quiero turno para mis dos hijos")

    asked = chat("Tomás")
    offered = chat("y Sofía")

    assert "¿Cómo se llama quien viene?" in asked
    assert "libres para Tomás y Sofía" in offered


@pytest.mark.parametrize(("said", "is_booked"), [("Tomás y Sofía", True), ("para mí", True), ("no sé todavía", False)])
def test_the_question_who_comes_takes_names_or_the_author(said: str, is_booked: bool) -> None:
    chat = patient()
    chat.play("quiero turno para mis hijos", said)

    assert bool(chat.rows) is is_booked


def test_children_who_do_not_fit_one_after_the_other_are_asked_about_before_one_is_booked() -> None:
    chat = patient()
    # Every second half hour is taken for two months: nobody gets an hour.
    opening = at(22, 9)
    for day in range(62):
        for hour in range(9):
            start = opening + timedelta(days=day, hours=hour)
            chat.world.has_appointment(start, conversation_id=uuid4(), patient_id=None)

    asked = chat("turno para mis hijos Tomás y Sofía")
    offered = chat("Sí, de a uno")

    assert "No encuentro 2 turnos seguidos" in asked
    assert "empezando por Tomás?" in asked
    assert "libres para Tomás." in offered


def test_after_the_first_of_a_family_the_next_is_asked_for_by_name_alone() -> None:
    chat = lead()
    chat.play("turno para mi hijo Tomás", 1)

    assert "libres para Sofía" in chat("¿y para Sofía?")


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("turno para mis hijos Juan Cruz Gómez y Mía Gómez", ["Juan Cruz Gómez", "Mía Gómez"]),
        ("quiero un turno para Juan Gómez el jueves", ["Juan Gómez"]),
    ],
)
def test_surnames_that_were_said_are_kept(words: str, names: list[str]) -> None:
    chat = lead()
    chat.play(words, 1)

    assert [name for _, name in chat.booked] == names


def test_a_name_that_sounds_like_a_call_answers_the_question() -> None:
    chat = lead()

    assert "libres para Mia" in chat.play("turno para mi hija", "se llama mia")
    assert chat.world.conversation.ai_enabled


def test_who_prefers_a_person_to_one_at_a_time_gets_one() -> None:
    chat = patient()
    chat.world.professional["opening_hours"] = {"thu": [["09:00", "09:45"]]}

    asked = chat("turno para mis hijos Tomás y Sofía")
    answer = chat("Hablar con alguien")

    assert "seguidos" in asked
    assert "persona del equipo" in answer
    assert chat.world.conversation.handoff_reason == "requested"


def test_a_family_that_is_larger_than_what_a_chat_may_book_goes_to_a_person() -> None:
    chat = patient()

    assert "hasta 3 turnos" in chat("turno para mis hijos Tomás, Sofía, Mía y Juan")
    assert chat.world.offers == {}


def test_two_patients_on_one_phone_are_asked_about_and_neither_is_named() -> None:
    chat = lead()
    marta, tomas = (KnownPatient(id=uuid4(), full_name=name) for name in ("Marta Gómez", "Tomás Gómez"))
    chat.world.others = [marta, tomas]

    asked = chat("quiero un turno")
    offered = chat("es para Tomás Gómez")
    chat(1)

    assert "¿Para quién es el turno? Decime nombre y apellido." in asked
    assert "Marta" not in asked
    assert "Tomás" not in asked
    assert "Tomás Gómez" in offered
    [row] = chat.world.booked
    assert (row.patient_id, row.attendee_name) == (tomas.id, "Tomás Gómez")


# ---- cancelling ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    ["cancelá mi turno", "no voy a poder ir el martes, cancelame el turno", "quiero anular la cita del martes"],
)
def test_one_clear_appointment_is_cancelled_at_once_and_can_be_had_again(words: str) -> None:
    chat = patient((at(24, 10), None))

    answer = chat(words)

    assert "Listo: cancelé tu turno del martes 24 de noviembre a las 10:00." in answer
    assert "te busco un turno" in answer
    assert len(chat.cancelled) == 1
    assert "Elegí el que te quede mejor:" in chat("Pedir otro turno")


def test_a_childs_appointment_is_cancelled_by_name() -> None:
    chat = patient((at(24, 10), None), (at(27, 15), "Tomás"))

    answer = chat("cancelá el turno de Tomás")

    assert "cancelé el turno de Tomás del viernes 27 de noviembre a las 15:00" in answer
    assert [row.attendee_name for row in chat.cancelled] == ["Tomás"]


@pytest.mark.parametrize(
    ("words", "day"), [("cancelá el del viernes", 27), ("cancelá el de mañana", 23), ("cancelá el de las 15", 27)]
)
def test_of_several_the_one_that_is_named_is_cancelled(words: str, day: int) -> None:
    chat = patient((at(23, 10), None), (at(27, 15), None))
    chat(words)

    assert [row.starts_at.astimezone(ZONE).day for row in chat.cancelled] == [day]


@pytest.mark.parametrize(
    "choice", ["Vie 27 nov · 15:00", "el segundo", "el del viernes", "el de Tomás", "el de las 15"]
)
def test_of_several_that_are_not_named_the_contact_is_asked_which(choice: str) -> None:
    chat = patient((at(23, 10), None), (at(27, 15), "Tomás"))

    asked = chat("quiero cancelar mi turno")
    assert chat.cancelled == []
    answer = chat(choice)

    assert "Tenés 2 turnos:" in asked
    assert "• viernes 27 de noviembre a las 15:00, Tomás" in asked
    assert "cancelé el turno de Tomás" in answer
    assert [row.attendee_name for row in chat.cancelled] == ["Tomás"]


def test_more_than_three_are_listed() -> None:
    chat = patient(*[(at(day, 10), None) for day in (23, 24, 25, 26)])
    chat("quiero cancelar un turno")

    assert len(chat.rows) == 4
    assert "cancelé" in chat(3)
    assert [row.starts_at for row in chat.cancelled] == [at(25, 10)]


def test_all_of_them_are_cancelled_after_a_tap() -> None:
    chat = patient((at(23, 10), None), (at(27, 15), "Tomás"))

    asked = chat("cancelá los dos turnos")
    assert chat.cancelled == []
    answer = chat("Sí, cancelar")

    assert "¿Confirmás que cancele tu turno del lunes 23" in asked
    assert "cancelé tu turno del lunes 23 de noviembre a las 10:00 y el turno de Tomás" in answer
    assert len(chat.cancelled) == 2


def test_a_button_does_not_do_what_a_question_about_something_else_was_asked_for() -> None:
    chat = patient((at(24, 15), None))
    [mine] = chat.world.booked
    chat("turno para mis hijos el jueves")  # asks who they are, for Thursday
    chat.world.presses("cancel", mine.id, "Cancelar turno")
    chat.world.settle_down()

    assert "cancelé tu turno del martes 24" in chat.world.bodies[-1]
    assert "interactive" in chat.world.outbound[-1].payload
    assert not chat.rows  # no times of Thursday


@pytest.mark.parametrize("words", ["cancelá todo", "cancelame todos los turnos", "quiero cancelar los dos"])
def test_everything_is_cancelled_after_one_tap(words: str) -> None:
    chat = patient((at(24, 15), None), (at(26, 10), "Tomás"))

    asked = chat(words)
    chat("Sí, cancelar")

    assert "tu turno del martes 24" in asked
    assert "el turno de Tomás del jueves 26" in asked
    assert len(chat.cancelled) == 2


def test_another_day_than_the_one_there_is_is_asked_about() -> None:
    chat = patient((at(24, 10), None))

    asked = chat("cancelá el turno del viernes")
    answer = chat("no")

    assert "No encuentro un turno para ese momento; veo tu turno del martes 24 de noviembre a las 10:00." in asked
    assert answer == "Perfecto, no cambié nada: tu turno del martes 24 de noviembre a las 10:00 sigue en pie."
    assert chat.cancelled == []


@pytest.mark.parametrize(
    "words", ["¿puedo cancelar mi turno?", "capaz tenga que cancelar el turno", "🎤 hola, quería cancelar el turno"]
)
@pytest.mark.parametrize(("answer", "cancelled"), [("Sí, cancelar", 1), ("No, mantener", 0), ("dale", 1), ("no", 0)])
def test_what_is_in_doubt_or_was_only_spoken_is_confirmed_first(words: str, answer: str, cancelled: int) -> None:
    chat = patient((at(24, 10), None))

    asked = chat(words)
    assert chat.cancelled == []
    chat(answer)

    assert "¿Confirmás que cancele tu turno del martes 24 de noviembre a las 10:00?" in asked
    assert len(chat.cancelled) == cancelled


@pytest.mark.parametrize(
    ("words", "cancelled"),
    [
        ("sí voy a ir", 0),
        ("sí, voy", 0),
        ("voy a ir", 0),
        ("no, mejor dejalo", 0),
        ("cancelalo", 1),
        ("sí, cancelalo", 1),
        ("no voy a ir", 1),
        ("no puedo ir", 1),
        ("dale", 1),
    ],
)
def test_who_says_that_they_come_cancels_nothing(words: str, cancelled: int) -> None:
    chat = patient((at(24, 10), None))
    chat.play("¿puedo cancelar el turno?", words)

    assert len(chat.cancelled) == cancelled
    assert ("sigue en pie" in chat.world.bodies[-1]) is not bool(cancelled)


def test_a_spoken_yes_cancels_nothing() -> None:
    chat = patient((at(24, 10), None))
    chat.play("🎤 quería cancelar el turno", "🎤 sí, cancelalo")

    assert chat.cancelled == []
    chat("Sí, cancelar")
    assert len(chat.cancelled) == 1


def test_one_is_cancelled_and_another_offered_in_one_message() -> None:
    chat = patient((at(23, 10), None), (at(27, 15), "Tomás"))

    answer = chat("cancelá el de mañana y dame uno el jueves")
    chat("el primero")

    assert "cancelé tu turno del lunes 23 de noviembre a las 10:00.\nEstos son los horarios libres." in answer
    assert all(title.startswith("Jue 26") for title in chat.titles)
    assert chat.booked == [(at(26, 9), "Lucía Pérez"), (at(27, 15), "Tomás")]


def test_two_children_at_the_same_time_are_told_apart() -> None:
    chat = patient((at(24, 15), "Tomás"), (at(24, 15), "Sofía"))
    chat("no puedo ir")

    assert [(row["title"], row["description"]) for row in chat.rows] == [
        ("Mar 24 nov · 15:00", "Tomás"),
        ("Mar 24 nov · 15:00", "Sofía"),
    ]
    assert chat(2).startswith("Listo: cancelé el turno de Sofía")


def test_who_comes_after_all_is_told_that_it_was_cancelled_and_offered_times() -> None:
    chat = patient((at(23, 10), None))

    answer = chat.play("al final no puedo ir", "uy perdón, sí voy")

    assert answer.startswith("Ese turno ya quedó cancelado.\nEstos son los horarios libres.")
    assert chat.world.alert_kinds == []


def test_one_is_cancelled_and_the_other_one_moved_in_one_message() -> None:
    chat = patient((at(23, 10), None), (at(25, 10), None))

    answer = chat("cancelá el de mañana y el otro pasalo al viernes")
    chat(1)

    assert "cancelé tu turno del lunes 23" in answer
    assert "Tu turno del miércoles 25 de noviembre a las 10:00 sigue en pie" in answer
    assert chat.booked == [(at(27, 9), "Lucía Pérez")]


def test_who_cannot_come_and_asks_for_another_day_cancels_nothing() -> None:
    chat = patient((at(24, 10), None), (at(25, 10), None))

    assert "Tu turno del martes 24" in chat("no puedo ir el martes, pasalo al jueves")
    assert chat.cancelled == []


def test_who_lets_a_move_be_is_told_that_the_appointment_stands() -> None:
    chat = patient((at(24, 15), None))

    answer = chat.play("quiero cambiar mi turno al jueves", "no, dejalo como está")

    assert answer == "Perfecto, no cambié nada: tu turno del martes 24 de noviembre a las 15:00 sigue en pie."


def test_what_was_wanted_besides_is_not_forgotten_while_it_is_asked_which_to_cancel() -> None:
    chat = patient((at(23, 10), None), (at(27, 15), "Tomás"))
    chat("cancelá el turno y dame uno el jueves")

    answer = chat("el de Tomás")

    assert "cancelé el turno de Tomás" in answer
    assert all(title.startswith("Jue 26") for title in chat.titles)


def test_without_an_appointment_a_person_is_asked() -> None:
    chat = patient()

    assert "No encuentro un turno próximo con este número: le paso tu pedido a la clínica" in chat("cancelá mi turno")
    assert chat.world.alert_kinds == ["cancel_request"]


def test_an_appointment_of_somebody_else_is_not_cancelled_by_its_id() -> None:
    chat = patient((at(24, 10), None))
    other = chat.world.has_appointment(at(25, 10), conversation_id=uuid4(), patient_id=uuid4())
    chat.world.presses("cancel", other.id, "Sí, cancelar")
    chat.world.settle_down()

    assert other in chat.world.booked


def test_a_tap_twice_is_told_twice_and_done_once() -> None:
    chat = patient((at(24, 10), None))
    mine = chat.world.booked[0]
    for _ in range(2):
        chat.world.presses("cancel", mine.id, "Sí, cancelar")
    chat.world.settle_down()

    assert "cancelé tu turno" in chat.world.bodies[-1]
    assert len(chat.cancelled) == 1


def test_a_button_that_is_tapped_again_days_later_cancels_nothing_else() -> None:
    chat = patient((at(24, 10), None), (at(27, 10), None))
    first = chat.world.booked[0]
    for _ in range(2):
        chat.world.presses("cancel", first.id, "Sí, cancelar")
        chat.world.settle_down()
        chat.world.now += timedelta(hours=5)

    assert "cancelé tu turno del martes 24" in chat.world.bodies[-1]
    assert chat.booked == [(at(27, 10), "Lucía Pérez")]


@pytest.mark.parametrize("is_of_before", [True, False])
def test_a_button_of_before_a_move_asks_before_it_cancels_the_new_time(is_of_before: bool) -> None:
    chat = patient((at(23, 10), None))
    chat("quiero cambiar mi turno al jueves")
    reminder = chat.world.outbound[-1].external_id
    chat(1)
    if not is_of_before:
        reminder = chat.world.outbound[-1].external_id
    button = {"reply_id": f"cancel:{chat.world.booked[0].id}"}
    chat.world.writes("No puedo ir", type="interactive", payload=button, reply_to_external_id=reminder)
    chat.world.settle_down()

    assert bool(chat.cancelled) is not is_of_before
    if is_of_before:
        assert "¿Confirmás que cancele tu turno del jueves 26" in chat.world.bodies[-1]
        assert chat("Sí, cancelar").startswith("Listo: cancelé tu turno del jueves 26")


def test_a_button_of_an_appointment_that_is_not_theirs_asks_before_it_does_anything() -> None:
    chat = patient((at(24, 10), None))
    chat.world.presses("cancel", uuid4(), "Sí, cancelar")
    chat.world.settle_down()

    assert "¿Confirmás que cancele tu turno del martes 24" in chat.world.bodies[-1]
    assert chat.cancelled == []


# ---- moving ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "quiero cambiar mi turno para el jueves a la tarde",
        "¿puedo pasar el turno del martes al jueves a la tarde?",
        "no puedo ir el martes, ¿puede ser el jueves a la tarde?",
    ],
)
def test_an_appointment_is_moved_to_a_time_that_was_chosen_and_stands_until_then(words: str) -> None:
    chat = patient((at(24, 10), None))
    mine = chat.world.booked[0].id

    offered = chat(words)
    assert [row.starts_at for row in chat.world.booked] == [at(24, 10)]
    moved = chat("a las 4 me sirve")

    assert "Tu turno del martes 24 de noviembre a las 10:00 sigue en pie hasta que elijas otro horario." in offered
    assert all(title.startswith("Jue 26") for title in [*chat.titles])
    assert "Listo: tu turno quedó para el jueves 26 de noviembre a las 16:00." in moved
    assert [(row.id, row.starts_at) for row in chat.world.booked] == [(mine, at(26, 16))]


def test_of_several_the_one_to_move_is_asked_for_and_named() -> None:
    chat = patient((at(24, 10), None), (at(27, 10), "Tomás"))

    chat("necesito cambiar un turno")
    offered = chat("el del viernes")
    moved = chat("el lunes a las 9")

    assert "El turno de Tomás del viernes 27 de noviembre a las 10:00 sigue en pie" in offered
    assert "libres para Tomás" in offered
    assert "Listo: el turno de Tomás quedó para el lunes 23 de noviembre a las 09:00." in moved
    assert chat.booked == [(at(23, 9), "Tomás"), (at(24, 10), "Lucía Pérez")]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("¿puedo correr mi turno una hora más tarde?", "Mar 24 nov · 11:00"),
        ("¿me lo pasás media hora antes?", "Mar 24 nov · 09:30"),
        ("quiero mover mi turno para el día siguiente", "Mié 25 nov · 10:00"),
    ],
)
def test_a_time_that_is_said_from_the_appointment_is_offered_first(words: str, first: str) -> None:
    chat = patient((at(24, 10), None))
    chat(words)

    assert chat.titles[0] == first


def test_a_time_without_a_day_is_one_of_the_day_of_the_appointment() -> None:
    chat = patient((at(24, 15), None))

    chat("no puedo a las 15, mejor a las 16")
    assert chat.titles[0] == "Mar 24 nov · 16:00"
    chat(1)
    assert chat.booked == [(at(24, 16), "Lucía Pérez")]


def test_a_move_whose_time_was_taken_leaves_the_appointment_where_it_was() -> None:
    chat = patient((at(24, 10), None))
    chat("quiero cambiar mi turno al jueves a la tarde")
    chat.world.has_appointment(at(26, 13), conversation_id=uuid4(), patient_id=None)

    answer = chat(1)

    assert answer.startswith("Ese horario ya no está disponible.\nTu turno del martes 24")
    assert (at(24, 10), "Lucía Pérez") in chat.booked
    chat(1)
    assert (at(24, 10), "Lucía Pérez") not in chat.booked


def test_without_any_appointment_a_wish_to_move_asks_a_person_and_a_bare_day_offers() -> None:
    assert "No encuentro un turno próximo" in patient()("quiero cambiar mi turno al jueves")
    assert "horarios libres" in patient()("¿tenés el jueves a la tarde?")


# ---- confirming ------------------------------------------------------------------------------------------------------


def test_who_confirms_is_expected_and_it_is_kept() -> None:
    chat = patient((at(24, 10), None))

    assert "¡Gracias por confirmar! Te esperamos el martes 24 de noviembre a las 10:00." in chat("confirmo el turno")
    assert chat.world.booked[0].confirmed_at is not None


def test_the_button_of_a_reminder_confirms_that_appointment() -> None:
    chat = patient((at(24, 10), None), (at(23, 15), "Tomás"))
    tomas = next(row for row in chat.world.booked if row.attendee_name == "Tomás")
    chat.world.presses("confirm", tomas.id, "Confirmo")
    chat.world.settle_down()

    assert "Esperamos a Tomás mañana lunes a las 15:00." in chat.world.bodies[-1]
    assert [row.attendee_name for row in chat.world.booked if row.confirmed_at] == ["Tomás"]


def test_which_of_several_is_confirmed_is_asked() -> None:
    chat = patient((at(24, 10), None), (at(23, 15), "Tomás"))

    assert "¿Cuál querés confirmar?" in chat("confirmo")
    assert "Esperamos a Tomás" in chat("el de Tomás")


def test_appointments_are_told_with_whose_they_are() -> None:
    chat = patient((at(24, 10), None), (at(23, 15), "Tomás"))

    answer = chat("¿cuándo tengo turno?")

    assert "Tenés turno mañana lunes a las 15:00 (Tomás) y el martes 24 de noviembre a las 10:00." in answer


# ---- by voice --------------------------------------------------------------------------------------------------------


def test_a_time_that_was_spoken_is_booked_by_a_tap() -> None:
    chat = patient()
    chat("quiero un turno el martes")

    asked = chat("🎤 el de las diez y media de la mañana")
    assert chat.booked == []
    again = chat("🎤 sí, dale")
    assert chat.booked == []
    confirmed = chat("Sí, reservar")

    assert "Entendí que querés el martes 24 de noviembre a las 10:30. ¿Lo reservo?" in asked
    assert asked == again
    assert "Turno confirmado" in confirmed
    assert chat.booked == [(at(24, 10, 30), "Lucía Pérez")]


def test_what_was_heard_wrong_is_searched_again() -> None:
    chat = patient()
    chat.play("quiero un turno el martes", "🎤 el de las diez y media")

    assert "horarios libres" in chat("Otro horario")
    assert chat.booked == []


# ---- whose phone it is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["cancelá mi turno", "¿cuándo es mi turno?", "quiero cambiar mi turno al jueves", "confirmo el turno"]
)
def test_nothing_is_named_or_changed_from_a_phone_in_doubt_before_the_full_name_is_given(words: str) -> None:
    chat = unverified((at(24, 10), None))

    answer = chat(words)

    assert "necesito confirmar con quién hablo" in answer
    assert not re.search(r"24|10:00|martes|Pérez(?! ?!)", answer.replace("¡Hola, Lucía Pérez!", ""))
    assert chat.booked == [(at(24, 10), "Lucía Pérez")]
    assert chat.world.booked[0].confirmed_at is None


def test_the_full_name_on_the_appointment_makes_the_phone_theirs_again() -> None:
    chat = unverified((at(24, 10), None))

    assert "cancelé tu turno" in chat.play("cancelá mi turno", "lucia perez")
    assert chat.world.verified == ["trusted"]


def test_another_name_learns_nothing_and_a_person_looks_after_the_second_one() -> None:
    chat = unverified((at(24, 10), None))

    first = chat.play("cancelá mi turno", "Juan Gómez")
    second = chat("Pedro López")

    assert "No encuentro un turno con ese nombre." in first
    assert "Prefiero no equivocarme" in second
    assert chat.cancelled == []
    assert chat.world.verified == []


def test_a_list_of_before_the_doubt_books_nothing_under_the_old_name() -> None:
    chat = patient()
    chat.play("quiero un turno", "no soy Lucía")

    answer = chat(1)

    assert answer.startswith("Esa lista de horarios ya no vale.\nEstos son los horarios libres.")
    assert "Lucía" not in answer
    assert chat.booked == []


@pytest.mark.parametrize(
    ("asks", "answer"),
    [
        ("¿cuándo es mi turno?", "Tenés turno el jueves 26 de noviembre a las 09:00 (Juana Gómez)."),
        ("quiero cancelar mi turno", "Recibí tu pedido de cancelar el turno (el jueves 26 de noviembre a las 09:00)"),
        ("quiero cambiar mi turno", "Recibí tu pedido de cambiar el turno (el jueves 26 de noviembre a las 09:00)"),
    ],
)
def test_what_was_booked_since_the_doubt_does_not_open_what_was_there_before(asks: str, answer: str) -> None:
    chat = unverified((at(24, 15), None))
    chat.world.now += timedelta(minutes=1)
    chat.play("quiero un turno para el jueves", 1, "Juana Gómez", asks)

    said = chat("Juana Gómez")

    assert said.startswith(answer)
    assert "24" not in said
    assert chat.world.verified == []
    assert len(chat.world.booked) == 2


def test_nobody_is_greeted_by_name_while_the_phone_is_in_doubt() -> None:
    assert "Lucía" not in unverified()("hola")


def test_a_new_appointment_may_be_booked_from_a_phone_in_doubt_under_the_name_that_is_given() -> None:
    chat = unverified((at(24, 10), None))

    chat.play("quiero un turno para el jueves", 1)
    confirmed = chat("Juan Gómez")

    assert "confirmado para Juan Gómez" in confirmed
    assert (at(26, 9), "Juan Gómez") in chat.booked


@pytest.mark.parametrize(
    ("words", "reason"),
    [("Número equivocado", "wrong_number"), ("No soy Lucía", "not_me"), ("ya no es de ella", "not_me")],
)
def test_who_denies_being_the_patient_puts_the_phone_in_doubt_and_is_thanked(words: str, reason: str) -> None:
    chat = patient((at(24, 10), None))

    answer = chat(words)

    assert "Gracias por avisar y disculpá la molestia" in answer
    assert "24" not in answer
    assert chat.world.verified == [reason]


# ---- calendars, other requests, hours --------------------------------------------------------------------------------


def test_a_calendar_that_cannot_be_read_moves_nothing_and_says_so() -> None:
    chat = patient((at(24, 10), None))
    chat.world.failures["busy"] = CalendarUnreadable("unreachable")

    answer = chat("quiero cambiar mi turno al jueves")

    assert "En este momento no puedo consultar la agenda" in answer
    assert chat.world.alert_kinds == ["calendar_unreadable"]
    assert chat.booked == [(at(24, 10), "Lucía Pérez")]


def test_a_new_request_ends_an_open_question() -> None:
    chat = patient((at(24, 10), None))
    chat("quiero un turno para mis hijos")

    assert "cancelé tu turno" in chat("mejor cancelá mi turno del martes")


def test_who_asks_for_a_person_in_the_middle_of_a_question_gets_one() -> None:
    chat = patient()
    chat("quiero un turno para mis hijos")

    assert "persona del equipo" in chat("quiero hablar con una persona")


def test_a_photo_answers_no_question_and_the_question_stays() -> None:
    chat = patient()
    chat("quiero un turno para mis hijos")
    chat.world.writes("📷 Foto", type="image", payload={"image": {"id": "1"}})
    chat.world.settle_down()

    assert "libres para Tomás y Sofía" in chat("Tomás y Sofía")


def test_an_answer_to_a_question_is_not_counted_as_not_understood() -> None:
    chat = patient()
    chat.play("quiero un turno para mis hijos", "Tomás y Sofía")
    metadata = chat.world.outbound[-1].ai_metadata or {}

    assert (metadata["intent"], metadata["confidence"]) == ("book_appointment", 1.0)


def test_a_lead_who_goes_by_the_name_on_the_appointment_reads_of_their_own_and_of_the_childs() -> None:
    chat = lead("Carla Núñez")
    chat.play("quiero un turno", 1)
    assert "cancelé tu turno del" in chat("cancelá mi turno")
    chat.play("quiero un turno para mi hijo Bruno", 1)
    assert "cancelé el turno de Bruno del" in chat("cancelá el de Bruno")


def test_a_choice_of_an_offered_time_is_not_counted_as_not_understood() -> None:
    chat = patient()
    chat.play("quiero un turno", "el segundo")
    metadata = chat.world.outbound[-1].ai_metadata or {}

    assert (metadata["intent"], metadata["confidence"]) == ("book_appointment", 1.0)
    assert "con otras palabras" in chat("asdf qwer zxcv"), "not understood once, not twice"


def test_facts_asked_along_with_a_cancellation_are_answered_in_the_same_message() -> None:
    chat = patient((at(24, 10), None))

    answer = chat("cancelá mi turno, y decime cuál es la dirección")

    assert "cancelé tu turno" in answer
    assert "Siempreviva 742" in answer


@pytest.mark.parametrize(("country", "words"), [("MX", "tu cita del"), ("CL", "tu hora del"), ("AR", "tu turno del")])
def test_each_country_reads_its_own_word(country: str, words: str) -> None:
    chat = patient((at(24, 10), None))
    chat.world.professional["country"] = country

    assert words in chat("quiero cancelar la cita del martes")


# ---- what must hold in every conversation ----------------------------------------------------------------------------

STORIES: dict[str, tuple[Callable[[], Chat], tuple[str | int, ...]]] = {
    "lead": (lead, ("hola, quiero un turno", 1, "Ana Pérez", "gracias", "cancelá el turno", "Pedir otro turno", 1)),
    "children": (patient, ("turno para mis hijos", "Tomás y Sofía", 2, "cancelá el de Sofía", "¿cuándo es el turno?")),
    "moving": (lambda: patient((at(24, 10), None)), ("quiero cambiar mi turno al jueves", "el último", "confirmo")),
    "which": (lambda: patient((at(24, 10), None), (at(27, 10), "Tomás")), ("cancelá un turno", "el de Tomás")),
    "doubt": (lambda: unverified((at(24, 10), None)), ("cancelá mi turno", "Lucía Pérez")),
    "voice": (patient, ("🎤 quería un turno el martes", "🎤 el de las nueve", "Sí, reservar")),
}


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("persona", [{}, {"tone": "formal"}, {"max_output_tokens": 60}, {"style": "con emojis"}])
def test_every_message_keeps_metas_limits_and_speaks_in_one_voice(story: str, persona: dict[str, Any]) -> None:
    begin, steps = STORIES[story]
    chat = begin()
    chat.world.credential["ai_persona"] = persona
    chat.play(*steps)

    for message in chat.world.outbound:
        assert message.body
        assert not re.search(r"[\[\]{}|]", message.body), "an alternative or a fact that was not filled in"
        interactive = message.payload.get("interactive")
        if interactive:
            keeps_limits(interactive)
    if persona.get("tone") == "formal":
        assert not re.search(r"\b(?:vos|tu|tenés|querés|decime|elegí|te)\b", " ".join(chat.world.bodies).lower())


def keeps_limits(interactive: dict[str, Any]) -> None:
    """Meta's limits of lists and buttons."""
    action = interactive["action"]
    buttons = [item["reply"] for item in action.get("buttons", [])]
    rows = [row for section in action.get("sections", []) for row in section["rows"]]
    assert len(interactive["body"]["text"]) <= (1024 if buttons else 4096)
    assert len(buttons) <= 3
    assert len(rows) <= 10
    assert buttons or rows
    assert all(len(item["title"]) <= 20 and len(item["id"]) <= 256 for item in buttons)
    assert all(len(row["title"]) <= 24 and len(row.get("description", "")) <= 72 and row["id"] for row in rows)
    assert len({item["id"] for item in [*buttons, *rows]}) == len(buttons) + len(rows)
    assert len({item["title"] for item in buttons}) == len(buttons)


@pytest.mark.parametrize("story", STORIES)
def test_every_time_that_is_stated_as_booked_is_a_committed_row(story: str) -> None:
    begin, steps = STORIES[story]
    chat = begin()
    for step in steps:
        body = chat(step)
        if "confirmado" in body or "quedó para" in body:
            told = set(re.findall(r"\d\d:\d\d", body))
            committed = {f"{row.starts_at.astimezone(ZONE):%H:%M}" for row in chat.world.booked}
            assert told
            assert told <= committed


def test_ids_of_buttons_are_those_that_code_understands() -> None:
    chat = patient((at(24, 10), None))
    chat("🎤 quería cancelar el turno")

    verbs = {button.split(":")[0]: UUID(button.split(":")[1]) for button in chat.buttons.values()}
    assert verbs == {"cancel": chat.world.booked[0].id, "keep": chat.world.booked[0].id}
