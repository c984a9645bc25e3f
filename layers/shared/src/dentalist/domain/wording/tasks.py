"""What a task asks of the clinic's people, as they read it in the dashboard. Never a patient's words or name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dentalist.domain.wording.drafts import Task, TaskKind
from dentalist.domain.wording.times import join

# An appointment that the patient never heard of; the send gate raises the same kind for a confirmation it refused.
UNTOLD_BOOKING = "effect_not_told"
UNTOLD_BOOKING_SENTENCE = (
    "El asistente reservó, movió o canceló un turno y no pudo avisarle al paciente. Abrí la conversación y avisale."
)

_SENTENCES = {
    TaskKind.MISSING_FACT: "Un paciente preguntó un dato que falta ({detail}). Respondele y completalo.",
    TaskKind.CANCEL_REQUEST: "Un paciente quiere cancelar un turno. Abrí la conversación y confirmáselo.",
    TaskKind.RESCHEDULE_REQUEST: "Un paciente quiere mover un turno. Abrí la conversación y ofrecele otro.",
    TaskKind.BOOK_REQUEST: "Un paciente quiere un turno y no había ninguno para ofrecerle. Buscale un lugar.",
    TaskKind.CALENDAR_UNREADABLE: (
        "Un paciente quiere un turno y no se pudo leer tu calendario. Buscale un lugar y revisalo en Canales."
    ),
    TaskKind.CONFIRM_ATTENDANCE: "Un paciente confirmó que viene a su turno.",
    TaskKind.RUNNING_LATE: "Un paciente avisó que llega tarde.",
    TaskKind.WRONG_NUMBER: "Alguien avisó que este número no es del paciente. Revisá el teléfono de la ficha.",
    TaskKind.FOREIGN_LANGUAGE: "Alguien escribió en otro idioma. Abrí la conversación y respondele.",
    TaskKind.UNREAD_MEDIA: "Un paciente mandó un audio o un archivo que el asistente no lee. Abrilo y respondele.",
    TaskKind.UNANSWERED: "Un paciente escribió fuera del horario del asistente y espera respuesta.",
}


def describe_tasks(tasks: Sequence[Task]) -> Iterator[tuple[str, str]]:
    """The kind of each task and one sentence for the dashboard; several missing facts are one task that names all."""
    for kind in dict.fromkeys(task.kind for task in tasks):
        details = [task.detail for task in tasks if task.kind is kind and task.detail]
        yield kind.value, _SENTENCES[kind].format(detail=join(details) if details else "un dato")
