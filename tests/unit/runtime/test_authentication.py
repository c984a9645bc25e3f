"""Who sends a request: the access token, the tenant named by the header, the feature's switch."""

import json
import time
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_httpserver import HTTPServer

from dentalist.domain.errors import (
    DomainError,
    FeatureDisabled,
    ProfessionalNotFound,
    RoleNotAllowed,
    StoreUnavailable,
    Unauthenticated,
)
from dentalist.domain.identity import Caller, Role
from dentalist.runtime.identity import Authenticator
from dentalist.storage.database import Database
from tests.builders import make_event

SECRET = "a-secret-of-the-project-that-is-long-enough"
ME, OTHER = uuid4(), uuid4()


class Store:
    """PostgREST with one member of one team, asked with whatever token."""

    def __init__(self) -> None:
        self.enabled: bool | None = True
        self.visible = {ME, OTHER}
        self.role: str | None = "reception"
        self.requests: list[httpx.Request] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        query = dict(request.url.params)
        if request.url.path.endswith("/professional_members"):
            assert query["revoked_at"] == "is.null"
            is_member = query["user_id"] == f"eq.{ME}" and query["professional_id"] == f"eq.{OTHER}" and self.role
            return httpx.Response(200, json=[{"role": self.role}] if is_member else [])
        is_visible = UUID(query["id"].removeprefix("eq.")) in self.visible
        return httpx.Response(200, json=[{"marketing_enabled": self.enabled}] if is_visible else [])


@pytest.fixture
def store() -> Store:
    return Store()


def authenticator(store: Store, *, secret: str | None = SECRET, url: str = "http://supabase.invalid") -> Authenticator:
    http = httpx.Client(transport=httpx.MockTransport(store.answer))
    return Authenticator(supabase_url=url, jwt_secret=secret, db=Database(url, "publishable", http=http))


def claims(**overrides: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"sub": str(ME), "aud": "authenticated", "role": "authenticated", "exp": now + 60, **overrides}


def request(token: str | None, **headers: str) -> APIGatewayProxyEventV2:
    authorization = {"authorization": f"Bearer {token}"} if token is not None else {}
    return APIGatewayProxyEventV2(make_event("POST", "/x", headers={**authorization, **headers}))


def caller_of(store: Store, token: str | None = None, **headers: str) -> Caller:
    return authenticator(store).caller(request(token or jwt.encode(claims(), SECRET), **headers))


def test_a_signed_in_person_is_the_owner_of_their_own_practice(store: Store) -> None:
    caller = caller_of(store)

    assert (caller.professional_id, caller.user_id, caller.role) == (ME, ME, Role.OWNER)


def test_the_store_is_asked_with_the_persons_own_token(store: Store) -> None:
    caller = caller_of(store)

    assert store.requests[0].headers["authorization"] == f"Bearer {caller.token}"
    assert store.requests[0].headers["apikey"] == "publishable"


def test_the_token_is_not_in_the_callers_representation(store: Store) -> None:
    caller = caller_of(store)

    assert caller.token not in repr(caller)


@pytest.mark.parametrize(
    "token",
    [
        jwt.encode(claims(exp=int(time.time()) - 60), SECRET),
        jwt.encode(claims(aud="anon"), SECRET),
        jwt.encode(claims(sub="not-a-uuid"), SECRET),
        jwt.encode(claims(), "another-secret-that-is-long-enough-too"),
        jwt.encode(claims(), None, algorithm="none"),
        jwt.encode(claims(), SECRET + SECRET, algorithm="HS512"),
        jwt.encode({key: value for key, value in claims().items() if key != "exp"}, SECRET),
        jwt.encode({key: value for key, value in claims().items() if key != "sub"}, SECRET),
        "garbage",
        "",
    ],
    ids=["expired", "audience", "subject", "secret", "none", "HS512", "endless", "nobody", "garbage", "empty"],
)
def test_a_token_that_is_not_valid_here_and_now_is_refused(store: Store, token: str) -> None:
    with pytest.raises(Unauthenticated):
        authenticator(store).caller(request(token))
    assert store.requests == []


@pytest.mark.parametrize("header", [None, "Basic abc", "Bearer", "token"])
def test_a_request_without_a_bearer_is_refused(store: Store, header: str | None) -> None:
    headers = {"authorization": header} if header else {}

    with pytest.raises(Unauthenticated):
        authenticator(store).caller(APIGatewayProxyEventV2(make_event("POST", "/x", headers=headers)))


def test_a_member_acts_for_the_team_they_name(store: Store) -> None:
    caller = caller_of(store, **{"x-professional-id": str(OTHER)})

    assert (caller.professional_id, caller.user_id, caller.role) == (OTHER, ME, Role.RECEPTION)


@pytest.mark.parametrize("named", [str(UUID(int=7)), "not-a-uuid", "' or 1=1"])
def test_another_professional_does_not_exist_for_who_is_no_member(store: Store, named: str) -> None:
    with pytest.raises(ProfessionalNotFound):
        caller_of(store, **{"x-professional-id": named})


def test_a_revoked_member_is_nobody_from_the_next_request(store: Store) -> None:
    store.role = None

    with pytest.raises(ProfessionalNotFound):
        caller_of(store, **{"x-professional-id": str(OTHER)})


def test_naming_oneself_is_being_the_owner(store: Store) -> None:
    assert caller_of(store, **{"x-professional-id": str(ME)}).role is Role.OWNER


@pytest.mark.parametrize("enabled", [False, None])
def test_without_the_feature_nothing_is_possible_but_leaving(store: Store, enabled: bool | None) -> None:
    store.enabled = enabled

    with pytest.raises(FeatureDisabled):
        caller_of(store)
    event = request(jwt.encode(claims(), SECRET))
    assert authenticator(store).caller(event, even_if_disabled=True).professional_id == ME


def test_a_person_without_a_practice_is_no_professional(store: Store) -> None:
    store.visible = set()

    with pytest.raises(ProfessionalNotFound):
        caller_of(store)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(503, json={"code": "PGRST002", "message": "no schema"}), StoreUnavailable),
        (httpx.Response(502, text="<html>"), StoreUnavailable),
        (httpx.Response(401, json={"code": "PGRST301", "message": "JWT expired"}), Unauthenticated),
    ],
)
def test_trouble_of_the_store_is_not_the_persons(
    store: Store, answer: httpx.Response, error: type[DomainError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "answer", lambda _: answer)

    with pytest.raises(error):
        caller_of(store)


def test_only_the_roles_of_a_route_pass_and_the_owner_always() -> None:
    def caller(role: Role) -> Caller:
        return Caller(ME, ME, role, "")

    caller(Role.OWNER).require(Role.RECEPTION)
    caller(Role.RECEPTION).require(Role.RECEPTION)
    with pytest.raises(RoleNotAllowed):
        caller(Role.MARKETING).require(Role.RECEPTION)


# ---- a project that signs with keys it publishes


class Project:
    """An elliptic key, published as Supabase does."""

    def __init__(self, server: HTTPServer) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.url = server.url_for("").rstrip("/")
        published = {
            **json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key())),
            "kid": "k1",
            "alg": "ES256",
        }
        server.expect_request("/auth/v1/.well-known/jwks.json").respond_with_json({"keys": [published]})

    def sign(self, **overrides: Any) -> str:
        return jwt.encode(claims(**overrides), self.key, algorithm="ES256", headers={"kid": "k1"})


def test_a_published_key_verifies_and_is_fetched_once(store: Store, httpserver: HTTPServer) -> None:
    project = Project(httpserver)
    subject = authenticator(store, secret=None, url=project.url)

    for _ in range(3):
        assert subject.caller(request(project.sign())).user_id == ME

    assert len(httpserver.log) == 1


def test_a_secret_made_of_a_published_key_signs_nothing(store: Store, httpserver: HTTPServer) -> None:
    project = Project(httpserver)
    forged = jwt.encode(claims(), "the-public-key-is-known-to-everybody", headers={"kid": "k1"})

    with pytest.raises(Unauthenticated):
        authenticator(store, secret=None, url=project.url).caller(request(forged))


def test_a_key_that_the_project_never_published_is_refused(store: Store, httpserver: HTTPServer) -> None:
    project = Project(httpserver)
    foreign = jwt.encode(claims(), ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers={"kid": "k1"})

    with pytest.raises(Unauthenticated):
        authenticator(store, secret=None, url=project.url).caller(request(foreign))


def test_unreachable_keys_are_an_outage_and_no_bad_token(store: Store) -> None:
    token = jwt.encode(claims(), ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers={"kid": "k1"})

    with pytest.raises(StoreUnavailable):
        authenticator(store, secret=None, url="http://127.0.0.1:9").caller(request(token))
