"""The floor of a webhook request: verify the HMAC, call SQS once, answer. No events, no errors, no log."""

import hashlib
import hmac
import os
from typing import Any

import botocore.session

client: Any = botocore.session.get_session().create_client("sqs")


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    body: str = event["body"]
    signature = hmac.new(os.environ["META_APP_SECRET"].encode(), body.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(f"sha256={signature}", event["headers"]["x-hub-signature-256"]):
        return {"statusCode": 401}
    deduplication_id = hashlib.sha256(body.encode()).hexdigest()
    client.send_message(
        QueueUrl=os.environ["INBOUND_QUEUE_URL"],
        MessageBody=body,
        MessageGroupId="floor",
        MessageDeduplicationId=deduplication_id,
    )
    return {"statusCode": 200, "body": "EVENT_RECEIVED"}
