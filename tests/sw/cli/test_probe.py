"""`sterna probe` and `sterna doctor`, against ports that are simulated."""

from __future__ import annotations

import json
import os
import pty
import select
import socket
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace

import pytest
import serial.tools.list_ports
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.store import load_model
from sterna.machine.presets import PRESETS
from sterna.tasks import doctor

from tests.sw.host.fake_board import FakeBoard
from tests.sw.host.loaded_board import board


@contextmanager
def port(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    """A serial port with somebody at its other end."""
    master, slave = pty.openpty()
    tty.setraw(master)
    tty.setraw(slave)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            if select.select([master], [], [], 0.02)[0]:
                os.write(master, answer(os.read(master, 4096)))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield os.ttyname(slave)
    finally:
        ended.set()
        thread.join()
        os.close(master)
        os.close(slave)


def answers(fake: FakeBoard) -> Callable[[bytes], bytes]:
    def answer(data: bytes) -> bytes:
        fake.write(data)
        return fake.read(1 << 16, 0)

    return answer


@pytest.fixture
def plugged(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    ports: list[SimpleNamespace] = []
    monkeypatch.setattr(serial.tools.list_ports, "comports", lambda: ports)

    def plug(device: str, vid: int | None, pid: int | None) -> None:
        ports.append(SimpleNamespace(device=device, vid=vid, pid=pid, serial_number="A1",
                                     product="FT231X"))

    return plug


def test_nothing_is_plugged_in(sterna, plugged):
    plugged("/dev/ttyS0", None, None)
    plugged("/dev/ttyACM9", 0x2341, 0x0043)  # of nobody's board, and not opened
    outcome = sterna("probe")
    assert outcome.code == 1 and not outcome.output.strip()
    assert outcome.errors.startswith("sterna: no board of Sterna's answers; is it plugged in")


def test_a_board_is_found_and_its_build_is_known_again(sterna, plugged, tmp_path):
    program = lower(load_model("demo-tiny"), name="demo-tiny")
    image = compile_program(program, fit_machine(program, PRESETS["tiny"], "chip"), "chip")
    digest = image.machine.digest()
    with port(answers(FakeBoard(digest))) as device:
        plugged(device, 0x0403, 0x6015)
        outcome = sterna("probe", "--json")
        assert outcome.code == 0, outcome.errors
        found, = json.loads(outcome.output)["ports"]
        assert set(found["boards"]) == {"ulx3s-12f", "ulx3s-85f"}
        assert found["machine"] == f"{digest:016x}" and found["rate"] == 3_000_000
        assert (found["model"], found["contents"], found["usb"]) == (
            None, None, "0403:6015 FT231X A1")
        folder = tmp_path / "build" / "ulx3s-85f"
        folder.mkdir(parents=True)
        image.save(folder / "image.sterna")
        (tmp_path / "build" / "damaged").mkdir()
        (tmp_path / "build" / "damaged" / "image.sterna").write_bytes(b"x")
        found, = json.loads(sterna("probe", "--json").output)["ports"]
        assert (found["boards"], found["model"]) == (["ulx3s-85f"], "demo-tiny")
        assert found["command"] == (f"sterna run --device serial://{device} --image "
                                    "build/ulx3s-85f/image.sterna")
        lines = sterna("probe").output.splitlines()
        assert lines[0] == f"serial://{device}" and any("demo-tiny" in line for line in lines)


def test_a_model_in_the_bitstream(sterna, plugged):
    with port(answers(board(contents=0xABC))) as device:
        found, = json.loads(sterna("probe", f"serial://{device}", "--json").output)["ports"]
    assert (found["contents"], found["boards"]) == (f"{0xABC:016x}", [])


def test_who_does_not_answer_is_told(sterna, plugged, monkeypatch):
    from sterna.host import probe

    monkeypatch.setattr(probe, "PATIENCE", 0.02)
    with port(lambda data: b"") as silent, port(answers(board(version=2))) as old:
        plugged(silent, 0x0403, 0x6010)
        plugged(old, 0x0403, 0x6015)
        outcome = sterna("probe", "--json")
    assert outcome.code == 1
    found = {item["address"]: item for item in json.loads(outcome.output)["ports"]}
    assert found[f"serial://{silent}"]["silent"] and found[f"serial://{silent}"]["rate"] is None
    assert "has protocol version 2" in found[f"serial://{old}"]["silent"]


@pytest.mark.parametrize("data", [b"\0", b"\xa5", b"\xa5\0\0\xff\3", b"$GPRMC,"])
def test_what_speaks_on_and_on_is_left(sterna, plugged, monkeypatch, data):
    """A receiver of GPS on the same bridge, a line that is held low: at each rate for `MOST`."""
    from sterna.host import probe

    monkeypatch.setattr(probe, "MOST", 0.1)
    server = socket.create_server(("127.0.0.1", 0))

    def speak() -> None:
        link, _ = server.accept()
        with link, suppress(OSError):
            while True:
                link.sendall(data)
                time.sleep(0.01)

    with server:
        thread = threading.Thread(target=speak)
        thread.start()
        start = time.monotonic()
        outcome = sterna("probe", f"tcp://127.0.0.1:{server.getsockname()[1]}")
        assert time.monotonic() - start < 5
        thread.join()
    assert outcome.code == 1 and "no good answer" in outcome.output


@pytest.mark.parametrize(("address", "message"), [
    ("nonsense", "nonsense: not an address of a board"),
    ("serial:///dev/nothing", "serial:///dev/nothing: cannot be opened; there is no such port"),
])
def test_addresses_that_are_none(sterna, plugged, address, message):
    outcome = sterna("probe", address)
    assert outcome.code == 2 and message in outcome.errors


def test_doctor_with_a_loop(sterna, plugged, monkeypatch, tmp_path):
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache" / "failed").mkdir(parents=True)
    (tmp_path / "cache" / "failed" / "ulx3s-85f-route.log").write_text("x")
    with port(lambda data: data) as device:
        plugged(device, 0x0403, 0x6015)
        outcome = sterna("doctor", "--loop-back", f"serial://{device}", "--json")
    assert outcome.code == 0, outcome.errors
    found = json.loads(outcome.output)
    assert found["tests"] == {"loop-back": "ok", "driver": "ok"}
    assert found["ports"] == {device: "0403:6015 FT231X"}
    assert len(found["logs"]) == 1 and found["versions"]["numpy"] and found["tools"]["make"]


@pytest.mark.parametrize(("answer", "message"), [
    (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "came back, the first 63 right"),
    (lambda data: b"", "0 of 64 bytes came back"),
])
def test_doctor_without_one(sterna, plugged, monkeypatch, answer, message):
    monkeypatch.setattr(doctor, "_emulated", lambda report: "left out (needs torch)")
    monkeypatch.setattr(doctor, "LOOPED", 4096)
    monkeypatch.setattr(doctor, "PATIENCE", 0.01)
    with port(answer) as device:
        outcome = sterna("doctor", "--loop-back", f"serial://{device}")
    assert outcome.code == 1 and message in outcome.errors
    assert sterna("doctor", "--loop-back", "x").code == 2
