"""What a task asks of the clinic's people, as they read it in the dashboard. Never a patient's words or name."""

from __future__ import annotations

from dentalist.domain.wording.drafts import Task, TaskKind

_SENTENCES = {
    TaskKind.MISSING_FACT: "Un paciente preguntó algo que la asistente no sabe ({detail}). Respondele y completá el dato.",
    TaskKind.CANCEL_REQUEST: "Un paciente quiere cancelar un turno. Abrí la conversación y confirmáselo.",
    TaskKind.RESCHEDULE_REQUEST: "Un paciente quiere mover un turno. Abrí la conversación y ofrecele otro.",
    TaskKind.BOOK_REQUEST: "Un paciente quiere un turno y no había ninguno para ofrecerle. Buscale un lugar.",
    TaskKind.CONFIRM_ATTENDANCE: "Un paciente confirmó que viene a su turno.",
    TaskKind.RUNNING_LATE: "Un paciente avisó que llega tarde.",
    TaskKind.WRONG_NUMBER: "Alguien avisó que este número no es del paciente. Revisá el teléfono de la ficha.",
    TaskKind.FOREIGN_LANGUAGE: "Alguien escribió en otro idioma. Abrí la conversación y respondele.",
    TaskKind.UNREAD_MEDIA: "Un paciente mandó un audio o un archivo que la asistente no puede leer. Abrilo y respondele.",
    TaskKind.UNANSWERED: "Un paciente escribió fuera del horario de la asistente y espera respuesta.",
}


def describe_task(task: Task) -> str:
    """One sentence for the dashboard."""
    return _SENTENCES[task.kind].format(detail=task.detail or "un dato")
