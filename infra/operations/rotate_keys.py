"""``make rotate-keys``: wrap the tenants' data keys anew; with ``DATA=1`` make new ones and seal every secret again.

Works on what the environment names (``SUPABASE_URL``, ``SUPABASE_SECRET_KEY``, ``CREDENTIALS_KMS_KEY_ID`` and AWS's own
variables), else on the local stack. Everything keeps running meanwhile; a run that was cut short is simply run again.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime, timedelta

import httpx

from dentalist.domain.errors import KeyRefused, StoreUnavailable
from dentalist.outbound.aws.clients import aws_client
from dentalist.outbound.aws.keys import KeyService
from dentalist.services.rotate_keys import Rotation, renew_data_keys, rewrap_keys
from dentalist.storage.database import Database
from dentalist.storage.key_rotation import SupabaseKeyStore
from infra.local.paths import StackPaths
from infra.local.stack import Stack, settings_of_caller

# What a run that was cut short did within this time is not done again.
_RESUMED_WITHIN = timedelta(hours=1)
_TIMEOUT = httpx.Timeout(30, connect=5)


def main() -> int:
    """Run one rotation and print what it did; 0 when it got through."""
    arguments = _parser().parse_args()
    environment = _environment()
    since = datetime.now(UTC) - (timedelta(0) if arguments.again else _RESUMED_WITHIN)
    try:
        with httpx.Client(timeout=_TIMEOUT) as http:
            done = _rotate(_key_store(environment, http), since, data=arguments.data)
    except (StoreUnavailable, KeyRefused) as error:
        print(f"Stopped: {error.detail} What was done stays done; run it again.", file=sys.stderr)
        return 1
    print(_told(done))
    return 1 if done.unreadable or done.lost_keys else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make rotate-keys", description=__doc__)
    parser.add_argument("--data", action="store_true", help="also make new data keys and seal every secret again")
    parser.add_argument("--again", action="store_true", help="also do what was done within the last hour")
    return parser


def _environment() -> dict[str, str]:
    if "SUPABASE_URL" in os.environ:
        return dict(os.environ)
    paths = StackPaths.from_environment()
    if not paths.stack_file.exists():
        raise SystemExit("There is no local stack (make up), and no SUPABASE_URL in the environment.")
    return Stack(paths, settings_of_caller()).application_environment()


def _key_store(environment: dict[str, str], http: httpx.Client) -> SupabaseKeyStore:
    os.environ.update({name: value for name, value in environment.items() if name.startswith("AWS_")})
    db = Database(environment["SUPABASE_URL"], environment["SUPABASE_SECRET_KEY"], http=http)
    keys = KeyService(environment["CREDENTIALS_KMS_KEY_ID"], kms=aws_client("kms", read_timeout=10, attempts=4))
    return SupabaseKeyStore(db, keys)


def _rotate(store: SupabaseKeyStore, since: datetime, *, data: bool) -> Rotation:
    done = rewrap_keys(store, since=since)
    if data:
        renewed = renew_data_keys(store, since=since)
        renewed.rewrapped, renewed.overtaken = done.rewrapped, done.overtaken + renewed.overtaken
        renewed.lost_keys = done.lost_keys
        return renewed
    return done


def _told(done: Rotation) -> str:
    lines = [
        f"{done.rewrapped} data keys wrapped anew, {done.new_keys} made, {done.dropped} old ones deleted.",
        f"{done.resealed} secrets sealed again; {done.overtaken} were replaced meanwhile by somebody else.",
    ]
    if done.lost_keys:
        listed = ", ".join(str(found) for found in done.lost_keys)
        lines.append(f"{len(done.lost_keys)} data keys do not open, nor does what is sealed under them: {listed}")
    if done.unreadable:
        listed = ", ".join(str(found) for found in done.unreadable)
        lines.append(f"{len(done.unreadable)} do not open and have to be linked again (credential ids): {listed}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
