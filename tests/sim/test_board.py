"""The harness, the library and the board around a component that is easy to predict."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from sterna.errors import InputError, LinkError
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.machine.traces import shown_of, trace_ports
from sterna_sim.board import CYCLES_PER_SECOND, SimulatedBoard
from sterna_sim.build import build_library
from sterna_sim.toolchain import find_toolchain

from tests.sim.echo import echo_verilog

pytestmark = pytest.mark.verilator

PLAIN = PRESETS["tiny"]
# Three widths of trace ports: 73 bits in words, 28 bits in one, 41 bits in a pair.
TRACED = PLAIN.having(vector_lanes=4, columns=4, rows=4, accumulator_bits=18, trace=True)
PAIRED = PLAIN.having(trace=True)
BYTES = bytes(range(256)) * 2


@pytest.fixture(scope="module")
def build():
    built = {}

    def get(machine: Machine):
        if machine not in built:
            tools = find_toolchain()
            verilog = echo_verilog(machine)
            built[machine] = build_library(
                verilog, [top.name for top in trace_ports(machine)] if machine.trace else [], tools,
                lambda step, done, parts: None
            )
        return built[machine]

    return get


def board(build, machine, **options) -> SimulatedBoard:
    return SimulatedBoard(machine, library=build(machine), **options)


def test_bytes_cross_in_both_directions(build):
    with_bytes = board(build, PLAIN)
    with_bytes.write(BYTES)
    assert with_bytes.read(len(BYTES), 1) == bytes((byte + 1) % 256 for byte in BYTES)
    # One byte a clock and one clock of latency.
    assert with_bytes.cycles == len(BYTES) + 1


def test_time_passes_only_while_reading_and_a_time_out_ends(build):
    idle = board(build, PLAIN)
    idle.write(b"abc")
    assert idle.cycles == 0
    assert idle.read(10, 1e-4) == b"bcd"
    patience = int(1e-4 * CYCLES_PER_SECOND)
    assert patience <= idle.cycles <= 2 * patience  # what comes begins it again
    before = idle.cycles
    assert idle.read(1, 1e-4) == b""
    assert idle.cycles - before == patience


@pytest.mark.parametrize("seed", [1, 2])
def test_stalls_delay_but_lose_nothing(build, seed):
    slow = board(build, PLAIN, stall_permille=400, seed=seed)
    slow.write(BYTES)
    assert slow.read(len(BYTES), 1) == bytes((byte + 1) % 256 for byte in BYTES)
    assert slow.cycles > 1.3 * len(BYTES)


def test_stalls_are_those_of_the_seed(build):
    cycles = []
    for seed in (3, 3, 4):
        slow = board(build, PLAIN, stall_permille=400, seed=seed)
        slow.write(BYTES)
        slow.read(len(BYTES), 1)
        cycles.append(slow.cycles)
    assert cycles[0] == cycles[1] != cycles[2]


def traced_values(board: SimulatedBoard) -> Mapping[str, np.ndarray]:
    """What the ports of the only token stream showed."""
    return shown_of(board.machine, board.collect_words(), 0)


@pytest.mark.parametrize("machine", [TRACED, PAIRED], ids=["wide", "pair"])
@pytest.mark.parametrize("stall", [0, 300])
def test_traces_hold_every_valid_value_in_order(build, machine, stall):
    traced = board(build, machine, stall_permille=stall)
    assert traced_values(traced)["vector"].shape == (0, machine.vector.lanes)
    traced.write(BYTES)
    traced.read(len(BYTES), 1)
    trace = traced_values(traced)
    sent = (np.frombuffer(BYTES, np.uint8) + 1).astype(np.uint8)
    signed = sent.view(np.int8).astype(np.int64)[:, None]
    assert (trace["vector"] == signed * (np.arange(machine.vector.lanes) + 1)).all()
    assert (trace["scalar"] == np.concatenate([sent[:, None].astype(np.int64), -signed], 1)).all()
    assert (trace["accumulators"] == -signed - np.arange(machine.ternary.rows)).all()
    assert len(traced_values(traced)["scalar"]) == 0


def test_a_configuration_without_trace_has_none(build):
    with pytest.raises(ValueError, match="no trace ports"):
        board(build, PLAIN).collect_words()


def test_boards_are_independent(build):
    first, second = board(build, PLAIN), board(build, PLAIN)
    first.write(b"a")
    second.write(b"x")
    assert first.read(1, 1) == b"b" and second.read(1, 1) == b"y"


def test_a_closed_board_says_so(build):
    gone = board(build, PLAIN)
    gone.close()
    gone.close()
    with pytest.raises(LinkError, match="closed"):
        gone.write(b"a")


def test_a_damaged_library_is_told(tmp_path):
    (tmp_path / "simulator.so").write_text("nonsense")
    with pytest.raises(InputError, match="remove its folder"):
        SimulatedBoard(PLAIN, library=tmp_path / "simulator.so")


def test_broken_verilog_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path))
    with pytest.raises(InputError, match="verilator_bin failed: .*syntax error"):
        build_library("module broken(", [], find_toolchain(), lambda *progress: None)
    assert not list((tmp_path / "simulator").glob("*[!k]"))


def test_the_digest_of_the_cache_is_that_of_the_content(build):
    tools = find_toolchain()
    verilog = echo_verilog(PLAIN)
    again = build_library(verilog, [], tools, pytest.fail)
    assert again == build(PLAIN)
