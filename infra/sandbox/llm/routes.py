"""``/llm/v1``: an OpenAI-compatible API in front of the sandbox's models."""

import json
from http import HTTPStatus
from pathlib import PurePath

from aiohttp import BodyPartReader, web
from pydantic import ValidationError

from infra.sandbox.graph.calls import PLATFORM
from infra.sandbox.llm.answers import Refused, Said, refusal, send
from infra.sandbox.llm.behaviours import BEHAVIOURS, LanguageModels
from infra.sandbox.llm.requests import ChatRequest, words_in

_LARGEST_RECORDING = 25 * 1024 * 1024
_RECORDINGS = {".flac", ".mp3", ".mp4", ".mpeg", ".mpga", ".m4a", ".ogg", ".wav", ".webm"}
_NO_KEY = Refused(401, "invalid_api_key", "You didn't provide an API key.")


def routes() -> list[web.RouteDef]:
    """All routes."""
    return [
        web.post("/llm/v1/chat/completions", complete),
        web.post("/llm/v1/audio/transcriptions", transcribe),
        web.get("/llm/v1/models", list_models),
    ]


async def complete(http: web.Request) -> web.StreamResponse:
    """``POST /chat/completions``."""
    models, key = _models(http), _key(http)
    if not key:
        return refusal(_NO_KEY)
    try:
        asked = await http.json()
        request = ChatRequest.model_validate(asked)
    except (ValueError, ValidationError) as exc:
        return refusal(_invalid(exc))
    choice = models.behaviour_for(key, request.model)
    models.record("chat", key, choice.behaviour, {"model": request.model, "request": asked})
    return await send(http, request, await models.reply(choice, request))


async def transcribe(http: web.Request) -> web.StreamResponse:
    """``POST /audio/transcriptions``."""
    models, key = _models(http), _key(http)
    if not key:
        return refusal(_NO_KEY)
    fields, file_name, content = await _form(http)
    if not content or "model" not in fields:
        return refusal(Refused(400, "missing_required_parameter", "file and model are required."))
    if PurePath(file_name).suffix not in _RECORDINGS and not file_name.startswith("transcript:"):
        return refusal(Refused(400, "invalid_value", "Invalid file format."))
    if len(content) > _LARGEST_RECORDING:
        return refusal(Refused(413, "file_too_large", "Maximum content size limit exceeded."))
    choice = models.behaviour_for(key, fields["model"])
    models.record("transcription", key, choice.behaviour, {"model": fields["model"], "bytes": len(content)})
    request = ChatRequest(model=fields["model"], messages=[{"role": "user", "content": "voice"}])
    reply = await models.reply(choice, request)
    if not isinstance(reply, Said):
        return await send(http, request, reply)
    text = models.words_of(content, file_name)
    heard, said = max(1, len(content) // 1000), words_in(text)
    usage = {"type": "tokens", "input_tokens": heard, "output_tokens": said, "total_tokens": heard + said}
    return web.json_response({"text": text, "usage": usage})


async def list_models(http: web.Request) -> web.Response:
    """``GET /models``."""
    if not _key(http):
        return refusal(_NO_KEY)
    data = [{"id": f"sandbox-{name}", "object": "model", "owned_by": "sandbox"} for name in sorted(BEHAVIOURS)]
    return web.json_response({"object": "list", "data": data})


def _models(http: web.Request) -> LanguageModels:
    return http.app[PLATFORM].models


def _key(http: web.Request) -> str:
    scheme, _, key = http.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


async def _form(http: web.Request) -> tuple[dict[str, str], str, bytes]:
    fields: dict[str, str] = {}
    file_name, content = "", b""
    if not http.content_type.startswith("multipart/"):
        return fields, file_name, content
    async for part in await http.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        if part.name == "file":
            file_name, content = part.filename or "", bytes(await part.read(decode=True))
        else:
            fields[part.name] = await part.text()
    return fields, file_name, content


def _invalid(exc: ValueError | ValidationError) -> Refused:
    if isinstance(exc, json.JSONDecodeError):
        return Refused(HTTPStatus.BAD_REQUEST, "invalid_json", "We could not parse the JSON body of your request.")
    if isinstance(exc, ValidationError):
        first = exc.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return Refused(HTTPStatus.BAD_REQUEST, "invalid_request", f"{where}: {first['msg']}")
    return Refused(HTTPStatus.BAD_REQUEST, "invalid_request", "Invalid request.")
