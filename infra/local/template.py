"""Reads template.yaml into what the local stack provisions and runs."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.intrinsics import ACCOUNT_ID, REGION, Resolver, TemplateError, load_yaml
from infra.local.model import (
    Application,
    Bucket,
    Cors,
    Function,
    HttpRoute,
    Key,
    Queue,
    QueueSource,
    Resources,
    Schedule,
)

_EVENT_PROPERTIES = {
    "HttpApi": {"ApiId", "Method", "Path"},
    "SQS": {"Queue", "BatchSize", "FunctionResponseTypes", "ScalingConfig", "Enabled"},
    "ScheduleV2": {
        "ScheduleExpression",
        "ScheduleExpressionTimezone",
        "State",
        "Input",
        "Name",
        "Description",
        "FlexibleTimeWindow",
        "RetryPolicy",
    },
    "Schedule": {"Schedule", "Enabled", "Input", "Name", "Description", "RetryPolicy"},
}
_MAX_BATCH = 10  # without a batching window, which the local stack does not have, SQS hands over ten at most


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where the provisioned resources of the template are."""

    endpoint_url: str = ""
    key_ids: Mapping[str, str] = field(default_factory=dict)  # logical id → KMS key id

    def queue_url(self, name: str) -> str:
        return f"{self.endpoint_url}/{ACCOUNT_ID}/{name}"


class Template:
    """One SAM template, read with a set of parameters.

    Queues, buckets and functions are known by the names the template gives them; only KMS keys have ids of their own,
    which ``cloud`` brings.
    """

    def __init__(self, path: Path, parameters: Mapping[str, str], cloud: Cloud | None = None) -> None:
        self._path = path
        self._document = load_yaml(path.read_text())
        self._resources: Mapping[str, Any] = self._document.get("Resources", {})
        self._cloud = cloud or Cloud()
        self._resolver = Resolver(
            self._document, parameters, reference=self._reference, attribute=self._attribute_of_resource
        )

    def parameter_names(self) -> tuple[str, ...]:
        return tuple(self._document.get("Parameters", {}))

    def resources(self) -> Resources:
        """Queues (dead-letter queues first), buckets and keys.

        Raises:
            TemplateError: the template uses what the local stack does not know.
        """
        queues = tuple(
            Queue(logical_id, self._name_of(logical_id), _queue_attributes(properties))
            for logical_id, properties in self._of_type("AWS::SQS::Queue")
        )
        return Resources(
            queues=tuple(sorted(queues, key=lambda queue: queue.dead_letter_arn is not None)),
            buckets=tuple(
                Bucket(logical_id, self._name_of(logical_id)) for logical_id, _ in self._of_type("AWS::S3::Bucket")
            ),
            keys=tuple(
                Key(logical_id, str(properties.get("Description", "")))
                for logical_id, properties in self._of_type("AWS::KMS::Key")
            ),
        )

    def application(self) -> Application:
        """The functions with their events, and the CORS settings of the HTTP API.

        Raises:
            TemplateError: the template uses what the local stack does not know.
        """
        functions = tuple(
            self._function(logical_id, properties)
            for logical_id, properties in self._of_type("AWS::Serverless::Function")
        )
        apis = list(self._of_type("AWS::Serverless::HttpApi"))
        cors = apis[0][1].get("CorsConfiguration") if apis else None
        return Application(functions, _cors(cors) if cors else None)

    def _of_type(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for logical_id, resource in self._resources.items():
            if resource["Type"] != kind:
                continue
            if "Condition" in resource and not self._resolver.condition(resource["Condition"]):
                continue
            yield logical_id, self._resolve(logical_id, _local_properties(kind, resource.get("Properties", {})))

    def _function(self, logical_id: str, own: dict[str, Any]) -> Function:
        shared = self._resolve("Globals", self._document.get("Globals", {}).get("Function", {}))
        merged = {**shared, **own}
        variables = {
            **shared.get("Environment", {}).get("Variables", {}),
            **own.get("Environment", {}).get("Variables", {}),
        }
        events = {name: _event(f"{logical_id}.{name}", event) for name, event in own.get("Events", {}).items()}
        concurrency = merged.get("ReservedConcurrentExecutions")
        full_name = self._name_of(logical_id)
        return Function(
            name=full_name.removeprefix(f"dentalist-{self._resolver.reference('Stage')}-"),
            full_name=full_name,
            code=(self._path.parent / merged["CodeUri"]).resolve(),
            handler=merged["Handler"],
            environment={name: str(value) for name, value in variables.items()},
            timeout_seconds=int(merged.get("Timeout", 3)),
            memory_mb=int(merged.get("MemorySize", 128)),
            layers=(*shared.get("Layers", ()), *own.get("Layers", ())),
            max_concurrency=None if concurrency is None else int(concurrency),
            routes=tuple(event for event in events.values() if isinstance(event, HttpRoute)),
            sources=tuple(event for event in events.values() if isinstance(event, QueueSource)),
            schedules=tuple(event for event in events.values() if isinstance(event, Schedule)),
        )

    def _resolve(self, where: str, node: Any) -> Any:
        try:
            return self._resolver.resolve(node)
        except TemplateError as error:
            raise TemplateError(f"{self._path.name}, {where}: {error}") from error

    def _reference(self, logical_id: str) -> str:
        kind = self._kind(logical_id)
        if kind == "AWS::SQS::Queue":
            return self._cloud.queue_url(self._name_of(logical_id))
        if kind in {"AWS::S3::Bucket", "AWS::Serverless::Function"}:
            return self._name_of(logical_id)
        if kind == "AWS::KMS::Key":
            if logical_id not in self._cloud.key_ids:
                raise TemplateError(f"the key {logical_id} has not been created yet")
            return self._cloud.key_ids[logical_id]
        if kind in {"AWS::Serverless::LayerVersion", "AWS::Serverless::HttpApi"}:
            return logical_id
        raise TemplateError(f"!Ref {logical_id}: a {kind} is not part of the local stack")

    def _attribute_of_resource(self, logical_id: str, attribute: str) -> str:
        kind = self._kind(logical_id)
        if (kind, attribute) == ("AWS::SQS::Queue", "Arn"):
            return _queue_arn(self._name_of(logical_id))
        if (kind, attribute) == ("AWS::SQS::Queue", "QueueName"):
            return self._name_of(logical_id)
        if (kind, attribute) == ("AWS::S3::Bucket", "Arn"):
            return f"arn:aws:s3:::{self._name_of(logical_id)}"
        if (kind, attribute) == ("AWS::Serverless::Function", "Arn"):
            return f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{self._name_of(logical_id)}"
        if (kind, attribute) in {("AWS::KMS::Key", "Arn"), ("AWS::KMS::Key", "KeyId")}:
            key_id = self._reference(logical_id)
            return key_id if attribute == "KeyId" else f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/{key_id}"
        raise TemplateError(f"!GetAtt {logical_id}.{attribute}: not known of a {kind} in the local stack")

    def _kind(self, logical_id: str) -> str:
        if logical_id not in self._resources:
            raise TemplateError(f"there is no parameter or resource {logical_id}")
        return str(self._resources[logical_id]["Type"])

    def _name_of(self, logical_id: str) -> str:
        properties = self._resources[logical_id].get("Properties", {})
        for name in ("QueueName", "BucketName", "FunctionName"):
            if name in properties:
                return str(self._resolver.resolve(properties[name]))
        raise TemplateError(f"{self._path.name}, {logical_id}: the local stack needs its name written out")


def _local_properties(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Leave out what only the cloud reads: policies name resources (roles, topics) that do not exist here."""
    if kind == "AWS::Serverless::Function":
        return {key: value for key, value in properties.items() if key not in {"Policies", "DeadLetterQueue"}}
    if kind == "AWS::KMS::Key":
        return {key: value for key, value in properties.items() if key == "Description"}
    return properties


def _queue_arn(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{name}"


def _queue_attributes(properties: Mapping[str, Any]) -> dict[str, str]:
    return {name: _attribute_text(value) for name, value in properties.items() if name not in {"QueueName", "Tags"}}


def _attribute_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _event(where: str, event: Mapping[str, Any]) -> HttpRoute | QueueSource | Schedule:
    kind, properties = event["Type"], event.get("Properties", {})
    if kind not in _EVENT_PROPERTIES:
        raise TemplateError(f"{where}: events of type {kind} are not supported by the local stack")
    if unknown := set(properties) - _EVENT_PROPERTIES[kind]:
        raise TemplateError(f"{where}: the local stack does not know {', '.join(sorted(unknown))} of a {kind} event")
    if kind == "HttpApi":
        path = properties.get("Path", "$default")
        return HttpRoute("ANY" if path == "$default" else properties.get("Method", "ANY").upper(), path)
    if kind == "SQS":
        return _queue_source(where, properties)
    return _schedule(where, kind, properties)


def _queue_source(where: str, properties: Mapping[str, Any]) -> QueueSource:
    batch_size = int(properties.get("BatchSize", _MAX_BATCH))
    if not 1 <= batch_size <= _MAX_BATCH:
        raise TemplateError(f"{where}: a batch holds 1 to {_MAX_BATCH} messages")
    return QueueSource(
        queue_arn=properties["Queue"],
        batch_size=batch_size,
        reports_item_failures="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", ()),
        max_concurrency=properties.get("ScalingConfig", {}).get("MaximumConcurrency"),
    )


def _schedule(where: str, kind: str, properties: Mapping[str, Any]) -> Schedule:
    if kind == "ScheduleV2":
        expression, enabled = properties["ScheduleExpression"], properties.get("State", "ENABLED") == "ENABLED"
    else:
        expression, enabled = properties["Schedule"], bool(properties.get("Enabled", True))
    return Schedule(
        name=properties.get("Name", where.replace(".", "")),
        expression=expression,
        timezone=properties.get("ScheduleExpressionTimezone", "UTC"),
        source="aws.scheduler" if kind == "ScheduleV2" else "aws.events",
        enabled=enabled,
        input=properties.get("Input"),
    )


def _cors(configuration: Any) -> Cors:
    if not isinstance(configuration, dict):  # SAM also takes `true`
        raise TemplateError("CorsConfiguration must name what it allows")
    return Cors(
        allow_origins=tuple(configuration.get("AllowOrigins", ())),
        allow_headers=tuple(configuration.get("AllowHeaders", ())),
        allow_methods=tuple(configuration.get("AllowMethods", ())),
        expose_headers=tuple(configuration.get("ExposeHeaders", ())),
        max_age=configuration.get("MaxAge"),
        allow_credentials=bool(configuration.get("AllowCredentials", False)),
    )
