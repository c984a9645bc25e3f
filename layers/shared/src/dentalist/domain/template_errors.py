"""Why templates cannot be had where somebody asks for them."""

from __future__ import annotations

from dentalist.domain.errors import DomainError


class TemplatesNeedWhatsapp(DomainError):
    detail = "Only a WhatsApp number has templates."
