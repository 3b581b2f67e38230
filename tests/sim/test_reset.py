"""A reset at any clock of a load, a run or an answer leaves a board that is as good as new."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.host.step_board import StepBoard
from sterna.host.token_board import TokenBoard
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna_sim.board import CYCLES_PER_SECOND, SimulatedBoard
from sterna_sim.memory.timing import MemoryTiming

from tests.one_machine import ONE, TRACED
from tests.one_programs import PROGRAMS, items
from tests.sim.outside import AXI, half_resident, levels, program, sdram

pytestmark = pytest.mark.verilator

TRIALS, MORE = 16, 100
TABLES = PRESETS["small"].having(columns=24, code_depth=264, block_groups=16, lane="tables",
                                 streams=2)
SLOW = MemoryTiming(latency=90, rate=30_000, stall_permille=200)


class Struck(Exception):
    """The reset came."""


class ResetTransport:
    """The link to a board that is reset in a clock of its own."""

    def __init__(self, board: SimulatedBoard, clock: int | None = None) -> None:
        self._board, self._clock = board, clock

    def write(self, data: bytes) -> None:
        self._board.write(data)

    def read(self, count: int, timeout: float) -> bytes:
        board = self._board
        if self._clock is not None:
            timeout = min(timeout, (self._clock - board.cycles + 0.5) / CYCLES_PER_SECOND)
        data = board.read(count, timeout)
        if self._clock is not None and board.cycles >= self._clock:
            board.reset()
            raise Struck
        return data

    def close(self) -> None:
        """The board lives on."""


Session = Callable[[Any], tuple[int, list[Any]]]
"""Loads a board behind a transport and runs it; returns the clock after loading, and results."""


many = pytest.mark.parametrize("trials", [TRIALS, pytest.param(MORE, marks=pytest.mark.long)])


def wrong_after_resets(board: SimulatedBoard, session: Session, trials: int) -> list[int]:
    """Clocks of resets after which a new session has other results than a fresh board."""
    loaded, expected = session(ResetTransport(board))
    ended, rng, wrong = board.cycles, np.random.default_rng(7), []
    for trial in range(trials):
        # One in four while the image is loaded, the others in the runs and their answers.
        first, last = (0, loaded) if trial % 4 == 3 else (loaded, ended)
        clock = int(rng.integers(first, last))
        with pytest.raises(Struck):
            session(ResetTransport(board, board.cycles + clock))
        if session(ResetTransport(board))[1] != expected:
            wrong.append(clock)
    board.close()
    return wrong


TERNARY: dict[str, tuple[Callable[[], Machine], Any]] = {
    "the one machine": (lambda: TRACED, None),
    "axi": (levels, SLOW),
    "sdram": (sdram, None),
}
OWN: dict[str, tuple[Callable[[], Machine], Any]] = {
    "tables, two streams": (lambda: fit_machine(program(), TABLES, "host"), None),
    "tables, two texts": (lambda: fit_machine(program(), TABLES.having(shared=True), "host"), None),
    "axi, two streams": (lambda: half_resident(AXI.having(memory_constants=True, streams=2)), SLOW),
    "sdram, levels": (lambda: half_resident(sdram()), None),
}


@many
@pytest.mark.parametrize(("make", "memory"), [
    *(pytest.param(*of, id=name) for name, of in TERNARY.items()),
    *(pytest.param(*of, id=name, marks=pytest.mark.long) for name, of in OWN.items())])
def test_a_ternary_machine(make: Callable[[], Machine], memory: Any, trials: int) -> None:
    machine = make()
    board = SimulatedBoard(machine, memory=memory)
    image = compile_program(program(), machine, "host")
    tokens = np.random.default_rng(3).integers(0, 97, 4).tolist()

    def session(transport: ResetTransport) -> tuple[int, list[Any]]:
        device = TokenBoard(transport, "sim", board.loaders())
        device.load(image)
        loaded, results = board.cycles, []
        if device.streams > 1:  # one text that is chained, then two side by side
            results.append(device.run({0: tokens})[0].result.candidates())
            device.reset()
            device.join()
        for token in tokens:
            steps = device.run({stream: [token + stream] for stream in range(device.streams)})
            results += [step.result.candidates() for step in steps.values()]
        return loaded, results

    assert wrong_after_resets(board, session, trials) == []


@many
@pytest.mark.parametrize("name", ["net", "net, more delays"])
def test_a_spiking_network(name: str, trials: int) -> None:
    program = PROGRAMS[name]()
    board, image = SimulatedBoard(TRACED), compile_program(program, ONE)
    steps = items(program, 6)

    def session(transport: ResetTransport) -> tuple[int, list[Any]]:
        device = StepBoard(transport, "sim")
        device.load(image)
        return board.cycles, [device.step(codes).outputs.tolist() for codes in steps]

    assert wrong_after_resets(board, session, trials) == []
