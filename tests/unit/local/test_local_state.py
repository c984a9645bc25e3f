"""Ports and secrets of a stack: chosen once, kept, and private."""

import json
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from infra.local.files import read_json, update_json, write_json
from infra.local.paths import ROOT, StackPaths
from infra.local.stack import PORTS, Stack, prepare_state


@pytest.fixture
def paths(tmp_path: Path) -> StackPaths:
    paths = StackPaths(tmp_path / "stack")
    paths.create()
    return paths


def test_ports_and_secrets_are_kept_from_one_start_to_the_next(paths: StackPaths) -> None:
    prepare_state(paths)
    first = read_json(paths.state_file)
    prepare_state(paths)

    assert read_json(paths.state_file) == first
    assert set(first["ports"]) == set(PORTS)
    assert len(set(first["ports"].values())) == len(PORTS)
    assert len(bytes.fromhex(first["secrets"]["meta_app_secret"])) == 16


def test_only_a_port_that_a_stranger_took_is_chosen_anew(paths: StackPaths) -> None:
    prepare_state(paths)
    before = read_json(paths.state_file)["ports"]
    with socket.create_server(("127.0.0.1", before["api"])):
        prepare_state(paths)
    after = read_json(paths.state_file)["ports"]

    assert after["api"] != before["api"]
    assert {name: port for name, port in after.items() if name != "api"} == {
        name: port for name, port in before.items() if name != "api"
    }


def test_files_with_secrets_are_readable_by_their_owner_only(paths: StackPaths) -> None:
    prepare_state(paths)

    assert stat.S_IMODE(paths.state_file.stat().st_mode) == 0o600


def test_the_callers_settings_win_over_the_sandbox(paths: StackPaths) -> None:
    prepare_state(paths)
    ours = Stack(paths, {}).parameters()
    theirs = Stack(paths, {"WHATSAPP_API_BASE_URL": "http://graph.example", "META_APP_SECRET": "theirs"})

    assert ours["WhatsappApiBaseUrl"] == Stack(paths, {}).url("sandbox")
    assert ours["QueueVisibilitySeconds"] == "15"
    assert theirs.parameters()["WhatsappApiBaseUrl"] == "http://graph.example"
    assert theirs.description()["meta_app_secret"] == "theirs"


def test_models_are_the_sandboxs_unless_the_platforms_key_is_given(paths: StackPaths) -> None:
    prepare_state(paths)
    ours = Stack(paths, {})

    assert ours.parameters()["OpenaiBaseUrl"] == f"{ours.url('sandbox')}/llm/v1"
    assert "OpenaiBaseUrl" not in Stack(paths, {"OPENAI_API_KEY": "sk-1"}).parameters(), "the template's own default"
    assert Stack(paths, {"OPENAI_BASE_URL": "http://models.example"}).parameters()["OpenaiBaseUrl"].endswith(".example")


def test_stack_json_has_the_names_of_the_contract(paths: StackPaths) -> None:
    prepare_state(paths)
    description = Stack(paths, {}).description()

    assert set(description) >= {
        "api_url",
        "supabase_url",
        "supabase_publishable_key",
        "supabase_secret_key",
        "database_url",
        "aws_endpoint_url",
        "sandbox_url",
        "dashboard_url",
        "control_url",
        "meta_app_secret",
        "meta_webhook_verify_token",
        "professionals",
    }


def test_stack_dir_may_be_relative_to_the_project_or_absolute(tmp_path: Path) -> None:
    assert StackPaths.from_environment({}).directory == ROOT / ".local"
    assert StackPaths.from_environment({"STACK_DIR": ".local-b"}).directory == ROOT / ".local-b"
    assert StackPaths.from_environment({"STACK_DIR": str(tmp_path)}).directory == tmp_path


def test_a_file_that_many_change_at_once_loses_no_change(tmp_path: Path) -> None:
    path = tmp_path / "counts.json"
    write_json(path, {})

    def add(name: int) -> None:
        def change(content: dict[str, Any]) -> None:
            content[str(name)] = name

        update_json(path, change)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(50)))

    assert len(json.loads(path.read_text())) == 50
