"""The bucket marketing-assets: bytes survive the round trip, and each professional sees one folder only."""

from typing import NamedTuple
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from storage3.exceptions import StorageApiError

from tests.database.stack import SupabaseServer

BUCKET = "marketing-assets"
BYTES = bytes(range(256)) * 300


class Person(NamedTuple):
    id: UUID
    token: str


@pytest.fixture
def ana(supabase: SupabaseServer) -> Person:
    return Person(*supabase.sign_up())


@pytest.fixture
def bruno(supabase: SupabaseServer) -> Person:
    return Person(*supabase.sign_up())


def test_bytes_and_their_type_survive_upload_download_and_copy(supabase: SupabaseServer) -> None:
    bucket, path = supabase.service().storage.from_(BUCKET), f"{uuid4()}/nota de voz.ogg"
    bucket.upload(path, BYTES, {"content-type": "audio/ogg"})
    bucket.copy(path, f"{path}.copy")

    assert bucket.download(path) == BYTES
    assert bucket.download(f"{path}.copy") == BYTES
    answer = httpx.get(bucket.create_signed_url(path, 60)["signedURL"])
    assert (answer.content, answer.headers["content-type"]) == (BYTES, "audio/ogg")


def test_an_upload_replaces_only_when_asked_to(supabase: SupabaseServer) -> None:
    bucket, path = supabase.service().storage.from_(BUCKET), f"{uuid4()}/a.png"
    bucket.upload(path, b"first")

    with pytest.raises(StorageApiError):
        bucket.upload(path, b"second")
    bucket.upload(path, b"third", {"upsert": "true"})

    assert bucket.download(path) == b"third"


def test_a_removed_object_is_gone(supabase: SupabaseServer) -> None:
    bucket, path = supabase.service().storage.from_(BUCKET), f"{uuid4()}/a.png"
    bucket.upload(path, BYTES)
    signed = bucket.create_signed_url(path, 60)["signedURL"]

    bucket.remove([path])

    with pytest.raises(StorageApiError):
        bucket.download(path)
    assert httpx.get(signed).status_code == 400


def test_several_objects_are_signed_in_one_call(supabase: SupabaseServer) -> None:
    bucket, folder = supabase.service().storage.from_(BUCKET), uuid4()
    paths = [f"{folder}/uno.png", f"{folder}/dós #2.png"]
    for path in paths:
        bucket.upload(path, path.encode())

    signed = bucket.create_signed_urls([*paths, f"{folder}/missing.png"], 60)

    assert [httpx.get(item["signedURL"]).content for item in signed[:2]] == [path.encode() for path in paths]
    assert signed[2]["error"]


def test_a_signed_upload_takes_one_put_of_the_bytes(supabase: SupabaseServer) -> None:
    bucket, path = supabase.service().storage.from_(BUCKET), f"{uuid4()}/post.jpg"
    signed = bucket.create_signed_upload_url(path)

    answer = httpx.put(signed["signed_url"], content=BYTES, headers={"content-type": "image/jpeg"})

    assert answer.status_code == 200
    assert bucket.download(path) == BYTES


def test_a_signed_url_ends_and_cannot_be_altered(supabase: SupabaseServer) -> None:
    bucket, path = supabase.service().storage.from_(BUCKET), f"{uuid4()}/a.png"
    bucket.upload(path, BYTES)
    ended = bucket.create_signed_url(path, -1)["signedURL"]
    altered = bucket.create_signed_url(path, 60)["signedURL"][:-4] + "AAAA"

    assert httpx.get(ended).status_code == 400
    assert httpx.get(altered).status_code == 400


def test_a_professional_reads_the_own_folder_and_no_other(supabase: SupabaseServer, ana: Person, bruno: Person) -> None:
    path = f"{ana.id}/a.png"
    supabase.service().storage.from_(BUCKET).upload(path, BYTES)

    own = supabase.client(ana.token).storage.from_(BUCKET)
    assert own.download(path) == BYTES
    assert httpx.get(own.create_signed_url(path, 60)["signedURL"]).content == BYTES
    for visitor in (supabase.client(bruno.token), supabase.client()):
        foreign = visitor.storage.from_(BUCKET)
        with pytest.raises(StorageApiError):
            foreign.download(path)
        with pytest.raises(StorageApiError):
            foreign.create_signed_url(path, 60)


def test_a_member_reads_the_folder_of_the_team_until_revoked(
    supabase: SupabaseServer, ana: Person, bruno: Person
) -> None:
    path = f"{ana.id}/a.png"
    supabase.service().storage.from_(BUCKET).upload(path, BYTES)
    member = supabase.client(bruno.token).storage.from_(BUCKET)
    with psycopg.connect(supabase.database_url, autocommit=True) as connection:
        connection.execute(
            "insert into professionals (id, name, email, timezone) values (%s, 'Ana', 'ana@example.com', 'UTC')",
            [ana.id],
        )
        connection.execute(
            "insert into professional_members (professional_id, user_id, role) values (%s, %s, 'marketing')",
            [ana.id, bruno.id],
        )
        assert member.download(path) == BYTES

        connection.execute("update professional_members set revoked_at = now() where user_id = %s", [bruno.id])
        with pytest.raises(StorageApiError):
            member.download(path)


@pytest.mark.parametrize("folder", ["own", "foreign"])
def test_a_professional_writes_through_signed_urls_only(
    supabase: SupabaseServer, ana: Person, bruno: Person, folder: str
) -> None:
    path = f"{ana.id if folder == 'own' else bruno.id}/a.png"
    bucket = supabase.client(ana.token).storage.from_(BUCKET)
    supabase.service().storage.from_(BUCKET).upload(f"{path}.kept", BYTES)

    with pytest.raises(StorageApiError):
        bucket.upload(path, BYTES)
    with pytest.raises(StorageApiError):
        bucket.create_signed_upload_url(path)
    bucket.remove([f"{path}.kept"])
    with pytest.raises(StorageApiError):
        bucket.upload(f"{path}.kept", b"changed", {"upsert": "true"})
    assert supabase.service().storage.from_(BUCKET).download(f"{path}.kept") == BYTES
