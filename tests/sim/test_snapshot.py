"""Snapshots of the generated Verilog: those of golden and emulator, and restored on each."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.store import load_model
from sterna.families.spiking.examples import EXAMPLES
from sterna.families.spiking.lowering import lower as lower_network
from sterna.families.spiking.quantise import quantise
from sterna.host import log
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.presets import PRESETS
from sterna.program.definition import Program
from sterna_sim.board import SimulatedBoard

from tests.hw.core.spiking_networks import random_network
from tests.sim.shapes import random_program
from tests.sw.snapshots import assert_same, check_moves, golden, image_of, open_on, run

PROGRAMS: dict[str, Callable[[], Program]] = {
    "demo-tiny": lambda: lower(load_model("demo-tiny"), name="demo-tiny"),
    "l2mu": lambda: lower_network(quantise(EXAMPLES["l2mu"]())),
    "delays": lambda: lower_network(random_network(2, 5)),
}


@pytest.mark.verilator
@pytest.mark.parametrize("name", PROGRAMS)
def test_golden_emulator_and_verilog_go_on_from_each_other(name: str) -> None:
    program = PROGRAMS[name]()
    image = image_of(program)
    simulated = SimulatedBoard(image.machine, stall_permille=50, seed=3)
    try:
        check_moves([golden(program, image), open_on(EmulatedBoard(image.machine), image),
                     open_on(simulated, image)], program)
    finally:
        simulated.close()


@pytest.mark.verilator
def test_each_of_several_texts_is_read_and_restored_in_its_data_path(
        monkeypatch: pytest.MonkeyPatch) -> None:
    """One of them elsewhere; after a reset of the board only what is behind them is repeated."""
    monkeypatch.setattr(log, "LONGEST_LOG", 3)
    program = random_program(24, 2, 40, 61, seed=4)
    image = image_of(program, PRESETS["tiny"].having(streams=2))
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
