"""Who may ask: the right host name, and the key if there is one.

A page that a browser shows may send requests to this machine, by a name of its own that it lets
point here: such a name is refused, and so is what browsers send to strangers without asking them
(bodies that are not called JSON; no answer has headers of CORS).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from ipaddress import ip_address
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from sterna.serve.errors import Refused

Application = Callable[..., Awaitable[None]]
OPEN = re.compile(r"/|/health|/page/.*")
"""What needs no key: the page asks for one."""


class Guard:
    """An ASGI application in front of another."""

    def __init__(self, application: Application, hosts: Iterable[str], key: str | None) -> None:
        self._application, self._key = application, key
        self._hosts = {"localhost", *(host.lower() for host in hosts)}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            try:
                self._check(scope["path"], Headers(scope=scope))
            except Refused as error:
                answer = JSONResponse(error.body, error.status, error.headers)
                await answer(scope, receive, send)
                return
        await self._application(scope, receive, send)

    def _check(self, path: str, headers: Headers) -> None:
        if not self._knows(headers.get("host", "")):
            raise Refused(403, "this name of the server is not known; start it with --allow-host",
                          code="unknown_host")
        if self._key is None or OPEN.fullmatch(path):
            return
        given = headers.get("authorization", "").partition("Bearer ")[2]
        if not hmac.compare_digest(given.encode("latin-1"), self._key.encode()):
            raise Refused(401, "the API key is missing or wrong", code="invalid_api_key",
                          headers={"WWW-Authenticate": "Bearer"})

    def _knows(self, host: str) -> bool:
        """A number of a host is never another's name."""
        name = host.rpartition("]")[0].removeprefix("[") or host.partition(":")[0]
        try:
            ip_address(name)
        except ValueError:
            return name.lower() in self._hosts
        return True
