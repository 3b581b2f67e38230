"""A server in a thread, for clients in a test."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from sterna.cli.serve import address, listening
from sterna.families.requests import ServeRequest
from sterna.options import Options
from sterna.serve.application import Paths
from sterna.serve.guard import Guard
from sterna.serve.service import Service
from sterna.tasks.serve import serve


@contextmanager
def served(model: str = "demo-tiny", key: str | None = None, options: dict | None = None,
           **more) -> Iterator[tuple[str, Service]]:
    """The base URL, and what is served."""
    request = ServeRequest(model=model, options=Options(**(options or {})), **more)
    with listening("127.0.0.1", 0) as listener, serve(request) as service:
        server = uvicorn.Server(uvicorn.Config(
            Guard(Paths(service).application(), [], key), log_level="error", lifespan="off",
            timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield address(listener), service
        finally:
            server.should_exit = True
            thread.join()
