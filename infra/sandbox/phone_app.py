"""What a number that stays on the phone app holds there: its contacts and its chats of the last half year."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MessageStatus = Literal["DELIVERED", "ERROR", "PENDING", "PLAYED", "READ", "SENT"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AppContact(_Strict):
    """An entry of the phone's address book."""

    full_name: str
    first_name: str | None = None
    phone_number: str = Field(pattern=r"^\d{7,15}$")


class AppMessage(_Strict):
    """One message of a chat; ``text`` is short for type text, other types bring their ``content``."""

    from_me: bool = False
    type: str = "text"
    text: str | None = None
    content: dict[str, Any] | None = None
    age_seconds: int = Field(3600, ge=0, description="how long before it is shared")
    status: MessageStatus = "READ"
    id: str | None = None


class AppThread(_Strict):
    """The chat with one person; ``id`` is their number, digits only."""

    id: str = Field(pattern=r"^\d{7,15}$")
    messages: list[AppMessage] = Field(default_factory=list)


class PhoneApp(_Strict):
    """Everything on the phone; ``shares_history`` false: its owner declined to share the chats."""

    contacts: list[AppContact] = Field(default_factory=list)
    threads: list[AppThread] = Field(default_factory=list)
    shares_history: bool = True
