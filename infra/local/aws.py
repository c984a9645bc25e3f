"""The AWS of the local stack: MiniStack's settings, and the queues, buckets and keys of the template in it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.intrinsics import REGION
from infra.local.model import Key, Queue, Resources
from infra.local.paths import AWS_VENV, HOST

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_sqs import SQSClient

# The emulator takes any credentials, but the SDKs insist on some. boto3 reads the region from AWS_DEFAULT_REGION only.
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
}


def emulator_command() -> list[str]:
    return [str(AWS_VENV / "bin" / "python"), str(Path(__file__).with_name("emulator.py"))]


def emulator_environment(port: int, data: Path) -> dict[str, str]:
    """MiniStack on loopback only, with the listeners off that ignore BIND_HOST.

    Queues are written to disk when it is stopped by SIGTERM; objects as they arrive, because a message that waits in
    a queue over `make down` may point to one.
    """
    return {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "SERVICES": "sqs,s3",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(data / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(data / "s3"),
        "LOG_LEVEL": "WARNING",
    }


def forget_saved_queues(data: Path) -> None:
    """Delete the queues' snapshot once it is loaded.

    A killed emulator would otherwise come back with the messages of the last orderly stop, long since handled.
    """
    (data / "state" / "sqs.json").unlink(missing_ok=True)


def client(service: str, endpoint_url: str) -> Any:
    """A boto3 client of the local AWS, whatever the caller's own AWS settings are."""
    return boto3.client(
        service,
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 3}, connect_timeout=2, read_timeout=10),
    )


def provision(
    resources: Resources, *, endpoint_url: str, kms_endpoint_url: str, key_ids: Mapping[str, str]
) -> dict[str, str]:
    """Create what is missing and bring what exists up to date; running it again changes nothing.

    Args:
        resources: what the template describes.
        endpoint_url: the emulator.
        kms_endpoint_url: the dev KMS.
        key_ids: the keys created before, by logical id.

    Returns:
        The KMS key of every logical id.
    """
    sqs = client("sqs", endpoint_url)
    for queue in resources.queues:  # dead-letter queues come first
        _provision_queue(sqs, queue)
    s3 = client("s3", endpoint_url)
    existing = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    for bucket in resources.buckets:
        if bucket.name not in existing:
            s3.create_bucket(Bucket=bucket.name)
    kms = client("kms", kms_endpoint_url)
    return {key.logical_id: _provision_key(kms, key, key_ids.get(key.logical_id)) for key in resources.keys}


def _provision_queue(sqs: "SQSClient", queue: Queue) -> None:
    try:
        url = sqs.get_queue_url(QueueName=queue.name)["QueueUrl"]
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"}:
            raise
        sqs.create_queue(QueueName=queue.name, Attributes=dict(queue.attributes))  # type: ignore[arg-type]
        return
    changeable = {name: value for name, value in queue.attributes.items() if name != "FifoQueue"}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=changeable)  # type: ignore[arg-type]


def _provision_key(kms: "KMSClient", key: Key, key_id: str | None) -> str:
    if key_id is not None:
        try:
            return kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyId"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NotFoundException":
                raise
    return kms.create_key(Description=key.description)["KeyMetadata"]["KeyId"]


def without_aws_settings(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment without the caller's AWS profile, which must not leak into a local process."""
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}
