"""The floor of a function with an HTTP route: Powertools' router with validation, and one pydantic model."""

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from pydantic import BaseModel

logger = Logger()
app = APIGatewayHttpResolver(enable_validation=True)


class Answer(BaseModel):
    status: str


@app.get("/floor")
def get_floor() -> Answer:
    return Answer(status="ok")
