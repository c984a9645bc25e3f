"""The floor of a scheduled function: the store, and a queue to hand over to."""

import botocore.session
import httpx
from aws_lambda_powertools import Logger, Metrics
from postgrest import SyncPostgrestClient

logger = Logger()
metrics = Metrics(namespace="floor", service="floor")
store = SyncPostgrestClient("http://127.0.0.1:1/rest/v1", http_client=httpx.Client())
queue = botocore.session.get_session().create_client("sqs")
