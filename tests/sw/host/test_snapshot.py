"""Boards that answer READ: snapshots, and a log that is bounded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.spiking.lowering import lower as lower_network
from sterna.host import log
from sterna.host.token_board import TokenBoard
from sterna.law.arithmetic import ABSMAX_REGISTERS, SCALAR_REGISTERS, SQUARES_REGISTERS
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.machine.snapshot import State
from sterna.program.definition import Program

from tests.hw.core.spiking_networks import random_network
from tests.sim.shapes import random_program
from tests.sw.snapshots import assert_same, check_moves, golden, image_of, open_on, run

PROGRAMS: dict[str, Callable[[], Program]] = {
    "language model": lambda: random_program(24, 2, 40, 61, seed=4),
    "network": lambda: lower_network(random_network(1)),
    "network with delays": lambda: lower_network(random_network(2, 5)),
}


class LossyBoard(EmulatedBoard):
    """Loses every so many answers, and after every other of them all that it holds."""

    def __init__(self, machine: Machine, every: int) -> None:
        super().__init__(machine)
        self._every, self._count = every, 0

    def read(self, count: int, timeout: float) -> bytes:
        self._count += 1
        if self._count % self._every == 0:
            self._output.clear()
            if self._count // self._every % 2:
                super().__init__(self.machine)
            return b""
        return super().read(count, timeout)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_snapshot_moves_between_golden_and_emulator(name: str) -> None:
    program = PROGRAMS[name]()
    image = image_of(program)
    check_moves([golden(program, image), open_on(EmulatedBoard(image.machine), image)], program)


def test_a_snapshot_moves_between_machines_of_other_shapes() -> None:
    program = PROGRAMS["language model"]()
    images = [image_of(program, PRESETS[name].having(top_k=4))
              for name in ("tiny", "small", "standard")]
    check_moves([open_on(EmulatedBoard(image.machine), image) for image in images], program)


def test_registers_hold_nothing_from_a_run_to_the_next() -> None:
    """So that they are not read: whatever is in scalars changes nothing, and sums are empty."""
    program = PROGRAMS["language model"]()
    image = image_of(program)
    board = EmulatedBoard(image.machine)
    device, wanted = open_on(board, image), golden(program, image)
    path = board._machine._paths[0]
    for number in range(6):
        assert path.absmax == [0] * ABSMAX_REGISTERS and path.squares == [0] * SQUARES_REGISTERS
        path.registers[:] = [(70_000 + number, number - 9)] * SCALAR_REGISTERS
        assert run(device, program, number, 1) == run(wanted, program, number, 1)


def test_each_of_several_texts_has_a_snapshot_of_its_own() -> None:
    program = PROGRAMS["language model"]()
    image = image_of(program, PRESETS["tiny"].having(streams=3))
    device, wanted = open_on(EmulatedBoard(image.machine), image), golden(program, image)
    for one in (device, wanted):
        assert one.join() == 1
        # Chained on the board, where a text goes on to other data paths.
        for tokens in ({0: [3, 4], 1: [5]}, {1: [6, 7]}, {0: [9], 1: [1]}):
            while any(tokens.values()):
                steps = one.run({stream: ids for stream, ids in tokens.items() if ids})
                for stream, step in steps.items():
                    tokens[stream] = tokens[stream][len(step.places):]
    states = [wanted.snapshot(stream) for stream in (0, 1)]
    for stream, state in enumerate(states):
        assert_same(device.snapshot(stream), state)
    for one in (device, wanted):
        one.restore(states[1], 0)
        one.restore(states[0], 1)
    found = [{stream: step.result.candidates() for stream, step in one.run(
        {0: [2], 1: [2]}).items()} for one in (device, wanted)]
    assert found[0] == found[1]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_board_that_reads_repeats_no_more_than_a_log(
        name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(log, "LONGEST_LOG", 6)
    program = PROGRAMS[name]()
    image = image_of(program)
    board = LossyBoard(image.machine, 10_000)
    device, wanted = open_on(board, image), golden(program, image)
    assert run(device, program, 0, 20) == run(wanted, program, 0, 20)
    board._every = 97
    assert run(device, program, 20, 60) == run(wanted, program, 20, 60)
    assert device.recoveries > 2
    repeated = [int(record.getMessage().split("repeating ")[1].split()[0])
                for record in caplog.records]
    assert len(repeated) == device.recoveries and max(repeated) <= 6
    assert_same(device.snapshot(), wanted.snapshot())


def test_a_snapshot_is_what_a_board_is_restored_to_when_it_loses_all() -> None:
    program = PROGRAMS["network"]()
    image = image_of(program)
    board = EmulatedBoard(image.machine)
    device, wanted = open_on(board, image), golden(program, image)
    run(wanted, program, 0, 4)
    device.restore(wanted.snapshot())
    for spec in image.machine.states:  # as when it starts again
        words = board._machine.read_state(spec.name)
        board._machine.write_state(spec.name, 0, np.full_like(words, 0x5A))
    board._session = 0
    assert run(device, program, 4, 3) == run(wanted, program, 4, 3)
    assert device.recoveries == 1


def test_without_the_unit_nothing_is_read() -> None:
    program = PROGRAMS["language model"]()
    image = image_of(program)
    bare = replace(image, kept=(), machine=image.machine.having(units=image.machine.units[:-1]))
    device = TokenBoard(EmulatedBoard(bare.machine), "bare")
    device.load(bare)
    with pytest.raises(InputError, match="bare: its machine has no unit that answers READ"):
        device.snapshot()
    with pytest.raises(InputError, match="bare: its machine has no unit that lets LOAD"):
        device.restore(golden(program, image).snapshot())


@pytest.mark.parametrize(("change", "reason"), [
    (lambda values: values | {"other": np.zeros(3, np.int64)}, "the state of other is not kept"),
    (lambda values: dict(list(values.items())[1:]), "the state of .* is missing"),
    (lambda values: {name: value[:-1] for name, value in values.items()},
     r"the state of .* is \[\d+\], not \[\d+\]"),
    (lambda values: {name: value + (1 << 40) for name, value in values.items()},
     "the state of .* is beyond 18 bits"),
])
def test_a_foreign_state_is_refused_and_the_text_goes_on(
        change: Callable[[dict], dict], reason: str) -> None:
    program = PROGRAMS["language model"]()
    image = image_of(program)
    device, wanted = open_on(EmulatedBoard(image.machine), image), golden(program, image)
    run(device, program, 0, 3)
    run(wanted, program, 0, 3)
    state = wanted.snapshot()
    with pytest.raises(InputError, match=f"^board: 24x2x40x61: {reason}$"):
        device.restore(State(3, change(dict(state.values))))
    assert run(device, program, 3, 2) == run(wanted, program, 3, 2)
