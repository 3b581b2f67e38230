"""What goes wrong, as clients of OpenAI's interface read it."""

from __future__ import annotations

from typing import Any

MOST_MESSAGE = 500
"""Characters of a message: what a client has sent may stand in it."""


class Refused(Exception):
    """A request that gets an error: the status of HTTP, and what its body says."""

    def __init__(self, status: int, message: str, *, param: str | None = None,
                 code: str | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, _whole(message), code
        self.param = None if param is None else _whole(param)
        self.headers = headers or {}

    @property
    def body(self) -> dict[str, Any]:
        """As JSON has it."""
        kinds = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
        kind = kinds.get(self.status, "invalid_request_error" if self.status < 500 else "api_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param,
                          "code": self.code}}


def _whole(text: str) -> str:
    """In a line, without what UTF-8 does not have, and not too long."""
    text = " ".join(text.encode(errors="backslashreplace").decode().split())
    return text if len(text) <= MOST_MESSAGE else f"{text[:MOST_MESSAGE - 3]}..."


def wrong(param: str, message: str) -> Refused:
    """A parameter that cannot be taken."""
    return Refused(400, f"{param}: {message}", param=param, code="invalid_value")
