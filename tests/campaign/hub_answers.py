"""`import hub:`: names that are none, and a hub whose answers are damaged, cut or others."""

from __future__ import annotations

import hashlib
import json
import random
import socket
import tempfile
import threading
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.campaign.checkpoints import VALUES
from tests.campaign.machines import changed
from tests.campaign.trial import OUTPUT, Trial, Wanted

IMPORTS = ("sterna.families.matmul_free.import_checkpoint", "huggingface_hub",
           "huggingface_hub.errors", "huggingface_hub._snapshot_download")
NAME, COMMIT = "somebody/model", "0123456789abcdef0123456789abcdef01234567"
NAMES = ("", "x", "a/b/c", "/", "../x", "a/..", "a//b", "a/b@", "a/b@/", "a/b@..", "a/b@\0",
         "a/b\n", "é/b", "a/" + "b" * 300, "a/b@" + "c" * 300, "a /b", "-a/b", "a/b@-x", "a--b/c",
         "a/b.git", "https://x/y", "\udcff/x", "a/b@refs/pr/1", "a/b@x..y")
PATHS = ("../x", "/etc/x.json", "a/../../x.json", "C:\\x.json", "\0.json", "x" * 300 + ".json", "",
         "config.json/x.json")


@cache
def _files() -> dict[str, bytes]:
    from sterna.families.matmul_free.configuration import ModelConfig
    from sterna.families.matmul_free.random_checkpoint import write_random_checkpoint

    with tempfile.TemporaryDirectory(prefix="campaign-hub") as folder:
        write_random_checkpoint(Path(folder), ModelConfig(
            vocab_size=260, hidden_size=16, num_hidden_layers=1, intermediate_size=24))
        found = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    return found | {"README.md": b"---\nlicense: mit\n---\n"}


def trials(draw: random.Random) -> Iterator[Trial]:
    """Every name; then answers with one thing wrong, without end."""
    for name in NAMES:
        yield _trial(f"the name {name[:40]!r}", f"hub:{name}", None)
    yield _trial("as it should be", f"hub:{NAME}", None, Wanted.TAKEN)
    while True:
        seed = draw.random()
        yield _trial(f"answers {seed}", f"hub:{NAME}", seed)


def _trial(name: str, source: str, seed: float | None, wanted: Wanted = Wanted.EITHER) -> Trial:
    link = socket.create_server(("127.0.0.1", 0))

    def within() -> None:
        import huggingface_hub.constants as constants

        constants.HF_HUB_CACHE = str(Path("../cache/hub").resolve())
        server = ThreadingHTTPServer(link.getsockname(), _handler(seed), bind_and_activate=False)
        server.socket.close()
        server.socket = link
        threading.Thread(target=server.serve_forever, daemon=True).start()

    endpoint = f"http://127.0.0.1:{link.getsockname()[1]}"
    return Trial(name, lambda folder: ["import", source, "-o", OUTPUT, "--no-calibrate"], wanted,
                 within=within, environment={"HF_ENDPOINT": endpoint}, memory=1 << 33)


def _answer(path: str) -> tuple[Any, dict[str, str]]:
    """Bytes, or what becomes JSON, or None; and headers."""
    api = f"/api/models/{NAME}/"
    if path == f"{api}revision/main":
        return {"id": NAME, "sha": COMMIT, "siblings": []}, {}
    if path == f"{api}tree/{COMMIT}":
        return [{"type": "file", "path": name, "size": len(data),
                 "oid": hashlib.sha1(data).hexdigest()} for name, data in _files().items()], {}
    body = _files().get(path.rpartition("/")[2])
    return body, {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha1(body or b"").hexdigest()}"'}


def _handler(seed: float | None) -> type[BaseHTTPRequestHandler]:
    choose = random.Random(seed)
    wrong = -1 if seed is None else choose.randrange(8)
    count = iter(range(1 << 30))

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            body, headers = _answer(self.path.partition("?")[0])
            status = 404 if body is None else 200
            if next(count) == wrong:
                status, body, headers = _wrong(choose, status, body, headers)
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            if status == 0:
                self.connection.close()
                return
            self.send_response(status)
            for key, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)

        def log_message(self, format: str, *arguments: object) -> None:
            del format, arguments

        def handle(self) -> None:
            try:
                super().handle()
            except (OSError, ValueError):
                self.close_connection = True

    return Handler


def _wrong(choose: random.Random, status: int, body: Any, headers: dict[str, str]
           ) -> tuple[int, Any, dict[str, str]]:
    what = choose.randrange(7)
    if what == 0:
        return choose.choice((0, 204, 301, 400, 401, 403, 404, 416, 429)), body, headers
    if what == 1:
        return status, choose.choice((b"", b"{", b"<html>", b"\xff", b"[" * 99_999)), headers
    if what == 2:
        return status, choose.choice(VALUES[:-2]), headers
    if what == 3:
        places = ("/", "x", "", "file:///etc/passwd", "http://[")
        return 302, b"", {"Location": choose.choice(places)}
    if what == 4:
        return status, body, {**headers, "Content-Length": str(choose.choice((0, 1, 1 << 40)))}
    if what == 5 and isinstance(body, list):
        return status, [*body, {"type": "file", "path": choose.choice(PATHS), "size": 1, "oid": "x"}
                        ], headers
    if isinstance(body, list | dict):
        return status, changed(body, choose), headers
    return status, body, {**headers, "ETag": choose.choice(("", '"', '"../x"', '"' + "x" * 300))}
