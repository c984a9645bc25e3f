"""People who are there from the start, so that somebody can try the dialogs of a fresh stack."""

from infra.sandbox.accounts import Account, BusinessAccount
from infra.sandbox.google.accounts import GoogleAccount
from infra.sandbox.instagram.accounts import InstagramAccount
from infra.sandbox.logins.people import Business, BusinessWaba, Person
from infra.sandbox.phone_app import AppContact, AppMessage, AppThread, PhoneApp
from infra.sandbox.platform import Platform

_DAY = 24 * 3600
_CHATS = PhoneApp(
    contacts=[
        AppContact(full_name="Marta Godoy", first_name="Marta", phone_number="5491155550401"),
        AppContact(full_name="Insumos Dentales del Sur", phone_number="5491155550402"),
    ],
    threads=[
        AppThread(
            id="5491155550401",
            messages=[
                AppMessage(text="Doctora, ¿me puede cambiar el turno del lunes?", age_seconds=20 * _DAY),
                AppMessage(
                    from_me=True, text="Sí, Marta. ¿Te sirve el miércoles a las 10?", age_seconds=20 * _DAY - 600
                ),
                AppMessage(text="Perfecto, gracias", age_seconds=20 * _DAY - 900),
            ],
        ),
        AppThread(
            id="5491155550402",
            messages=[AppMessage(text="Ya salió el pedido de guantes", age_seconds=6 * 3600, status="DELIVERED")],
        ),
    ],
)


def _number(ending: int, waba_ending: int, shown: str, name: str, phone_app: PhoneApp | None = None) -> Account:
    return Account(
        phone_number_id=f"310000000000{ending}",
        display_phone_number=shown,
        waba_id=f"210987654300{waba_ending}",
        verified_name=name,
        registered=False,
        status="PENDING",
        quality_rating="UNKNOWN",
        messaging_limit="TIER_250",
        on_phone_app=phone_app is not None,
        phone_app=phone_app or PhoneApp(),
    )


def _person(ending: int, name: str, business: str, **accounts: list[str]) -> Person:
    waba = BusinessWaba(waba_id=f"210987654300{ending}")
    owned = Business(id=f"410000000000{ending}", name=business, wabas=[waba])
    return Person(user_id=f"122100000000000{ending}", name=name, businesses=[owned], **accounts)


_NUMBERS = (
    _number(101, 101, "+54 9 11 5032-0101", "Suárez Odontología"),
    _number(102, 101, "+54 9 11 5032-0102", "Suárez Odontología – Belgrano"),
    _number(103, 102, "+54 9 351 503-0103", "Consultorio Dr. Quiroga"),
    _number(104, 103, "+54 9 261 503-0104", "Dra. Benítez Ortodoncia", _CHATS),
)
_INSTAGRAM = InstagramAccount(user_id="17841400000000101", username="suarez.odontologia", name="Suárez Odontología")
_GOOGLE = GoogleAccount(
    email="agenda.suarez@gmail.example", calendar_id="agenda.suarez@gmail.example", summary="Agenda Dra. Suárez"
)
_PEOPLE = (
    _person(101, "Valentina Suárez", "Suárez Odontología", instagram=[_INSTAGRAM.user_id], google=[_GOOGLE.email]),
    _person(102, "Tomás Quiroga", "Consultorio Quiroga"),
    _person(103, "Lucía Benítez", "Benítez Ortodoncia"),
)


def install(platform: Platform) -> None:
    """Put them in place where they are not known yet."""
    for person in _PEOPLE:
        if platform.people.find(person.user_id) is None:
            platform.people.save(person)
    for number in _NUMBERS:
        if number.phone_number_id not in platform.accounts.numbers:
            name = next(p.businesses[0].name for p in _PEOPLE if number.waba_id in p.waba_ids)
            waba = BusinessAccount(waba_id=number.waba_id, subscribed=False, name=name)
            platform.accounts.wabas.setdefault(number.waba_id, waba)
            platform.accounts.register(number.model_copy(deep=True), None)
    if _INSTAGRAM.user_id not in platform.instagram.accounts:
        platform.instagram.save(_INSTAGRAM.model_copy(deep=True))
    if _GOOGLE.email not in platform.google.accounts:
        platform.google.save(_GOOGLE.model_copy(deep=True))
