"""Writes down every message it gets, and fails on those that say so."""

import json
import os
import time
from pathlib import Path
from typing import Any


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    failures = []
    for record in event["Records"]:
        with Path(os.environ["RESULTS_FILE"]).open("a") as results:
            results.write(json.dumps({"pid": os.getpid(), "batch": len(event["Records"]), **record}) + "\n")
        body = record["body"]
        if body.startswith("slow"):
            time.sleep(0.5)
        if body.startswith("crash"):
            os._exit(3)
        if body.startswith("fail"):
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
