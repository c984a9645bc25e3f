"""Control of the language models: how they behave, what they will say, what they were asked."""

from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from infra.sandbox.control.http import answer, limit_of, parse, platform_of
from infra.sandbox.journal import fingerprint, matching
from infra.sandbox.llm.behaviours import Choice, Scripted


class _Script(BaseModel):
    model_config = ConfigDict(extra="forbid")

    answers: Annotated[list[Scripted], Field(min_length=1)]


class _Recordings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    bodies: Annotated[list[str], Field(min_length=1, description="whole bodies, as a provider once answered")]


class _Transcript(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    text: str


async def choose(request: web.Request) -> web.Response:
    """``POST /control/llm``: how the models behave from now on, for all or for one key."""
    models = platform_of(request).models
    models.choose(await parse(request, Choice))
    return await show(request)


async def show(request: web.Request) -> web.Response:
    """``GET /control/llm``."""
    models = platform_of(request).models
    keys = {fingerprint(key): choice.behaviour for key, choice in models.choices.items()}
    waiting = {"scripted": len(models.script), "recorded": len(models.recordings)}
    return answer({"behaviour": models.choice.behaviour, "keys": keys, **waiting, "asked": models.request_count})


async def reset(request: web.Request) -> web.Response:
    """``DELETE /control/llm``."""
    platform_of(request).models.clear()
    return answer({"reset": True})


async def queue_answers(request: web.Request) -> web.Response:
    """``POST /control/llm/script``: what the scripted model answers next, in this order."""
    models = platform_of(request).models
    models.script.extend((await parse(request, _Script)).answers)
    return answer({"scripted": len(models.script)}, HTTPStatus.CREATED)


async def add_recordings(request: web.Request) -> web.Response:
    """``POST /control/llm/recordings``: bodies that the recorded model answers in turn."""
    models = platform_of(request).models
    models.recordings.extend((await parse(request, _Recordings)).bodies)
    return answer({"recorded": len(models.recordings)}, HTTPStatus.CREATED)


async def add_transcript(request: web.Request) -> web.Response:
    """``POST /control/llm/transcripts``: what is spoken in the recording with this hash."""
    wanted = await parse(request, _Transcript)
    platform_of(request).models.transcripts[wanted.sha256] = wanted.text
    return answer({"sha256": wanted.sha256}, HTTPStatus.CREATED)


async def list_requests(request: web.Request) -> web.Response:
    """``GET /control/llm/requests?route=&behaviour=&model=&limit=``: what was asked, oldest first."""
    models, query = platform_of(request).models, request.query
    found = matching(
        models.requests,
        limit_of(request),
        route=query.get("route"),
        behaviour=query.get("behaviour"),
        model=query.get("model"),
    )
    return answer({"requests": found, "total": models.request_count})


def routes() -> list[web.RouteDef]:
    """All routes, below ``/control``."""
    return [
        web.post("/llm", choose),
        web.get("/llm", show),
        web.delete("/llm", reset),
        web.post("/llm/script", queue_answers),
        web.post("/llm/recordings", add_recordings),
        web.post("/llm/transcripts", add_transcript),
        web.get("/llm/requests", list_requests),
    ]
