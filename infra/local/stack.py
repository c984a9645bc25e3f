"""One local stack: its ports and secrets, kept from one `make up` to the next, and every setting that follows."""

import hashlib
import os
import random
import re
import secrets
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from infra.local import aws, postgres
from infra.local.files import read_json, update_json
from infra.local.gateway.config import GatewayConfig
from infra.local.intrinsics import load_yaml
from infra.local.model import Resources
from infra.local.paths import HOST, TEMPLATE, StackPaths
from infra.local.template import Template

STAGE = "local"
META_APP_ID = "900000000000001"
PORTS = ("api", "control", "supabase", "postgres", "aws", "kms", "sandbox", "supervisor")
# Below the range from which the kernel takes ports for outgoing connections: what is free now stays free over `down`.
_PORT_RANGE = range(20000, 32000)

# What the stack runs itself and hands to the functions: a value from the caller's shell would point them elsewhere.
_OURS = {
    "STAGE",
    "SUPABASE_URL",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_PUBLISHABLE_KEY",
    "SUPABASE_JWT_SECRET",
}
# Settings of the stack itself; every parameter of the template is one of the application.
_STACK_SETTINGS = ("WORKERS_PER_FUNCTION",)


def environment_name(parameter: str) -> str:
    """``WhatsappApiBaseUrl`` is set by ``WHATSAPP_API_BASE_URL``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", parameter).upper()


def template_parameters(template: Path = TEMPLATE) -> tuple[str, ...]:
    """The names of the template's parameters."""
    return tuple(load_yaml(template.read_text()).get("Parameters", {}))


def settings_of_caller(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The settings the caller's environment makes; they win over the stack's own. An empty variable sets nothing."""
    names = {environment_name(parameter) for parameter in template_parameters()} - _OURS
    return {name: environment[name] for name in sorted({*names, *_STACK_SETTINGS}) if environment.get(name)}


class Stack:
    """Everything that is known about one stack before and while it runs."""

    def __init__(self, paths: StackPaths, settings: Mapping[str, str]) -> None:
        """
        Args:
            paths: where it lives; its ports and secrets must have been chosen (``prepare_state``).
            settings: what the caller set, by environment name.
        """
        state = read_json(paths.state_file)
        self.paths = paths
        self.settings = dict(settings)
        self.ports: dict[str, int] = state["ports"]
        self.secrets: dict[str, str] = state["secrets"]
        self.key_ids: dict[str, str] = state.get("key_ids", {})
        self.professionals: list[dict[str, Any]] = state.get("professionals", [])

    def url(self, part: str) -> str:
        return f"http://{HOST}:{self.ports[part]}"

    @property
    def database_url(self) -> str:
        return postgres.database_url(self.ports["postgres"])

    def resources(self) -> Resources:
        """What the template wants provisioned."""
        return Template(TEMPLATE, self.parameters()).resources()

    def remember(self, **values: Any) -> None:
        """Keep what was made while starting: ``key_ids``, ``professionals``."""
        update_json(self.paths.state_file, lambda state: state.update(values))
        for name, value in values.items():
            setattr(self, name, value)

    def parameters(self) -> dict[str, str]:
        """The template's parameters: the caller's, else the local ones; what is left out has the template's default."""
        sandbox = self.url("sandbox")
        local = {
            "Stage": STAGE,
            "SupabaseUrl": self.url("supabase"),
            "SupabaseSecretKey": self.secrets["supabase_secret_key"],
            "SupabasePublishableKey": self.secrets["supabase_publishable_key"],
            "SupabaseJwtSecret": self.secrets["supabase_jwt_secret"],
            "MetaAppId": META_APP_ID,
            "MetaAppSecret": self.secrets["meta_app_secret"],
            "MetaWebhookVerifyToken": self.secrets["meta_webhook_verify_token"],
            "WhatsappApiBaseUrl": sandbox,
            "InstagramApiBaseUrl": sandbox,
            **self._simulated_logins(),
            **self._simulated_models(),
            "DashboardPublicUrl": self.dashboard_url,
            "WebhookPublicUrl": self.url("api"),
            "MailFromAddress": "avisos@dentalist.example",
            "QueueVisibilitySeconds": "15",
        }
        values = {name: local[name] for name in template_parameters() if name in local}
        for name in template_parameters():
            if environment_name(name) in self.settings:
                values[name] = self.settings[environment_name(name)]
        return values

    def _simulated_logins(self) -> dict[str, str]:
        """The dialogs of Meta and Google, and Google's endpoints, as the sandbox has them."""
        sandbox = self.url("sandbox")
        # A caller who brings a dialog of their own for Meta means it for Instagram too.
        instagram = self.settings.get("META_OAUTH_DIALOG_URL", f"{sandbox}/instagram/oauth/authorize")
        return {
            "MetaLoginConfigId": "800000000000001",
            "MetaOauthDialogUrl": f"{sandbox}/dialog/oauth",
            "InstagramOauthDialogUrl": instagram,
            "GoogleClientId": "dentalist.apps.googleusercontent.example",
            "GoogleClientSecret": self.secrets["google_client_secret"],
            "GoogleApiBaseUrl": f"{sandbox}/google",
            "GoogleOauthBaseUrl": f"{sandbox}/google/oauth",
            "GoogleOauthDialogUrl": f"{sandbox}/google/auth",
        }

    def _simulated_models(self) -> dict[str, str]:
        """Whoever brings no key of the platform's means the sandbox's models; any key of a professional opens those."""
        return {} if self.setting("OPENAI_API_KEY", "") else {"OpenaiBaseUrl": f"{self.url('sandbox')}/llm/v1"}

    @property
    def dashboard_url(self) -> str:
        """Until the dashboard is part of the stack, the page on which a person is the patient."""
        return f"{self.url('sandbox')}/"

    @property
    def ses_url(self) -> str:
        """The sandbox keeps the mails that the application sends, and shows them on ``/mails``."""
        return f"{self.url('sandbox')}/ses"

    def setting(self, name: str, default: str) -> str:
        return self.settings.get(name, default)

    def aws_environment(self) -> dict[str, str]:
        """How an AWS SDK finds the local cloud."""
        return {
            **aws.CREDENTIALS,
            "AWS_ENDPOINT_URL": self.url("aws"),
            "AWS_ENDPOINT_URL_KMS": self.url("kms"),
            "AWS_ENDPOINT_URL_SESV2": self.ses_url,
        }

    def application_environment(self) -> dict[str, str]:
        """All settings by environment name: for tools that work on the running stack, such as the seed."""
        return {
            **{environment_name(name): value for name, value in self.parameters().items()},
            **self.aws_environment(),
            "DATABASE_URL": self.database_url,
            "SANDBOX_URL": self.url("sandbox"),
            "API_URL": self.url("api"),
            "CREDENTIALS_KMS_KEY_ID": self.key_ids.get("CredentialsKey", ""),
        }

    def gateway_config(self) -> GatewayConfig:
        return GatewayConfig(
            template=str(TEMPLATE),
            parameters=self.parameters(),
            key_ids=self.key_ids,
            aws_endpoint_url=self.url("aws"),
            kms_endpoint_url=self.url("kms"),
            ses_endpoint_url=self.ses_url,
            api_port=self.ports["api"],
            control_port=self.ports["control"],
            tasks=str(self.paths.tasks),
            logs=str(self.paths.logs),
            stack_file=str(self.paths.stack_file),
            workers_per_function=int(self.setting("WORKERS_PER_FUNCTION", "4")),
        )

    def description(self) -> dict[str, Any]:
        """What ``stack.json`` says, without the process ids."""
        parameters = self.parameters()
        return {
            "api_url": self.url("api"),
            "supabase_url": self.url("supabase"),
            "supabase_publishable_key": self.secrets["supabase_publishable_key"],
            "supabase_secret_key": self.secrets["supabase_secret_key"],
            "supabase_jwt_secret": self.secrets["supabase_jwt_secret"],
            "database_url": self.database_url,
            "aws_endpoint_url": self.url("aws"),
            "kms_endpoint_url": self.url("kms"),
            "credentials_kms_key_id": self.key_ids.get("CredentialsKey", ""),
            "sandbox_url": self.url("sandbox"),
            "dashboard_url": self.dashboard_url,
            "control_url": self.url("control"),
            "meta_app_secret": parameters["MetaAppSecret"],
            "meta_webhook_verify_token": parameters["MetaWebhookVerifyToken"],
            "professionals": self.professionals,
        }


def prepare_state(paths: StackPaths) -> None:
    """Choose ports and secrets for a stack of which nothing runs.

    What was chosen before is kept; a port is chosen anew only when another program has taken it meanwhile.
    """

    def change(state: dict[str, Any]) -> None:
        known: dict[str, int] = state.get("ports", {})
        ports = {name: port for name, port in known.items() if name in PORTS and _is_free(port)}
        for name in PORTS:
            if name not in ports:
                ports[name] = _choose_port(taken=ports.values())
        state["ports"] = ports
        state["secrets"] = {**_new_secrets(), **state.get("secrets", {})}

    update_json(paths.state_file, change)


def fingerprint(*sources: Path) -> str:
    """A hash of these files, and of every Python file in these folders: `make up` starts anew what was edited."""
    digest = hashlib.sha256()
    for source in sources:
        for path in sorted(source.rglob("*.py")) if source.is_dir() else [source]:
            digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()


def _new_secrets() -> dict[str, str]:
    return {
        "meta_app_secret": secrets.token_hex(16),
        "meta_webhook_verify_token": secrets.token_urlsafe(24),
        "supabase_jwt_secret": secrets.token_hex(32),
        "supabase_publishable_key": f"sb_publishable_{secrets.token_urlsafe(24)}",
        "supabase_secret_key": f"sb_secret_{secrets.token_urlsafe(24)}",
        "google_client_secret": secrets.token_hex(16),
        "kms_master_key": secrets.token_hex(32),
    }


def _choose_port(*, taken: Iterable[int]) -> int:
    taken = set(taken)
    while True:
        port = random.choice(_PORT_RANGE)
        if port not in taken and _is_free(port):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
