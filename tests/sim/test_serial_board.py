"""Driver, serial port, UART and accelerator in one piece: tokens over a pseudo-terminal."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
import tty

import pytest
from sterna.cli.application import run_arguments
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.errors import InputError, LinkError
from sterna.families.tokens.open_device import open_device
from sterna.host.board_address import open_transport
from sterna.host.link import Link, Request
from sterna.host.token_board import TokenBoard
from sterna.machine.frames import Frame, encode_frame
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import FrameType
from sterna_sim.build import build_serial_simulator
from sterna_sim.serial_board import DIVISOR, FRAME_TIMEOUT, SerialBoard
from sterna_sim.serial_library import Fault, SerialLibrary

from tests.sim.shapes import random_program

pytestmark = pytest.mark.verilator

PROGRAM = random_program(32, 1, 32, 61)
CONFIGURATION = fit_machine(PROGRAM, PRESETS["tiny"], "auto")
TOKENS = (1, 60, 7, 7, 33)
EMBEDDING = compile_program(PROGRAM, CONFIGURATION).embedding
assert EMBEDDING is not None
ROW = EMBEDDING(TOKENS[1]).tobytes()
HELLO_BYTES, RUN_BYTES = 7, 17


@pytest.fixture(scope="module")
def library():
    return build_serial_simulator(CONFIGURATION, DIVISOR, FRAME_TIMEOUT)


@pytest.fixture(scope="module")
def expected():
    golden = open_device("golden", PROGRAM, CONFIGURATION)
    return [golden.step(token).candidates() for token in TOKENS]


def opened(board: SerialBoard, timeout: float | None = None) -> TokenBoard:
    device = open_device(board.address, PROGRAM, CONFIGURATION, timeout=timeout)
    assert isinstance(device, TokenBoard)
    return device


def tokens(device: TokenBoard) -> list[object]:
    try:
        return [device.step(token).candidates() for token in TOKENS]
    finally:
        device.close()


@pytest.mark.parametrize("rate_error", [0.0, 0.02, -0.02])
def test_tokens_equal_the_golden_at_every_permitted_bit_rate(library, expected, rate_error):
    with SerialBoard(CONFIGURATION, library=library, rate_error=rate_error) as board:
        device = opened(board)
        assert tokens(device) == expected
        assert device.recoveries == 0
        # The port stays, and the next driver finds the board as it is.
        assert tokens(opened(board)) == expected


@pytest.mark.parametrize("fault", [Fault.GLITCH, Fault.BREAK])
def test_noise_between_bytes_does_no_harm(library, expected, fault):
    with SerialBoard(CONFIGURATION, library=library) as board:
        for index in range(0, 3000, 100):
            board.fault(fault, index)
        device = opened(board)
        assert tokens(device) == expected
        assert device.recoveries == 0


@pytest.mark.parametrize("fault", [Fault.FRAMING, Fault.FLIPPED])
def test_damage_on_the_way_to_the_board_is_set_right(library, expected, fault):
    with SerialBoard(CONFIGURATION, library=library) as board:
        board.fault(fault, HELLO_BYTES + 2000)
        assert tokens(opened(board)) == expected


@pytest.mark.parametrize("fault", [
    pytest.param(Fault.FRAMING, marks=pytest.mark.long), Fault.LOST, Fault.FLIPPED])
def test_damage_in_mid_stream_reloads_and_repeats(library, expected, fault):
    with SerialBoard(CONFIGURATION, library=library) as board:
        device = opened(board)
        assert device.step(TOKENS[0]).candidates() == expected[0]
        board.fault(fault, 20, to_board=False)
        rest = [device.step(token).candidates() for token in TOKENS[1:]]
        assert rest == expected[1:] and device.recoveries == 1
        device.close()


@pytest.mark.parametrize(("place", "fault"), [
    (1, Fault.FLIPPED), (30, Fault.FLIPPED), (30, Fault.LOST), (-15, Fault.FLIPPED)])
def test_damage_of_what_goes_together_repeats_no_token_and_loses_none(
        library, expected, place, fault, monkeypatch):
    """The type of LOAD, its data, and RUN behind it, which the board carries out or not."""
    monkeypatch.setattr("sterna_sim.serial_board.QUIET_CYCLES", 300_000)
    row = encode_frame(Frame(FrameType.LOAD, 0, bytes(5 + len(ROW))))
    with SerialBoard(CONFIGURATION, library=library) as board:
        device = opened(board, timeout=2)
        assert device.step(TOKENS[0]).candidates() == expected[0]
        board.fault(fault, place if place > 0 else len(row) + RUN_BYTES + place)
        rest = [device.step(token).candidates() for token in TOKENS[1:]]
        assert rest == expected[1:] and device.recoveries == 1
        device.close()


@pytest.mark.parametrize("garbage", [b"", bytes([0xA5, 0x83, 1, 200, 0]), bytes(range(256))])
def test_a_board_that_starts_again_between_tokens(library, expected, garbage, caplog, monkeypatch):
    """It answers all the time; only the session says that its state is gone."""
    monkeypatch.setattr("sterna_sim.serial_board.QUIET_CYCLES", 300_000)
    with SerialBoard(CONFIGURATION, library=library) as board:
        device = opened(board, timeout=2)
        assert [device.step(token).candidates() for token in TOKENS[:3]] == expected[:3]
        board.restart(garbage=garbage)
        assert [device.step(token).candidates() for token in TOKENS[3:]] == expected[3:]
        assert device.recoveries == 1
        message = caplog.records[0].getMessage()
        assert "started again or lost its state; loading it again and repeating 3" in message
        device.close()


def test_a_board_that_starts_again_in_a_token_or_an_answer(library, expected, monkeypatch):
    """Also half of an answer: about 2,000 clocks of RUN and token, and as many of RESULT."""
    monkeypatch.setattr("sterna_sim.serial_board.QUIET_CYCLES", 300_000)
    rng = random.Random(5)
    with SerialBoard(CONFIGURATION, library=library) as board:
        device = opened(board, timeout=1)
        for round in range(6):
            device.reset()
            for number, token in enumerate(TOKENS):
                if number == 2:
                    board.restart(rng.randrange(700 * round, 700 * round + 700))
                assert device.step(token).candidates() == expected[number]
        assert 5 <= device.recoveries <= 8
        device.close()


def test_a_board_that_starts_again_while_it_is_loaded(library, expected, monkeypatch):
    monkeypatch.setattr("sterna_sim.serial_board.QUIET_CYCLES", 300_000)
    with SerialBoard(CONFIGURATION, library=library) as board:
        board.restart(100_000)
        device = opened(board, timeout=2)
        assert tokens(device) == expected


def test_a_fault_that_only_the_other_direction_has_is_refused(library):
    board = SerialLibrary(library, DIVISOR)
    with pytest.raises(ValueError, match="BREAK"):
        board.fault(Fault.BREAK, 0, to_board=False)
    board.close()
    board.close()


def test_unplugging_in_mid_stream_is_one_error(library):
    with SerialBoard(CONFIGURATION, library=library) as board:
        device = opened(board)
        device.step(TOKENS[0])
        timer = threading.Timer(0.3, board.unplug)
        timer.start()
        start = time.monotonic()
        with pytest.raises(LinkError, match=f"{board.port}: the board was unplugged"):
            while time.monotonic() < start + 30:
                device.step(TOKENS[1])
        timer.join()
        device.close()


def test_run_keeps_the_text_when_the_cable_is_pulled(library, capsys, monkeypatch):
    steps = 0
    with SerialBoard(CONFIGURATION, library=library) as board:
        run = TokenBoard.run

        def pulled(self, tokens):
            nonlocal steps
            steps += 1
            if steps == 3:
                board.unplug()
            return run(self, tokens)

        monkeypatch.setattr(TokenBoard, "run", pulled)
        device = opened(board)
        monkeypatch.setattr("sterna.families.tokens.opened.open_device", lambda *_: device)
        code = run_arguments(["run", "demo", "--prompt", "", "--device", board.address])
    printed = capsys.readouterr()
    assert code == 1
    assert len(printed.out) > 1 and printed.out.endswith("\n")
    assert printed.err.startswith("sterna: ") and printed.err.count("\n") == 1
    assert "unplugged" in printed.err


def test_a_board_of_another_configuration_is_named_with_the_way_out(library):
    other = CONFIGURATION.having(top_k=CONFIGURATION.head.top_k - 1)
    with SerialBoard(CONFIGURATION, library=library) as board:
        with pytest.raises(LinkError) as caught:
            open_device(board.address, PROGRAM, other)
    message = str(caught.value)
    assert f"{CONFIGURATION.digest():016x}" in message and f"{other.digest():016x}" in message
    assert "sterna build" in message and "--program" in message and "\n" not in message


def test_a_board_that_does_not_answer_is_told_within_seconds():
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        start = time.monotonic()
        with pytest.raises(LinkError, match="switched on, configured, and at this address"):
            open_device(f"serial://{os.ttyname(slave)}", PROGRAM, CONFIGURATION)
        assert time.monotonic() - start < 10
    finally:
        os.close(master)
        os.close(slave)


class SlowLibrary(SerialLibrary):
    """Takes as long for a slice as on a machine that has other things to do."""

    def run(self, limit: int, wanted: int) -> int:
        time.sleep(0.02)
        return super().run(min(limit, 200), wanted)


def test_a_slow_simulation_is_waited_for(library, monkeypatch):
    """HELLO alone takes longer than the driver's patience, which is for silence."""
    monkeypatch.setattr("sterna_sim.serial_board.SerialLibrary", SlowLibrary)
    monkeypatch.setattr("sterna_sim.serial_board.IDLE_SECONDS", 0.05)
    with SerialBoard(CONFIGURATION, library=library) as board:
        link = Link(open_transport(board.address))
        start = time.monotonic()
        info = link.request(Request(FrameType.HELLO, b"", FrameType.INFO), 0.2)
        assert time.monotonic() - start > 0.2
        assert len(info) == 38 and link.retries == 0
        link.close()


def test_a_slow_simulation_that_has_nothing_to_say_is_given_up(library, monkeypatch):
    monkeypatch.setattr("sterna_sim.serial_board.IDLE_SECONDS", 0.01)
    monkeypatch.setattr("sterna_sim.serial_board.QUIET_CYCLES", 200_000)
    with SerialBoard(CONFIGURATION, library=library) as board:
        transport = open_transport(board.address)
        transport.write(bytes(7))
        assert set(transport.read(1 << 20, 0.5)) == {0}
        transport.close()


def test_serve_offers_a_board_and_ends_with_an_interrupt(library, expected):
    model = "random:hidden=32,layers=1,intermediate=32,vocabulary=61"
    # Shells start background jobs with SIGINT ignored, and tests may run in one.
    start = ("import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
             "from sterna.cli import main; main()")
    command = [sys.executable, "-c", start, "simulate", model, "--config", "tiny"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        device = open_device(address, PROGRAM, CONFIGURATION)
        assert tokens(device) == expected
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "sterna: interrupted"


def test_a_port_that_another_program_has_open_is_told(library):
    with SerialBoard(CONFIGURATION, library=library) as board:
        first = open_transport(board.address)
        with pytest.raises(InputError, match="another program has it open"):
            open_transport(board.address)
        first.close()
