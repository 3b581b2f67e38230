"""The server as HTTP: who may ask, what is refused, events to the byte, counters."""

from __future__ import annotations

import http.client
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from sterna.serve import worker
from sterna.serve.text import StoppedText

pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")
application: Any = pytest.importorskip("sterna.serve.application")

KEY = "schlüssel"
JSON = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}".encode()}
BODY = {"model": "demo-tiny", "prompt": "The king", "max_tokens": 4, "temperature": 0}


@pytest.fixture(scope="module")
def place():
    """Host and port of a server with a key."""
    from tests.sw.serve.served import served

    with served(key=KEY, device="emulator", options={"config": "tiny"}) as (url, _):
        yield urlsplit(url).netloc


def ask(place: str, method: str, path: str, body: Any = None, **headers: Any):
    """Status, headers and body of an answer."""
    connection = http.client.HTTPConnection(place, timeout=60)
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    connection.request(method, path, data, {name.replace("_", "-"): value
                                            for name, value in headers.items()})
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


def error(place: str, *arguments: Any, **headers: Any) -> tuple[int, str]:
    status, _, body = ask(place, *arguments, **headers)
    found = json.loads(body)["error"]
    assert set(found) == {"message", "type", "param", "code"}
    return status, found["code"]


def test_health_needs_no_key(place):
    status, _, body = ask(place, "GET", "/health")
    assert status == 200
    assert json.loads(body) == {"status": "ok", "model": "demo-tiny", "device": "emulator",
                                "streams": 1, "texts": 0, "chat_template": False}


@pytest.mark.parametrize("key", [None, "", "Bearer", "Bearer x", f"Basic {KEY}", KEY])
def test_all_else_needs_it(place, key):
    headers = {} if key is None else {"Authorization": key.encode()}
    for path in ("/metrics", "/v1/models", "/nowhere"):
        assert error(place, "GET", path, **headers) == (401, "invalid_api_key")
    assert ask(place, "GET", "/v1/models", Authorization=f"Bearer {KEY}".encode())[0] == 200


@pytest.mark.parametrize(("host", "known"), [
    ("localhost", True), ("LOCALHOST:8000", True), ("127.0.0.1:1", True), ("[::1]:80", True),
    ("10.0.0.7", True), ("evil.example", False), ("localhost.evil.example:80", False),
    ("", False), ("127.0.0.1.evil.example", False),
])
def test_the_name_of_the_host(place, host, known):
    status = ask(place, "GET", "/health", Host=host)[0]
    assert status == (200 if known else 403)


def test_no_other_origin_may_read(place):
    status, headers, _ = ask(place, "POST", "/v1/completions", BODY,
                             Origin="http://evil.example", **JSON)
    assert status == 200
    assert not [name for name in headers if name.lower().startswith("access-control")]
    assert ask(place, "OPTIONS", "/v1/completions", Origin="http://evil.example",
               Authorization=JSON["Authorization"])[0] == 405


@pytest.mark.parametrize(("method", "path", "body", "kind", "expected"), [
    ("GET", "/nowhere", None, None, (404, "unknown_url")),
    ("GET", "/v1/completions", None, None, (405, "unknown_url")),
    ("POST", "/v1/completions/", BODY, "application/json", (404, "unknown_url")),
    ("GET", "/v1/models/other", None, None, (404, "model_not_found")),
    ("POST", "/v1/completions", BODY, "text/plain", (415, "unsupported_media_type")),
    ("POST", "/v1/completions", b"{", "application/json", (400, "invalid_json")),
    ("POST", "/v1/completions", b"[1]", "application/json", (400, "invalid_json")),
    ("POST", "/v1/completions", b"[" * 100000, "application/json", (400, "invalid_json")),
    ("POST", "/v1/completions", b"\xff", "application/json", (400, "invalid_json")),
    ("POST", "/v1/completions", {}, "application/json", (400, "invalid_value")),
    ("POST", "/v1/completions", b"x" * 1100000, "application/json", (413, "body_too_large")),
    ("POST", "/v1/completions", {**BODY, "prompt": "\ud800"}, "application/json",
     (400, "invalid_value")),
])
def test_errors(place, method, path, body, kind, expected):
    headers = {"Authorization": JSON["Authorization"]}
    if kind is not None:
        headers["Content_Type"] = kind
    assert error(place, method, path, body, **headers) == expected


PART = (b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        + f"Authorization: Bearer {KEY}\r\nContent-Length: 100\r\n\r\n{{".encode())


def connected(place: str) -> socket.socket:
    host, _, port = place.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=60)


def test_clients_that_leave_are_no_fault(place, caplog, monkeypatch):
    """Before their request is there, in the middle of its body, and before its answer."""
    monkeypatch.setattr(logging.getLogger("uvicorn.error"), "propagate", True)
    monkeypatch.setattr(logging.getLogger("uvicorn"), "propagate", True)
    whole = json.dumps({**BODY, "stream": True, "max_tokens": 1000}).encode()
    for sent in (b"", PART[:20], PART, PART.replace(b"100", b"%d" % len(whole))[:-1] + whole):
        with connected(place) as client:
            client.sendall(sent)
            time.sleep(0.1)
    while json.loads(ask(place, "GET", "/health")[2])["texts"]:
        time.sleep(0.01)
    assert not caplog.records


def test_a_body_that_does_not_come(place, monkeypatch):
    monkeypatch.setattr(application, "PATIENCE", 0.2)
    with connected(place) as client:
        client.sendall(PART)
        answer = http.client.HTTPResponse(client)
        answer.begin()
        assert answer.status == 408 and json.loads(answer.read())["error"]["code"] == "timeout"


def test_what_nobody_has_thought_of(place, monkeypatch, capsys):
    def fault(*_: object) -> None:
        raise ValueError("what is this")

    for target, status, code in ((application, 500, "internal_error"),
                                 (worker.Worker, 503, "device")):
        with monkeypatch.context() as patch:
            patch.setattr(target, "read_completion" if target is application else "_round", fault)
            found = ask(place, "POST", "/v1/completions", BODY, **JSON)
            assert found[0] == status and json.loads(found[2])["error"]["code"] == code
            assert b"a fault of the server (ValueError: what is this)" in found[2]
        assert ask(place, "POST", "/v1/completions", BODY, **JSON)[0] == 200
    assert "ValueError: what is this" in capsys.readouterr().err


def test_events_to_the_byte(place):
    status, headers, body = ask(place, "POST", "/v1/completions", {**BODY, "stream": True}, **JSON)
    assert status == 200 and headers["content-type"].startswith("text/event-stream")
    events = body.decode().split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    for event in events[:-2]:
        assert event.startswith("data: {") and json.loads(event.removeprefix("data: "))


def test_counters(place):
    ask(place, "POST", "/v1/completions", BODY, **JSON)
    status, headers, body = ask(place, "GET", "/metrics", Authorization=JSON["Authorization"])
    assert status == 200 and headers["content-type"].startswith("text/plain")
    lines = body.decode().splitlines()
    values = dict(line.split() for line in lines if not line.startswith("#"))
    for line in lines:
        assert re.fullmatch(r"# (HELP|TYPE) sterna_\w+ .+|sterna_\w+({\w+=\"\w+\"})? \S+", line)
    assert float(values["sterna_tokens_made_total"]) >= 4
    assert float(values["sterna_tokens_read_total"]) >= 3
    assert float(values["sterna_streams"]) == 1
    assert float(values['sterna_requests_total{status="200"}']) >= 1
    assert {"sterna_read_seconds_total", "sterna_restore_seconds_total"} <= set(values)


@pytest.mark.parametrize(("stops", "pieces", "shown"), [
    ([], ["ab", "c"], ["ab", "c", ""]),
    (["b"], ["ab", "c"], ["a", "", ""]),
    (["bc"], ["ab", "c", "d"], ["a", "", "", ""]),
    (["bcd"], ["ab", "c", "e"], ["a", "", "bce", ""]),
    (["bcd", "xc"], ["ab", "c"], ["a", "", "bc"]),
    (["aab"], ["aa", "ab", "c"], ["", "a", "", ""]),
    (["late", "a"], ["xlate"], ["x", ""]),
])
def test_stop_strings_are_never_shown(stops, pieces, shown):
    text = StoppedText(stops)
    assert [*(text.push(piece) for piece in pieces), text.finish()] == shown


def test_the_command(tmp_path):
    # Shells start background jobs with SIGINT ignored, and tests may run in one.
    code = ("import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
            "from sterna.cli import main; main()")
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-u", "-c", code, "serve",
         "demo-tiny", "--device", "emulator", "--port", "0"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert process.stdout
    url = process.stdout.readline().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1", url)
    where = urlsplit(url).netloc
    status, _, body = ask(where, "POST", "/v1/completions", BODY, Content_Type="application/json")
    assert status == 200 and json.loads(body)["choices"][0]["text"]
    port = where.rpartition(":")[2]
    second = subprocess.run(
        [sys.executable, "-W", "error", "-c", "from sterna.cli import main; main()", "serve",
         "demo-tiny", "--port", port], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert second.returncode == 2
    assert f"sterna: 127.0.0.1, port {port}: cannot be listened at (Address already" in (
        second.stderr)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    told, last = errors.splitlines()[-2:]
    assert told.startswith("in a browser: http://127.0.0.1:") and last == "sterna: interrupted"


@pytest.mark.parametrize(("arguments", "message"), [
    (["l2mu"], "l2mu: is a spiking network; this command takes language models"),
    (["demo", "--port", "70000"], "port is 70000; it must be a whole number from 0 to 65535"),
    (["demo", "--host", "no such host"], "no such host, port 8000: cannot be listened at"),
    (["demo", "--deadline", "0"], "deadline is 0"),
    (["demo", "--host", ""], "--host: is empty"),
    *((["demo", "--api-key", key], "--api-key: is what no client can send")
      for key in ("", " ", "a\nb", " a", "a\t", "\udcff")),
    *((["demo", "--allow-host", name], f"--allow-host: {name!r} is no name of a host")
      for name in ("", "*", "http://x", "x:80", "x/y", "a..b", "-a", ".", "a b", "\u00fc.example")),
    (["demo", "--rows", "8", "--port", "0"], "--rows: shapes an accelerator"),
])
def test_what_is_wrong_is_one_line(sterna, arguments, message):
    outcome = sterna("serve", *arguments)
    assert outcome.code == 2 and not outcome.output
    line, = outcome.errors.splitlines()
    assert message in line
