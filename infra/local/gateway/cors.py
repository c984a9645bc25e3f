"""CORS as an HTTP API does it: the gateway answers preflights itself and overrides what a function says."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from infra.local.model import Cors


class CorsPolicy:
    """The template's settings, and any origin of this machine: local ports are not known beforehand."""

    def __init__(self, cors: Cors) -> None:
        self._cors = cors

    @staticmethod
    def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
        return method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers

    def preflight(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of the 204; none of ours when the origin is not allowed."""
        answer = self._for_origin(headers)
        if not answer:
            return {}
        requested = {
            name.strip().lower()
            for name in headers.get("access-control-request-headers", "").split(",")
            if name.strip()
        }
        allowed = {name.lower() for name in self._cors.allow_headers}
        answer["access-control-allow-methods"] = ",".join(self._cors.allow_methods)
        answer["access-control-allow-headers"] = ",".join(sorted(requested if "*" in allowed else allowed))
        if self._cors.max_age is not None:
            answer["access-control-max-age"] = str(self._cors.max_age)
        return answer

    def response(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of an ordinary answer to a request with these headers."""
        answer = self._for_origin(headers)
        if answer and self._cors.expose_headers:
            answer["access-control-expose-headers"] = ",".join(self._cors.expose_headers)
        return answer

    def _for_origin(self, headers: Mapping[str, str]) -> dict[str, str]:
        origin = headers.get("origin")
        if origin is None or not self._allows(origin):
            return {}
        wildcard = "*" in self._cors.allow_origins and not self._cors.allow_credentials
        answer = {"access-control-allow-origin": "*" if wildcard else origin}
        if not wildcard:
            answer["vary"] = "origin"
        if self._cors.allow_credentials:
            answer["access-control-allow-credentials"] = "true"
        return answer

    def _allows(self, origin: str) -> bool:
        origins = self._cors.allow_origins
        return "*" in origins or origin in origins or urlsplit(origin).hostname in {"localhost", "127.0.0.1"}
