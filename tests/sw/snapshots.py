"""Devices that are read and restored: golden and boards with one program and the same inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.families.steps.golden_device import GoldenSpikingDevice
from sterna.families.tokens.golden_device import GoldenDevice
from sterna.host.step_board import StepBoard
from sterna.host.token_board import TokenBoard
from sterna.host.transport import Transport
from sterna.machine.additions import with_snapshots
from sterna.machine.image import MemoryImage
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS, STEP_MACHINE
from sterna.machine.snapshot import State
from sterna.program.definition import Program


def image_of(program: Program, base: Machine | None = None) -> MemoryImage:
    """For a machine with READ; ``base`` is the shape of one that takes words."""
    if program.takes_codes:
        return compile_program(program, with_snapshots(fit_machine(program, STEP_MACHINE)))
    machine = with_snapshots(fit_machine(program, base or PRESETS["tiny"]))
    return compile_program(program, machine)


def open_on(transport: Transport, image: MemoryImage) -> Any:
    """The board at a transport, loaded with the image."""
    kind = TokenBoard if image.rows else StepBoard
    device = kind(transport, "board")
    device.load(image)
    return device


def golden(program: Program, image: MemoryImage) -> Any:
    """The golden as a device."""
    if program.takes_codes:
        return GoldenSpikingDevice(program)
    return GoldenDevice(program, image.machine.head.top_k, image.machine.streams)


def run(device: Any, program: Program, first: int, count: int) -> list[Any]:
    """Results of so many RUNs, of inputs that the number of the RUN gives."""
    found = []
    for number in range(first, first + count):
        draw = np.random.default_rng(number)
        if program.takes_codes:
            codes = draw.integers(-1, 2, program.input_length)
            found.append(device.step(codes).outputs.tolist())
        else:
            found.append(device.step(int(draw.integers(program.rows))).candidates())
    return found


def assert_same(one: State, other: State) -> None:
    """The same integers by the same names, after as many RUNs."""
    assert one.position == other.position and one.values.keys() == other.values.keys()
    for name, value in one.values.items():
        assert value.shape == other.values[name].shape and value.dtype == np.int64
        assert np.array_equal(value, other.values[name]), name


def check_moves(devices: list[Any], program: Program, before: int = 5, after: int = 4) -> None:
    """A snapshot of each, restored on every one: the RUNs behind it give the same again."""
    begun = [run(device, program, 0, before) for device in devices]
    states = [device.snapshot() for device in devices]
    wanted = run(devices[0], program, before, after)
    assert all(found == begun[0] for found in begun)
    for state in states:
        assert state.position == before
        assert_same(state, states[0])
        for device in devices:
            run(device, program, 50, 3)  # something else in between
            device.restore(state)
            assert_same(device.snapshot(), state)
            assert run(device, program, before, after) == wanted
            assert device.snapshot().position == before + after
