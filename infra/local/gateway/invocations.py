"""One call of a function, and how it can end without an answer."""

import asyncio
import time
import uuid


class FunctionError(Exception):
    """The function ended without an answer; ``error_type`` is what Lambda calls the reason."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type
        self.message = message


class FunctionTimedOutError(FunctionError):
    """The function was stopped because its time was up."""

    def __init__(self, request_id: str, seconds: float) -> None:
        super().__init__(
            "Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
        )


class Invocation:
    """An event on its way to a function, and the future of its answer."""

    __slots__ = ("event", "request_id", "result")

    def __init__(self, event: bytes, result: "asyncio.Future[bytes]") -> None:
        self.request_id = str(uuid.uuid4())
        self.event = event
        self.result = result

    def deadline_ms(self, timeout_seconds: float) -> int:
        return int((time.time() + timeout_seconds) * 1000)

    def succeed(self, answer: bytes) -> None:
        if not self.result.done():  # the caller may have given up
            self.result.set_result(answer)

    def fail(self, error: FunctionError) -> None:
        if not self.result.done():
            self.result.set_exception(error)
