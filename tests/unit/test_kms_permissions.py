"""Who may use the key of the tenants' secrets: by template.yaml, and by what each function's code can reach.

The KMS of the local stack takes every caller for the account itself, so nothing that runs there would notice a function
with too few rights or too many: what the cloud will enforce is compared with the code here.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import dentalist.runtime
from infra.local.intrinsics import load_yaml
from infra.local.paths import TEMPLATE

RUNTIME = Path(dentalist.runtime.__file__).parent
FUNCTIONS = TEMPLATE.parent / "functions"
READ = frozenset({"kms:Decrypt"})
READ_AND_SEAL = frozenset({"kms:Decrypt", "kms:GenerateDataKey"})
KEY = {"Fn::GetAtt": ["CredentialsKey", "Arn"]}
# SAM's policy templates that have nothing to do with keys.
OTHER_POLICIES = {"S3ReadPolicy", "S3WritePolicy", "SQSPollerPolicy", "SQSSendMessagePolicy"}


class Grant(NamedTuple):
    """What a function may do with data keys, and with those of which purposes."""

    actions: frozenset[str]
    purposes: frozenset[str]


def may(actions: frozenset[str], *purposes: str) -> Grant:
    return Grant(actions, frozenset(purposes))


# A new grant is a decision: it is written here, with the reason why the function needs the secret.
GRANTS = {
    "alert_notifier": may(READ, "meta"),  # writes to the alert phone from the professional's own number
    "calendar_sync": may(READ_AND_SEAL, "google"),  # reads and writes calendars, and renews their hour's tokens
    "channels": may(READ_AND_SEAL, "meta", "google", "llm"),  # renews and tests every kind, keeps keys of models
    "clinic": may(READ_AND_SEAL, "google"),  # keeps the address of a calendar feed
    "conversations": may(READ, "meta", "google"),  # sends a suggested answer, writes an appointment's event
    "inbox_worker": may(READ, "meta"),  # fetches the files of messages
    "oauth": may(READ_AND_SEAL, "meta", "google"),  # keeps what a login gave, and the verifier of an attempt
    "reminders": may(READ, "meta"),
    "reply_worker": may(READ, "meta", "google", "llm"),  # answers, with the professional's own model and calendar
    "send_message": may(READ, "meta"),
    "templates": may(READ, "meta"),  # submits to Meta and reads there
    "token_refresh": may(READ_AND_SEAL, "meta", "google"),  # replaces tokens by longer-lived ones
}


@cache
def resources() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = load_yaml(TEMPLATE.read_text())["Resources"]
    return found


def functions() -> dict[str, dict[str, Any]]:
    """The properties of every function, by the name of its folder."""
    return {
        Path(resource["Properties"]["CodeUri"]).name: resource["Properties"]
        for resource in resources().values()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def statements(properties: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The statements that a function's policies spell out."""
    for policy in properties.get("Policies", []):
        yield from as_list(policy.get("Statement", []))


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def key_statements(properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those that speak of keys, also by a wildcard."""
    return [
        statement
        for statement in statements(properties)
        if any(action == "*" or action.lower().startswith("kms") for action in as_list(statement["Action"]))
    ]


# ---- what the template grants


def test_exactly_the_functions_that_need_a_secret_may_use_the_key() -> None:
    assert {name for name, properties in functions().items() if key_statements(properties)} == set(GRANTS)


@pytest.mark.parametrize("name", GRANTS)
def test_a_function_gets_the_actions_and_purposes_that_it_needs_and_no_other(name: str) -> None:
    (statement,) = key_statements(functions()[name])

    condition = statement["Condition"]["StringEquals"]
    purposes = condition["kms:EncryptionContext:purpose"]
    assert Grant(frozenset(as_list(statement["Action"])), frozenset(as_list(purposes))) == GRANTS[name]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == KEY
    assert set(statement) == {"Effect", "Action", "Resource", "Condition"}
    assert (set(statement["Condition"]), set(condition)) == ({"StringEquals"}, {"kms:EncryptionContext:purpose"})


def test_no_function_gets_rights_by_a_policy_that_is_not_spelled_out_here() -> None:
    for name, properties in functions().items():
        assert "Role" not in properties, name
        for policy in properties.get("Policies", []):
            assert isinstance(policy, dict), f"{name}: a managed policy is not spelled out"
            assert set(policy) <= OTHER_POLICIES | {"Statement"}, name


def test_the_key_itself_lets_nobody_in_but_the_account() -> None:
    # Whoever is let in by the key's own policy needs no permission of a function's, and no encryption context.
    (statement,) = resources()["CredentialsKey"]["Properties"]["KeyPolicy"]["Statement"]

    assert statement["Principal"]["AWS"]["Fn::Sub"].endswith(":root")


@pytest.mark.parametrize("name", sorted(functions()))
def test_the_key_is_named_to_those_who_may_use_it(name: str) -> None:
    variables = functions()[name].get("Environment", {}).get("Variables", {})

    assert (variables.get("CREDENTIALS_KMS_KEY_ID") == {"Ref": "CredentialsKey"}) == (name in GRANTS)


# ---- what the code can reach

Use = tuple[str, str]  # a wiring module and one of its names
VAULT: Use = ("wiring", "credentials")
SECRETIVE = ("dentalist.storage.vault", "dentalist.storage.credentials", "dentalist.outbound.aws.keys")


def wiring_uses(tree: ast.AST, names: Mapping[str, Use], modules: Mapping[str, str]) -> set[Use]:
    """The names of wiring modules that a piece of code mentions, as ``wiring.x`` or, imported or its own, as ``x``."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            found.add((modules[node.value.id], node.attr))
        elif isinstance(node, ast.Name) and node.id in names:
            found.add(names[node.id])
    return found


def imported(tree: ast.AST) -> tuple[dict[str, Use], dict[str, str]]:
    """What a file imports out of wiring modules, and the wiring modules it imports whole, by their names there."""
    names: dict[str, Use] = {}
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        for alias in node.names:
            local = alias.asname or alias.name
            if node.module == "dentalist.runtime" and alias.name.startswith("wiring"):
                modules[local] = alias.name
            elif node.module.startswith("dentalist.runtime.wiring"):
                names[local] = (node.module.rpartition(".")[2], alias.name)
    return names, modules


@cache
def wiring() -> dict[Use, set[Use]]:
    """Every function and class of the wiring modules, with what it mentions of them."""
    found: dict[Use, set[Use]] = {}
    for path in sorted(RUNTIME.glob("wiring*.py")):
        tree = ast.parse(path.read_text())
        defined = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        names, modules = imported(tree)
        names |= {node.name: (path.stem, node.name) for node in defined}
        found |= {(path.stem, node.name): wiring_uses(node, names, modules) for node in defined}
    return found


def reached(beginning: set[Use]) -> set[Use]:
    """Everything that can be called from there, within the wiring."""
    seen: set[Use] = set()
    waiting = list(beginning)
    while waiting:
        if (use := waiting.pop()) not in seen:
            seen.add(use)
            waiting += wiring().get(use, ())
    return seen


def code_of(function: str) -> list[ast.Module]:
    return [ast.parse(path.read_text()) for path in sorted((FUNCTIONS / function).glob("*.py"))]


def opens_secrets(function: str) -> bool:
    """Whether some line of a function can reach the vault."""
    return VAULT in reached(set().union(*(wiring_uses(tree, *imported(tree)) for tree in code_of(function))))


def modules_imported(tree: ast.AST) -> set[str]:
    from_ = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    whole = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return from_ | whole


@pytest.mark.parametrize("name", sorted(functions()))
def test_who_can_reach_the_vault_has_the_permission_and_who_has_it_can(name: str) -> None:
    assert opens_secrets(name) == (name in GRANTS)


def test_functions_come_to_secrets_by_the_wiring_alone() -> None:
    for name in functions():
        for tree in code_of(name):
            assert not modules_imported(tree) & set(SECRETIVE), name


def test_the_wiring_makes_one_vault_with_one_key_service() -> None:
    # Otherwise reaching ``wiring.credentials`` would not be the mark of whoever opens secrets.
    makers = {"Credentials", "KeyService", "Vault", "aws_client"}
    makes: dict[str, set[Use]] = {maker: set() for maker in makers}
    for path in RUNTIME.glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            calls = [call.func for call in ast.walk(node) if isinstance(call, ast.Call)]
            for called in calls:
                if isinstance(called, ast.Name) and called.id in makers:
                    makes[called.id].add((path.stem, getattr(node, "name", "")))

    assert makes["Credentials"] == makes["KeyService"] == {VAULT}
    assert makes["Vault"] == set()


def test_the_search_follows_every_way_from_a_handler_to_the_vault() -> None:
    # Each is a real way: through another module, a lambda, a nested function, a class.
    for way in (("wiring", "sending"), ("wiring", "number_of_claim"), ("wiring_channels", "settings_desk")):
        assert VAULT in reached({way}), way
    for way in (("wiring", "user_channels"), ("wiring_channels", "channel_settings"), ("wiring_accounts", "dialog")):
        assert way in wiring(), way
        assert VAULT not in reached({way}), way
