"""The floor of an HTTP function that reads and writes the store: the router, pydantic and a PostgREST client."""

import httpx
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from postgrest import SyncPostgrestClient
from pydantic import BaseModel

logger = Logger()
metrics = Metrics(namespace="floor", service="floor")
app = APIGatewayHttpResolver(enable_validation=True)
store = SyncPostgrestClient("http://127.0.0.1:1/rest/v1", http_client=httpx.Client())


class Answer(BaseModel):
    status: str


@app.get("/floor")
def get_floor() -> Answer:
    return Answer(status="ok")
