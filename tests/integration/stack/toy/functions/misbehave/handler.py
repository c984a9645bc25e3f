"""Ends in every way but the right one."""

import base64
import os
import time
from typing import Any


def lambda_handler(event: dict[str, Any], context: Any) -> Any:
    how = event.get("queryStringParameters", {}).get("how", "")
    if how == "crash":
        os._exit(3)
    if how == "raise":
        raise ValueError("a reason that no client may see")
    if how == "sleep":
        time.sleep(30)
    answers: dict[str, Any] = {
        "text": "just text",
        "object": {"no": "status code"},
        "binary": {
            "statusCode": 201,
            "headers": {"content-type": "image/png"},
            "isBase64Encoded": True,
            "body": base64.b64encode(b"\x89PNG\x00").decode(),
        },
        "bad_status": {"statusCode": "many"},
        "bad_body": {"statusCode": 200, "body": {"not": "a string"}},
        "no_content": {"statusCode": 204},
    }
    return answers.get(how, {"statusCode": 200, "body": str(os.getpid())})
