"""`sterna serve`: the server, until Ctrl-C."""

from __future__ import annotations

import socket
import sys

from sterna.cli.terminal import ProgressReport, print_json
from sterna.errors import InputError
from sterna.families.requests import ServeRequest
from sterna.tasks.serve import serve as serve_task

LOOPBACK = ("127.0.0.1", "localhost", "::1")
GRACE = 2
"""Seconds that answers have to end when the server does."""


def serve(request: ServeRequest) -> None:
    """Listen first, so that a port that is taken is told before the work."""
    import uvicorn

    from sterna.serve.application import Paths
    from sterna.serve.guard import Guard

    request.check()
    with listening(request.host, request.port) as listener, ProgressReport() as report:
        with serve_task(request, report) as service:
            report.end()
            if request.host not in LOOPBACK and request.api_key is None:
                report.note(f"whoever reaches {request.host} may ask; --api-key KEY asks for a key")
            hosts = [request.host, *(request.allow_host or ())]
            application = Guard(Paths(service).application(), hosts, request.api_key)
            server = uvicorn.Server(uvicorn.Config(
                application, log_level="error", access_log=False, lifespan="off", ws="none",
                timeout_graceful_shutdown=GRACE, server_header=False))
            if request.json:
                print_json({"base_url": address(listener), "page": address(listener, "/")})
            else:
                print(address(listener))
            sys.stdout.flush()
            print(f"in a browser: {address(listener, '/')}; Ctrl-C ends the server",
                  file=sys.stderr, flush=True)
            server.run(sockets=[listener])


def listening(host: str, port: int) -> socket.socket:
    """A socket that clients may connect to. Raises `InputError`."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{host}, port {port}: cannot be listened at ({reason}); give another "
                         "--host or --port") from None


def address(listener: socket.socket, path: str = "/v1") -> str:
    """The base URL of clients, or that of the page."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{path}"
