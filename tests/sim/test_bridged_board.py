"""What a user of a board behind a bridge gets, by the clock of the board: the estimate holds."""

from __future__ import annotations

import pytest
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.machine.presets import PRESETS
from sterna_boards.estimate.speed import link_use
from sterna_sim.bridged_board import BridgedBoard
from sterna_sim.build import build_serial_simulator
from sterna_sim.serial_board import DIVISOR, FRAME_TIMEOUT

from tests.sim.shapes import random_program
from tests.sw.snapshots import golden, open_on

pytestmark = pytest.mark.verilator

PROGRAM = random_program(32, 1, 32, 61)
TOKENS = (1, 60, 7, 7, 33)
CLOCK = 2_000_000
"""A slow one: every clock of the latency is simulated."""


@pytest.mark.parametrize("latency", [0.0, 0.016])
def test_a_token_with_its_row_takes_one_round_trip(latency: float) -> None:
    machine = fit_machine(PROGRAM, PRESETS["tiny"], "host")
    image = compile_program(PROGRAM, machine, "host")
    expected = [one.candidates() for one in map(golden(PROGRAM, image).step, TOKENS)]
    board = BridgedBoard(build_serial_simulator(machine, DIVISOR, FRAME_TIMEOUT), DIVISOR, CLOCK,
                         latency)
    device = open_on(board, image)
    assert device.step(TOKENS[0]).candidates() == expected[0]
    start, cycles = board.seconds, 0
    for token, wanted in zip(TOKENS[1:], expected[1:], strict=True):
        found = device.step(token)
        assert found.candidates() == wanted
        cycles += found.counters.cycles
    taken = (board.seconds - start) / (len(TOKENS) - 1)
    assert device.recoveries == 0
    use = link_use(machine, image.row_groups, image.input)
    assert use.round_trips == 1
    told = use.seconds(CLOCK // DIVISOR, latency) + cycles / (len(TOKENS) - 1) / CLOCK
    # A bridge counts its time from the packet before: the board's part of it is hidden.
    assert taken == pytest.approx(told, rel=0.03) if latency == 0 else 0.95 * latency < taken < told
    device.close()
