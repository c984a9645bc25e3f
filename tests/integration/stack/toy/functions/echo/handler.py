"""Answers with its event, or with what a request asks it to look up."""

import importlib
import json
import os
import sys
from typing import Any


def lambda_handler(event: dict[str, Any], context: Any) -> Any:
    query = event.get("queryStringParameters", {})
    if "import" in query:
        return _import(query["import"])
    if query.get("show") == "environment":
        return dict(os.environ)
    if query.get("show") == "pid":
        return {"pid": os.getpid(), "priority": os.getpriority(os.PRIO_PROCESS, 0)}
    if query.get("show") == "context":
        return {"request_id": context.aws_request_id, "remaining": context.get_remaining_time_in_millis()}
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json", "access-control-allow-origin": "https://anybody.example"},
        "cookies": ["a=1; Path=/", "b=2"],
        "body": json.dumps(event),
    }


def _import(name: str) -> dict[str, Any]:
    try:
        importlib.import_module(name)
    except ImportError as error:
        return {"imported": False, "error": str(error), "path": sys.path}
    return {"imported": True}
