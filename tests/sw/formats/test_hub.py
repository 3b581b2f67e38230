"""Models of the hub, from a server that answers as it does."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub.constants
import pytest
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.random_checkpoint import write_random_checkpoint
from sterna.families.matmul_free.store import load_model
from sterna.files.manifest import read_manifest
from sterna.formats.hub import fetch

NAME, COMMIT = "somebody/small-model", "0123456789abcdef0123456789abcdef01234567"
CARD = "---\nlicense: apache-2.0\n---\n# A model\n"


class Hub:
    """The files of a folder as one commit of one model, called main and v1."""

    def __init__(self, folder: Path) -> None:
        self.files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        self.asked: list[str] = []
        self.instead: bytes | None = None
        """What somebody answers in its place, whatever is asked."""
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                hub.asked.append(self.path)
                path, body, more = self.path.partition("?")[0], None, {}
                api = f"/api/models/{NAME}/"
                if path in (f"{api}revision/{item}" for item in ("main", "v1", COMMIT)):
                    body = json.dumps({"id": NAME, "sha": COMMIT, "siblings": []}).encode()
                elif path == f"{api}tree/{COMMIT}":
                    body = json.dumps([
                        {"type": "file", "path": name, "size": len(data),
                         "oid": hashlib.sha1(data).hexdigest()}
                        for name, data in hub.files.items()]).encode()
                elif path.startswith(f"/{NAME}/resolve/{COMMIT}/"):
                    body = hub.files.get(path.rpartition("/")[2])
                    tag = hashlib.sha1(body or b"").hexdigest()
                    more = {"X-Repo-Commit": COMMIT, "ETag": f'"{tag}"'}
                if hub.instead is not None:
                    body, more = hub.instead, {}
                if body is None:
                    body, code = b"{}", 404
                    more = {"X-Error-Code": "RevisionNotFound" if path.startswith(api)
                            else "RepoNotFound"}
                else:
                    code = 200
                self.send_response(code)
                for key, value in {**more, "Content-Length": str(len(body))}.items():
                    self.send_header(key, value)
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            def log_message(self, format: str, *arguments: object) -> None:
                del format, arguments

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Nothing is kept, and nothing is reached unless a test says so."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def hub(tmp_path, cache, monkeypatch) -> Iterator[Hub]:
    folder = tmp_path / "published"
    write_random_checkpoint(folder, ModelConfig(
        hidden_size=64, num_hidden_layers=1, intermediate_size=96, vocab_size=384))
    (folder / "README.md").write_text(CARD)
    (folder / "pytorch_model.bin").write_bytes(b"a program")
    found = Hub(folder)
    monkeypatch.setenv("HF_ENDPOINT", found.url)
    yield found
    found.close()


@pytest.mark.parametrize("source", [f"hub:{NAME}", f"hub:{NAME}@v1", f"hub:{NAME}@{COMMIT}"])
def test_a_model_is_imported_with_commit_and_licence(sterna, hub, tmp_path, source):
    outcome = sterna("import", source, "-o", "model", "--no-calibrate", "--json")
    assert outcome.code == 0, outcome.errors
    origin = {"hub": NAME, "revision": COMMIT, "licence": "apache-2.0"}
    assert json.loads(outcome.output)["origin"] == origin
    manifest = read_manifest(tmp_path / "model")
    assert manifest is not None and manifest["origin"] == origin
    assert load_model(tmp_path / "model").config.hidden_size == 64
    assert not any("pytorch_model.bin" in path for path in hub.asked)


def test_what_is_kept_needs_no_network(sterna, hub, monkeypatch):
    assert fetch(f"hub:{NAME}@v1").revision == COMMIT
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    outcome = sterna("import", f"hub:{NAME}@{COMMIT}", "-o", "model", "--no-calibrate")
    assert outcome.code == 0, outcome.errors
    assert f"model: is {NAME} at {COMMIT}, licence: apache-2.0" in outcome.output


@pytest.mark.parametrize(("card", "licence"), [
    (None, None), ("# no data", None), ("---\nlicense: [\n---\n", None),
    ("---\nlicense: other\nlicense_name: research-only\n---\n", "research-only"),
])
def test_cards(hub, card, licence):
    hub.files.pop("README.md")
    if card is not None:
        hub.files["README.md"] = card.encode()
    assert fetch(f"hub:{NAME}").licence == licence


@pytest.mark.parametrize(("source", "message"), [
    (f"hub:{NAME}@v2", f"hub:{NAME}@v2: the model has no revision v2"),
    ("hub:somebody", "hub:somebody: is no name of a model on the hub; give hub:OWNER/NAME"),
    (f"hub:{NAME}@", "is no name of a model on the hub"),
    ("hub:../x@y", "is no name of a model on the hub"),
    (f"hub:{NAME}@a b", "is no name of a model on the hub"),
])
def test_what_is_not_there(sterna, hub, source, message):
    outcome = sterna("import", source, "-o", "model")
    assert outcome.code == 2 and len(outcome.errors.splitlines()) == 1
    assert message in outcome.errors and not Path("model").exists()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"{}", b"<html></html>", b"\xff"])
def test_somebody_else_answers(sterna, hub, body):
    """A proxy, or the page of a network that wants a password."""
    hub.instead = body
    outcome = sterna("import", f"hub:{NAME}", "-o", "model")
    assert outcome.code == 2 and not Path("model").exists()
    line, = outcome.errors.splitlines()
    assert line.startswith(f"sterna: hub:{NAME}: cannot be fetched (")


def test_without_a_network(sterna, cache):
    outcome = sterna("import", f"hub:{NAME}@v1", "-o", "model")
    assert outcome.code == 2 and not Path("model").exists()
    line, = outcome.errors.splitlines()
    assert line.startswith(f"sterna: hub:{NAME}@v1: cannot be fetched (")
    assert f"hf download {NAME} --revision v1 --local-dir DIR, and then sterna import" in line
