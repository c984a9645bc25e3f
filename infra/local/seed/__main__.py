"""``python -m infra.local.seed``: make the three professionals, and print them as ``stack.json`` lists them.

Running it again keeps everything there is: ids, passwords, tokens, and whatever was changed meanwhile. Tokens stand in
the store encrypted as in the cloud; here they are put in place because no one went through the login dialog.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import psycopg.sql
import yaml
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from dentalist.domain.standard_templates import StandardTemplate, standard_template
from dentalist.runtime import wiring

_HERE = Path(__file__).parent
_EVERY_NUMBER_PER_SECOND = 80

Row = dict[str, Any]


def main() -> None:
    """Seed the stack that the environment describes."""
    professionals = yaml.safe_load((_HERE / "professionals.yaml").read_text())
    templates = yaml.safe_load((_HERE / "templates.yaml").read_text())
    with psycopg.connect(os.environ["DATABASE_URL"], row_factory=dict_row) as db:
        _keep_secrets(db)
        described = [_seed(db, wanted, templates) for wanted in professionals]
    _register_in_sandbox(professionals, described, templates)
    json.dump(described, sys.stdout)


def _keep_secrets(db: psycopg.Connection[Row]) -> None:
    """Passwords and sandbox tokens in the clear, for stack.json: they must outlive this process."""
    db.execute("create schema if not exists local_stack")
    db.execute("revoke all on schema local_stack from anon, authenticated, service_role")
    db.execute("create table if not exists local_stack.seeded (email text primary key, password text, token text)")


def _seed(db: psycopg.Connection[Row], wanted: Row, templates: list[Row]) -> Row:
    db.execute(
        "insert into local_stack.seeded values (%s, %s, %s) on conflict do nothing",
        [wanted["email"], secrets.token_urlsafe(12), f"EAAL{secrets.token_hex(24)}"],
    )
    kept = db.execute("select * from local_stack.seeded where email = %s", [wanted["email"]]).fetchone()
    assert kept is not None  # noqa: S101 - inserted above
    professional_id = _user(db, wanted["email"], kept["password"])
    _insert_once(db, "professionals", {"id": professional_id, "email": wanted["email"], **wanted["profile"]})
    db.commit()  # the encrypted tokens are written over the API, which must see the professional
    numbers = [_link_number(db, professional_id, wanted, number, kept["token"]) for number in wanted["whatsapp"]]
    # One of its own, as at Meta: the sandbox is both hosts, and tells by the token which one is meant.
    token = kept["token"].replace("EAAL", "IGAAL", 1)
    accounts = [_link_instagram(db, professional_id, wanted, account, token) for account in wanted["instagram"]]
    for number in numbers:
        for template in _templates_of(wanted, templates):
            _add_template(db, professional_id, number["channel_id"], template)
    for patient in wanted["patients"]:
        _add_patient(db, professional_id, patient)
    db.commit()
    return {
        "id": str(professional_id),
        "email": wanted["email"],
        "password": kept["password"],
        "name": wanted["profile"]["name"],
        "timezone": wanted["profile"]["timezone"],
        "whatsapp": numbers,
        "instagram": accounts,
    }


def _user(db: psycopg.Connection[Row], email: str, password: str) -> UUID:
    known = db.execute("select id from auth.users where email = %s", [email]).fetchone()
    if known:
        return UUID(str(known["id"]))
    key = os.environ["SUPABASE_SECRET_KEY"]
    answer = httpx.post(
        f"{os.environ['SUPABASE_URL']}/auth/v1/admin/users",
        headers={"apikey": key, "Authorization": f"Bearer {key}"},
        json={"email": email, "password": password, "email_confirm": True},
        timeout=20,
    )
    answer.raise_for_status()
    return UUID(answer.json()["id"])


def _link_number(
    db: psycopg.Connection[Row], professional_id: UUID, wanted: Row, number: Row, token: str
) -> dict[str, str]:
    channel_id = _channel(
        db,
        professional_id,
        {
            "channel": "whatsapp",
            "external_business_id": wanted["business_account_id"],
            "phone_number_id": number["phone_number_id"],
            "token_kind": "system",
            "ai_persona": wanted["persona"],
        },
        {
            "display_name": number["display_name"],
            "display_phone_number": number["display_phone_number"],
            "throughput_per_second": _EVERY_NUMBER_PER_SECOND,
        },
        token,
    )
    return {
        "channel_id": str(channel_id),
        "phone_number_id": number["phone_number_id"],
        "display_phone_number": number["display_phone_number"],
        "business_account_id": wanted["business_account_id"],
        "access_token": token,
    }


def _link_instagram(
    db: psycopg.Connection[Row], professional_id: UUID, wanted: Row, account: Row, token: str
) -> dict[str, str]:
    credential = {
        "channel": "instagram",
        "external_business_id": account["user_id"],
        "phone_number_id": None,
        "token_kind": "instagram",
        "ai_persona": wanted["persona"],
    }
    channel_id = _channel(db, professional_id, credential, {"display_name": account["username"]}, token)
    return {
        "channel_id": str(channel_id),
        "user_id": account["user_id"],
        "username": account["username"],
        "access_token": token,
    }


def _channel(db: psycopg.Connection[Row], professional_id: UUID, credential: Row, channel: Row, token: str) -> UUID:
    """The channel of an account, linked now unless it was linked by anybody before."""
    known = db.execute(
        """select ch.id from public.marketing_channels ch
           join public.marketing_channel_credentials cr on cr.id = ch.credential_id
           where cr.professional_id = %s and cr.channel = %s and cr.external_business_id = %s
             and cr.phone_number_id is not distinct from %s""",
        [professional_id, credential["channel"], credential["external_business_id"], credential["phone_number_id"]],
    ).fetchone()
    if known:
        return UUID(str(known["id"]))
    credential_id, channel_id = uuid4(), uuid4()
    sealed = wiring.credentials().seal_access_token(
        professional_id, credential_id, channel=credential["channel"], token=token
    )
    owned = {"professional_id": professional_id, "status": "connected"}
    secret = {"id": credential_id, "access_token_encrypted": sealed, **owned, **credential}
    _insert_once(db, "marketing_channel_credentials", secret)
    visible = {"id": channel_id, "credential_id": credential_id, "type": credential["channel"], **owned, **channel}
    _insert_once(db, "marketing_channels", visible)
    return channel_id


def _templates_of(professional: Row, own: list[Row]) -> list[Row]:
    """What Meta has approved for a clinic: templates of its own, and the set that every clinic needs."""
    language = professional["template_language"]
    return [
        *({**template, "language": language} for template in own),
        *(standard_template(name, language) for name in StandardTemplate),
    ]


def _add_template(db: psycopg.Connection[Row], professional_id: UUID, channel_id: str, template: Row) -> None:
    row = {"professional_id": professional_id, "channel_id": channel_id, "status": "APPROVED"}
    _insert_once(db, "marketing_templates", {**row, **template})


def _add_patient(db: psycopg.Connection[Row], professional_id: UUID, patient: Row) -> None:
    known = db.execute(
        "select 1 from public.patients where professional_id = %s and phone = %s", [professional_id, patient["phone"]]
    ).fetchone()
    if not known:
        _insert_once(db, "patients", {"professional_id": professional_id, **patient})


def _insert_once(db: psycopg.Connection[Row], table: str, row: Row) -> None:
    values = [Jsonb(value) if isinstance(value, dict | list) else value for value in row.values()]
    columns = psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, row))
    statement = psycopg.sql.SQL("insert into {} ({}) values ({}) on conflict do nothing").format(
        psycopg.sql.Identifier("public", table),
        columns,
        psycopg.sql.SQL(", ").join([psycopg.sql.Placeholder()] * len(row)),
    )
    db.execute(statement, values)


def _register_in_sandbox(wanted: list[Row], described: list[Row], templates: list[Row]) -> None:
    """Make the accounts known to the simulator of Meta, with their tokens; numbers also with approved templates."""
    for professional, seeded in zip(wanted, described, strict=True):
        for number, channel in zip(professional["whatsapp"], seeded["whatsapp"], strict=True):
            account = {
                "phone_number_id": number["phone_number_id"],
                "display_phone_number": number["display_phone_number"],
                "waba_id": professional["business_account_id"],
                "access_token": channel["access_token"],
                "verified_name": number["display_name"],
                "templates": _templates_of(professional, templates),
            }
            _put_in_sandbox("accounts", account)
        for account, channel in zip(professional["instagram"], seeded["instagram"], strict=True):
            _put_in_sandbox("instagram", {**account, "access_token": channel["access_token"]})


def _put_in_sandbox(kind: str, account: Row) -> None:
    httpx.post(f"{os.environ['SANDBOX_URL']}/control/{kind}", json=account, timeout=10).raise_for_status()


if __name__ == "__main__":
    main()
