"""The main job, played on a running stack; every claim is asked of Supabase or of Meta's side."""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import httpx

from infra.demo.outside import PATIENCE, Clinic, Dashboard, Number, Patient, Row, RunningStack, equals, eventually
from infra.demo.transcript import Transcript, readable

_COPIES = 3
_SECOND_ANSWER_SECONDS = 2.0
_CANCELLED, _KEPT = "Bruno", "Mía"
_BURST = (
    "Hola!",
    f"Quería turnos de limpieza para mis hijos {_CANCELLED} y {_KEPT}",
    "¿Tenés algo el jueves a la tarde?",
)
_CANCEL = "Al final {name} no puede ir, cancelá el suyo por favor"
_EMOJI_QUESTION = "Buenas tardes 😊 ¿cuánto cuesta la limpieza?"


@dataclass(frozen=True)
class Chat:
    """One patient, the clinic they write to, and that clinic's dashboard."""

    patient: Patient
    clinic: Clinic
    dashboard: Dashboard

    @property
    def number(self) -> Number:
        return self.patient.number


class Story:
    """Five scenes; ``transcript.failures`` names the claims that did not hold."""

    def __init__(self, stack: RunningStack, transcript: Transcript, *, patience: float = PATIENCE) -> None:
        """``patience``: seconds to wait for anything before it counts as not happening."""
        self._stack = stack
        self._tell = transcript
        self._patience = patience
        ferreyra, salgado = stack.clinics[0], stack.clinics[1]
        self._marina = self._chat("Marina Ríos", ferreyra, prefix="54911")
        self._tomas = self._chat("Tomás Herrera", salgado, prefix="52155")

    def play(self) -> None:
        """Play every scene. One that breaks is a failure of the story, and nothing after it would mean anything."""
        scenes: tuple[tuple[str, Callable[[], None]], ...] = (
            ("Dos pacientes escriben a la vez a dos clínicas", self._two_patients_write_at_once),
            ("Cada clínica ve lo suyo y nada de la otra", self._each_clinic_sees_its_own),
            ("Marina elige un horario con un toque, para los dos", self._one_tap_books_both),
            ("Meta entrega tres veces más el mismo aviso", self._a_duplicate_changes_nothing),
            (f"Marina cancela el turno de {_CANCELLED}; alguien que no es Meta, el de {_KEPT}", self._one_cancels),
        )
        for number, (title, scene) in enumerate(scenes, 1):
            self._tell.scene(f"{number} · {title}")
            try:
                scene()
            except (AssertionError, httpx.HTTPError, KeyError, IndexError, ValueError) as error:
                self._tell.expect(f"«{title}» llega a su fin", holds=False, found=f"{type(error).__name__}: {error}")
                return

    def close(self) -> None:
        for chat in (self._marina, self._tomas):
            chat.dashboard.close()

    # ---- 1

    def _two_patients_write_at_once(self) -> None:
        together = threading.Barrier(2)

        def marina_writes() -> None:
            together.wait()
            self._marina.patient.writes_at_once(*_BURST)
            for text in _BURST:
                self._tell.patient_wrote(self._marina.patient, self._marina.clinic.name, text)

        def tomas_writes() -> None:
            together.wait()
            self._tomas.patient.writes(_EMOJI_QUESTION)
            self._tell.patient_wrote(self._tomas.patient, self._tomas.clinic.name, _EMOJI_QUESTION)
            self._tomas.patient.sends("audio", {"voice": True})
            self._tell.patient_wrote(self._tomas.patient, self._tomas.clinic.name, "🎤 nota de voz")

        with ThreadPoolExecutor(2) as pool:
            for writing in [pool.submit(marina_writes), pool.submit(tomas_writes)]:
                writing.result()
        for chat in (self._marina, self._tomas):
            chat.patient.waits_for(1, patience=self._patience)
        self._settle()
        for chat, sent in (
            (self._marina, "sus tres mensajes"),
            (self._tomas, "su pregunta con emoji y la nota de voz"),
        ):
            self._one_answer_of_the_right_clinic(chat, sent)

    def _one_answer_of_the_right_clinic(self, chat: Chat, sent: str) -> None:
        answers = self._stack.sandbox.accepted(to=chat.patient.digits)
        for answer in answers:
            self._tell.clinic_wrote(answer, chat.patient, chat.clinic.name)
        self._expect_equal(f"{chat.patient.name} recibió una sola respuesta a {sent}", len(answers), 1)
        self._expect_equal("salió del número de su clínica", answers[0]["phone_number_id"], chat.number.phone_number_id)
        calls = self._stack.sandbox.calls(route="messages", to=chat.patient.digits)
        self._expect_equal("y con el token de esa clínica", {call["token"] for call in calls}, {chat.number.token_mark})
        persona = self._persona_of(chat)
        text = readable(answers[0])
        self._tell.expect(
            f"habla {persona}, de {chat.clinic.name}, y dice que no es una persona",
            persona in text and chat.clinic.name in text and "no una persona" in text,
            text,
        )

    # ---- 2

    def _each_clinic_sees_its_own(self) -> None:
        self._stored_once(self._marina, inbound=3)
        self._stored_once(self._tomas, inbound=2)
        voice = next(row for row in self._tomas.dashboard.messages_with(self._tomas.patient) if row["type"] == "audio")
        self._expect_equal("la nota de voz está guardada", voice["media_status"], "stored")
        self._tell.expect(
            "en la carpeta de la clínica",
            str(voice["storage_path"]).startswith(f"{self._tomas.clinic.id}/"),
            voice["storage_path"],
        )
        for chat, other in ((self._marina, self._tomas), (self._tomas, self._marina)):
            foreign = other.dashboard.select("marketing_conversations", contact_phone=equals(chat.patient.phone))
            self._expect_equal(f"{other.clinic.name} no ve a {chat.patient.name}", len(foreign), 0)

    def _stored_once(self, chat: Chat, *, inbound: int) -> None:
        rows = chat.dashboard.messages_with(chat.patient)
        received = [row for row in rows if row["direction"] == "inbound"]
        answers = [row for row in rows if row["direction"] == "outbound"]
        self._expect_equal(
            f"{chat.clinic.name} tiene los {inbound} mensajes de {chat.patient.name}, una vez cada uno",
            (len(received), len({row["external_id"] for row in received})),
            (inbound, inbound),
        )
        status = eventually(lambda: self._status_when_read(chat), "la respuesta leída", patience=self._patience)
        self._expect_equal("y la respuesta, leída ✓✓", (len(answers), status), (1, "read"))
        intent = (answers[0]["ai_metadata"] or {}).get("intent") if answers else None
        self._tell.expect(f"con su intención: {intent}", intent)

    def _status_when_read(self, chat: Chat) -> str | None:
        rows = chat.dashboard.messages_with(chat.patient)
        return next((str(row["status"]) for row in rows if row["status"] == "read"), None)

    # ---- 3

    def _one_tap_books_both(self) -> None:
        chat = self._marina
        offer = chat.patient.received()[-1]["content"]
        rows = [row for section in offer["action"]["sections"] for row in section["rows"]]
        chosen = rows[0]
        self._tap = chat.patient.taps(chosen)
        self._tell.patient_wrote(chat.patient, chat.clinic.name, f"👆 {chosen['title']}")
        chat.patient.waits_for(2, patience=self._patience)
        self._settle()
        answers = chat.patient.received()[1:]
        for answer in answers:
            self._tell.clinic_wrote(answer, chat.patient, chat.clinic.name)
        booked = self._statuses_in_the_agenda()
        self._expect_equal(
            "los dos turnos están en la agenda, reservados", booked, {_CANCELLED: "booked", _KEPT: "booked"}
        )
        self._expect_equal("hay una sola confirmación", len(answers), 1)
        told = readable(answers[0]).splitlines()
        for row in self._appointments(chat):
            self._tells_when(row, told)

    def _tells_when(self, row: Row, told: list[str]) -> None:
        starts_at = datetime.fromisoformat(row["starts_at"]).astimezone(self._marina.clinic.timezone)
        line = next((line for line in told if row["attendee_name"] in line), "")
        self._tell.expect(
            f"y dice la hora local {starts_at:%H:%M} y el día {starts_at.day} del turno de {row['attendee_name']}",
            f"{starts_at:%H:%M}" in line and f" {starts_at.day} " in line,
            told,
        )

    def _statuses_in_the_agenda(self) -> dict[str, str]:
        """By whom the appointments are for."""
        return {row["attendee_name"]: row["status"] for row in self._appointments(self._marina)}

    def _appointments(self, chat: Chat) -> list[Row]:
        conversation = chat.dashboard.conversation_with(chat.patient)
        return chat.dashboard.select("appointments", conversation_id=equals(conversation["id"]), order="starts_at")

    # ---- 4

    def _a_duplicate_changes_nothing(self) -> None:
        before = self._everything()
        (delivery,) = self._stack.sandbox.deliveries(message_id=self._tap)
        body = delivery["body"].encode()
        answered = [self._stack.post_webhook(body, self._stack.signature(body)) for _ in range(_COPIES)]
        self._tell.note(f"El toque de Marina llega {_COPIES} veces más, con los mismos bytes y la misma firma.")
        self._expect_equal("el webhook responde 200 cada vez", [a.status_code for a in answered], [HTTPStatus.OK] * 3)
        self._settle()
        after = self._everything()
        changed = [name for name, value in before.items() if after[name] != value]
        self._expect_equal("no cambió nada: mensajes, conversación, turnos, envíos, avisos", changed, [])

    def _everything(self) -> dict[str, Any]:
        chat = self._marina
        conversation = chat.dashboard.conversation_with(chat.patient)
        return {
            "mensajes": chat.dashboard.messages_with(chat.patient),
            "conversación": conversation,
            "turnos": self._appointments(chat),
            "envíos": [message["id"] for message in chat.patient.received()],
            "avisos": chat.dashboard.select("marketing_alerts", entity_id=equals(conversation["id"]), order="id"),
        }

    # ---- 5

    def _one_cancels(self) -> None:
        chat = self._marina
        words = _CANCEL.format(name=_CANCELLED)
        chat.patient.writes(words)
        self._tell.patient_wrote(chat.patient, chat.clinic.name, words)
        forged_id = f"wamid.falso.{chat.patient.digits}"
        self._forgers_are_refused(self._forged_body(forged_id))
        answer = chat.patient.waits_for(3, patience=self._patience)[-1]
        self._settle(second_answer_seconds=0)  # seconds ago the forged ones would have been taken in
        self._tell.clinic_wrote(answer, chat.patient, chat.clinic.name)
        rows = chat.dashboard.select("marketing_messages", "id", external_id=equals(forged_id))
        self._expect_equal("el pedido falso no dejó rastro", len(rows), 0)
        self._expect_equal(
            f"solo el turno de {_CANCELLED} está cancelado",
            self._statuses_in_the_agenda(),
            {_CANCELLED: "cancelled", _KEPT: "booked"},
        )

    def _forgers_are_refused(self, body: bytes) -> None:
        for what, signature in (("sin firma", None), ("con una firma equivocada", f"sha256={'0' * 64}")):
            answer = self._stack.post_webhook(body, signature)
            self._expect_equal(
                f"un pedido {what} recibe 401 signature_invalid",
                (answer.status_code, answer.json().get("code")),
                (HTTPStatus.UNAUTHORIZED, "signature_invalid"),
            )

    def _forged_body(self, message_id: str) -> bytes:
        """What Meta would send, if it were Meta."""
        (delivery,) = self._stack.sandbox.deliveries(message_id=self._tap)
        forged = json.loads(delivery["body"])
        value = forged["entry"][0]["changes"][0]["value"]
        text = {"type": "text", "text": {"body": _CANCEL.format(name=_KEPT)}}
        tap = value["messages"][0]
        value["messages"] = [{**{name: tap[name] for name in ("from", "timestamp")}, "id": message_id, **text}]
        return json.dumps(forged).encode()

    # ---- small things

    def _settle(self, *, second_answer_seconds: float = _SECOND_ANSWER_SECONDS) -> None:
        """Wait until all is stored and answered, and then as long again as a second answer would take to come."""

        def is_over() -> bool:
            owing = [chat for chat in (self._marina, self._tomas) if self._is_owed_an_answer(chat)]
            return not owing and self._stack.is_taken_in()

        eventually(is_over, "everything stored and answered", patience=self._patience)
        time.sleep(second_answer_seconds)
        eventually(is_over, "everything stored and answered", patience=self._patience)

    def _is_owed_an_answer(self, chat: Chat) -> bool:
        found = chat.dashboard.select("marketing_conversations", contact_phone=equals(chat.patient.phone))
        return not found or found[0]["answer_due_at"] is not None or found[0]["epoch"] > found[0]["answered_epoch"]

    def _chat(self, name: str, clinic: Clinic, *, prefix: str) -> Chat:
        patient = self._stack.new_patient(name, clinic.numbers[0], prefix=prefix)
        return Chat(patient, clinic, self._stack.sign_in(clinic))

    def _persona_of(self, chat: Chat) -> str:
        (credential,) = chat.dashboard.select(
            "marketing_channel_credentials", "ai_persona", phone_number_id=equals(chat.number.phone_number_id)
        )
        return str(credential["ai_persona"]["name"])

    def _expect_equal(self, claim: str, found: object, wanted: object) -> None:
        self._tell.expect(claim, found == wanted, f"{found!r} en lugar de {wanted!r}")
