"""AWS clients, made with botocore alone: boto3's resources and sessions would add to every cold start."""

from __future__ import annotations

import os
from typing import Any

import botocore.session
from botocore.config import Config

CONNECT_TIMEOUT_SECONDS = 1.0


def aws_client(service: str, *, read_timeout: float = 2.0, attempts: int = 1) -> Any:
    """A client of an AWS service; thread-safe, to be made once per container.

    Args:
        service: as botocore names it: sqs, s3, kms.
        read_timeout: seconds to wait for an answer; a caller that long-polls needs more.
        attempts: how often botocore itself tries; 1 where the caller has a retry budget of its own.
    """
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=read_timeout,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        max_pool_connections=16,
        tcp_keepalive=True,
        # Emulators have no wildcard DNS, and a bucket's name as host would not resolve.
        s3={"addressing_style": "path" if os.environ.get("AWS_ENDPOINT_URL") else "auto"},
    )
    return botocore.session.get_session().create_client(service, config=config)
