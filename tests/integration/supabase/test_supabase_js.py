"""The dashboard's client library against the local server."""

import json
import os
import subprocess
from pathlib import Path
from uuid import uuid4

from tests.database.stack import LITE, NODE, PASSWORD, SupabaseServer

SCRIPT = Path(__file__).with_name("dashboard_client.mjs")


def test_somebody_signs_up_and_in_with_supabase_js_and_stays_in_the_own_tenant(supabase: SupabaseServer) -> None:
    owner = uuid4()
    supabase.service().storage.from_("marketing-assets").upload(f"{owner}/a.png", b"bytes")
    environment = {
        **os.environ,
        "LITE": str(LITE),
        "SUPABASE_URL": supabase.url,
        "PUBLISHABLE_KEY": supabase.publishable_key,
        "EMAIL": f"{uuid4().hex}@example.com",
        "PASSWORD": PASSWORD,
        "OBJECT_OWNER": str(owner),
    }

    done = subprocess.run([NODE, str(SCRIPT)], env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "same_user": True,
        "patients": [],
        "wrong_password": "invalid_credentials",
        "encrypted_column": "42501",
        "foreign_object": "Object not found",
        "refreshed": True,
    }
