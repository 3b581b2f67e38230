"""Trace ports: what units show, in words and back; the hardware has the same ports."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sterna.law.neuron import Current, NeuronDefinition, Output, Reset
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS, STEP_MACHINE, TOKEN_MACHINE, step_machine
from sterna.machine.traces import port_entries, port_words, shown_of, trace_ports
from sterna.machine.unit import TracePort
from sterna.machine.units.neurons import NeuronKind

FULL = NeuronDefinition(membrane_bits=22, current=Current.NEW, current_bits=17, adaptive=True,
                        adaptation_bits=16, refractory=2, max_count=5, sum_bits=20)
SUM = NeuronDefinition(membrane_bits=14, reset=Reset.NO_RESET, output=Output.MEMBRANE, sum_bits=20)
MACHINES = {
    "tokens": PRESETS["small"].having(trace=True),
    "streams": PRESETS["tiny"].having(streams=3, trace=True),
    "steps": step_machine(neuron_lanes=2, trace=True, neuron_kinds=(
        NeuronKind(definition=FULL), NeuronKind(definition=SUM, results=True))),
}


def limits(port: TracePort) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest value of every field."""
    least = [-(1 << width - 1) if signed else 0 for width, signed in port.fields]
    most = [(1 << width - signed) - 1 for width, signed in port.fields]
    return np.array(least), np.array(most)


@pytest.mark.parametrize("name", MACHINES)
def test_words_hold_every_value_of_every_field(name: str) -> None:
    random = np.random.default_rng(3)
    for top in trace_ports(MACHINES[name]):
        least, most = limits(top.port)
        values = np.concatenate([
            np.diag(least), np.diag(most), random.integers(least, most + 1, (9, len(least)))])
        words = port_words(top.port, [values[:3], values[3:]])
        assert words.size == len(values) * top.port.chunks
        assert (words[::top.port.chunks] & 1).all()
        assert np.array_equal(port_entries(top.port, words), values)
        assert port_entries(top.port, port_words(top.port, [])).shape == (0, len(least))


def test_ports_of_streams_come_before_those_that_all_share() -> None:
    both = replace(TOKEN_MACHINE, units=(*STEP_MACHINE.units, *TOKEN_MACHINE.units), streams=2)
    assert [top.name for top in trace_ports(both)] == [
        "trace_vector_0", "trace_scalar_0", "trace_accumulators_0",
        "trace_vector_1", "trace_scalar_1", "trace_accumulators_1",
        "trace_0_sums", "trace_0_outputs", "trace_0_states"]
    words = [port_words(top.port, [np.full((number, len(top.port.fields)), 1)])
             for number, top in enumerate(trace_ports(both))]
    shown = {name: len(values) for name, values in shown_of(both, words, 1).items()}
    assert shown == {"vector": 3, "scalar": 4, "accumulators": 5,
                     "0_sums": 6, "0_outputs": 7, "0_states": 8}


@pytest.mark.parametrize("name", MACHINES)
def test_the_hardware_has_these_ports(name: str) -> None:
    """By name, in this order, as wide, with the fields where they are."""
    from amaranth.hdl import Fragment, Shape, unsigned
    from amaranth.lib.data import ArrayLayout, Layout
    from sterna_hw.core.accelerator import Accelerator

    def flat(shape: object) -> list[Shape]:
        """Fields of numbers, the lowest first."""
        if isinstance(shape, ArrayLayout):
            return [field for _ in range(shape.length) for field in flat(shape.elem_shape)]
        if isinstance(shape, Layout):
            return [field for _, member in shape for field in flat(member.shape)]
        return [Shape.cast(shape)]  # type: ignore[arg-type]

    machine: Machine = MACHINES[name]
    accelerator = Accelerator(machine)
    Fragment.get(accelerator, None)  # what is made and not elaborated is a warning
    members = accelerator.signature.members
    found = {key: flat(member.shape) for key, member in members.items() if "trace" in key}
    assert list(found) == [top.name for top in trace_ports(machine)]
    for top in trace_ports(machine):
        assert found[top.name] == [unsigned(1), *(
            Shape(width, signed) for width, signed in top.port.fields)], top.name
