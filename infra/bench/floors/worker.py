"""The floor of a queue's worker: batches, the store, a queue to hand over to, and a pydantic model of the job."""

import botocore.session
import httpx
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from postgrest import SyncPostgrestClient
from pydantic import BaseModel

logger = Logger()
metrics = Metrics(namespace="floor", service="floor")
processor = BatchProcessor(EventType.SQS)
store = SyncPostgrestClient("http://127.0.0.1:1/rest/v1", http_client=httpx.Client())
queue = botocore.session.get_session().create_client("sqs")


class Job(BaseModel):
    conversation_id: str
