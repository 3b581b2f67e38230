"""`serve`: requests of any bytes, bodies with any values, clients that leave in the middle."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.campaign.checkpoints import VALUES
from tests.campaign.trial import Trial, Wanted

IMPORTS = ("sterna.families.matmul_free.model", "sterna.families.tokens.loaded",
           "sterna.serve.application", "sterna.serve.service", "sterna.cli.serve", "uvicorn",
           "sterna.tasks.serve")
PATHS = (b"/v1/completions", b"/v1/chat/completions", b"/v1/models", b"/v1/models/x", b"/health",
         b"/metrics", b"/", b"/page/../x", b"/v1//completions", b"/%ff", b"/page/%00", b"*", b"x",
         b"/v1/completions?x=1", b"/" + b"a" * 70_000)
METHODS = (b"POST", b"POST", b"POST", b"GET", b"HEAD", b"OPTIONS", b"PUT", b"X", b"PRI", b"\xff")
KEYS = ("model", "prompt", "messages", "max_tokens", "temperature", "top_p", "seed", "stop",
        "stream", "stream_options", "n", "logprobs", "user", "surplus", "echo")
HEADERS = (b"Content-Type: text/plain", b"Content-Length: -1", b"Content-Length: 99999999999",
           b"Transfer-Encoding: chunked", b"Host: elsewhere", b"Expect: 100-continue",
           b"Authorization: Bearer \xff", b"X: " + b"y" * 70_000, b"Upgrade: websocket", b"\0")
BODIES = (b"", b"null", b"[]", b"{", b"\xff", b"[" * 99_999, b'{"prompt": "\\ud800"}', b"1" * 5000)
HEALTH = b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n"
QUIET = 0.3
"""Seconds in which a server that waits for more of a request says nothing."""


def trials(draw: random.Random) -> Iterator[Trial]:
    """Twenty requests each, without end."""
    while True:
        seed = draw.random()
        yield Trial(f"requests {seed}", lambda folder: ["serve", "demo-tiny", "--port", "0"],
                    Wanted.EITHER, codes=(128 + signal.SIGINT,), names=("interrupted",),
                    within=lambda seed=seed: _client(seed), memory=1 << 33)


def _request(choose: random.Random) -> bytes:
    body: Any = {"model": "demo-tiny", "max_tokens": choose.choice((1, 2, 40))}
    body |= choose.choice(({"prompt": "The king"},
                           {"messages": [{"role": "user", "content": "x"}]}))
    for _ in range(choose.randrange(3)):
        body[choose.choice(KEYS)] = choose.choice(VALUES)
    data = json.dumps(body).encode() if choose.random() < 0.8 else choose.choice(BODIES)
    path = choose.choice(PATHS[:2]) if choose.random() < 0.7 else choose.choice(PATHS)
    lines = [choose.choice(METHODS) + b" " + path + b" HTTP/1.1", b"Host: localhost",
             b"Content-Type: application/json", b"Content-Length: %d" % len(data)]
    if choose.random() < 0.2:
        lines[choose.randrange(4)] = choose.choice(HEADERS)
    whole = b"\r\n".join([*lines, b"", data])
    return whole if choose.random() < 0.9 else whole[:choose.randrange(len(whole))]


def _client(seed: float) -> None:
    """In a thread beside the server, which it ends. What is wrong is told as a traceback is."""
    def ask() -> None:
        choose, place = random.Random(seed), _place()
        for _ in range(20):
            request = _request(choose)
            if (told := _answered(place, request, choose.random() < 0.1)) is not None:
                os.write(2, f"Traceback: {request[:300]!r}: {told[:300]!r}\n".encode())
        if b" 200 " not in (_answered(place, HEALTH, False, whole=True) or b""):
            os.write(2, b"Traceback: it does not answer any more\n")
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=ask, daemon=True).start()


def _place() -> tuple[str, int]:
    """Where the server says that it is."""
    while True:
        text = Path(f"/proc/{os.getpid()}/fd/1").read_text()
        if "\n" in text:
            host, _, port = text.strip().removeprefix("http://").removesuffix("/v1").rpartition(":")
            return host, int(port)
        time.sleep(0.01)


def _answered(place: tuple[str, int], request: bytes, leaves: bool, whole: bool = False
              ) -> bytes | None:
    """What is no answer as it should be: a fault of the server, an error that is no JSON."""
    found = b""
    with suppress(ConnectionError), socket.create_connection(place, 10) as link:
        link.sendall(request)
        if leaves:
            return None
        link.settimeout(QUIET)
        with suppress(TimeoutError):
            while part := link.recv(1 << 16):
                found += part
    if whole:
        return found
    status = found.split(b" ")[1:2]
    return found if status and status[0].startswith(b"5") else None
