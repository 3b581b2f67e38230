"""Snapshots of the generated Verilog: those of golden and emulator, and restored on each."""

from __future__ import annotations

import pytest
from sterna.compiler.compile import compile_program
from sterna.host import log
from sterna.machine.emulator.board import EmulatedBoard
from sterna_sim.board import SimulatedBoard

from tests.one_machine import ONE, TRACED
from tests.one_programs import PROGRAMS
from tests.sim.two_texts import PROGRAM, two_texts
from tests.sw.snapshots import assert_same, check_moves, golden, open_on, run


@pytest.mark.verilator
@pytest.mark.parametrize("name", ["demo-tiny", "l2mu", "net, delays", "mixture 8", "rwkv4",
                                  "state, rwkv", "rwkv6, odd", "spikegpt",
                                  "rwkv7, odd", "gla, odd", "hgrn2, odd", "deltanet, gated",
                                  "lightnet, odd", "bdh, odd", "mamba, odd"])
def test_golden_emulator_and_verilog_go_on_from_each_other(name: str) -> None:
    program = PROGRAMS[name]()
    image = compile_program(program, ONE)
    simulated = SimulatedBoard(TRACED, stall_permille=50, seed=3)
    try:
        check_moves([golden(program, image), open_on(EmulatedBoard(ONE), image),
                     open_on(simulated, image)], program)
    finally:
        simulated.close()


@pytest.mark.verilator
@pytest.mark.parametrize("shared", [
    pytest.param(False, marks=pytest.mark.long), True])
def test_each_of_several_texts_is_read_and_restored(
        shared: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each in a data path of its own, or both in one. Then one of them elsewhere; after a reset of
    the board only what is behind them is repeated."""
    monkeypatch.setattr(log, "LONGEST_LOG", 3)
    program, image = PROGRAM, two_texts(shared)
    board = SimulatedBoard(image.machine)
    device, wanted = open_on(board, image), golden(program, image)
    try:
        for one in (device, wanted):
            one.join()
        for number in range(5):
            given = {0: [number], 1: [2 * number + 1]}
            assert [step.result.candidates() for step in device.run(given).values()] == [
                step.result.candidates() for step in wanted.run(given).values()]
        states = [wanted.snapshot(stream) for stream in (0, 1)]
        for stream, state in enumerate(states):
            assert_same(device.snapshot(stream), state)
        board.reset()
        for one in (device, wanted):
            one.restore(states[1], 0)
        for stream in (0, 1):
            assert_same(device.snapshot(stream), wanted.snapshot(stream))
        assert device.recoveries == 1
        assert run(device, program, 5, 3) == run(wanted, program, 5, 3)
        assert_same(device.snapshot(1), states[1])
    finally:
        board.close()
