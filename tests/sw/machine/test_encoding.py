"""Instruction words: fields come back, ranges are checked, widths follow the machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sterna.law.neuron import NeuronDefinition
from sterna.machine.encoding import (
    decode,
    encode,
    instruction_bits,
    instruction_fields,
    kind_of,
)
from sterna.machine.presets import PRESETS, step_machine, token_machine
from sterna.machine.units.neurons import NeuronKind
from sterna.machine.units.scalar import ScalarCode
from sterna.machine.units.vector import MultiplierSelect, Wait

STANDARD = PRESETS["standard"]
SPIKING = step_machine(
    accumulator_bits=24, weight_depth=3000,
    neuron_kinds=(NeuronKind(definition=NeuronDefinition()),))
BOTH = [(item, kind) for item in (STANDARD, SPIKING) for kind in instruction_fields(item)]


@given(st.sampled_from([*PRESETS.values(), SPIKING]), st.data())
def test_every_field_comes_back(machine, data):
    kind = data.draw(st.sampled_from(list(instruction_fields(machine))))
    values = {
        name: data.draw(st.integers(0, (1 << width) - 1))
        for name, width in instruction_fields(machine)[kind] if name != "kind"
    }
    if kind == "REPEAT":
        values["ends"] = 0  # it closes no level
    word = encode(machine, kind, **values)
    assert word < 1 << instruction_bits(machine)
    assert decode(machine, word) == (kind, {**values, "kind": kind_of(machine, kind)})


@pytest.mark.parametrize(("machine", "kind"), BOTH)
def test_fields_do_not_overlap(machine, kind):
    seen = 0
    for name, width in instruction_fields(machine)[kind]:
        if name == "kind" or (kind, name) == ("REPEAT", "ends"):
            continue
        ones = encode(machine, kind, **{name: (1 << width) - 1}) & ~kind_of(machine, kind)
        assert ones.bit_count() == width and not seen & ones
        seen |= ones


def test_first_bits_are_kind_and_ends():
    assert encode(STANDARD, "MATMUL", ends=2) == 3 | 2 << 3
    assert encode(STANDARD, "END") == 0


@pytest.mark.parametrize("ends", [1, 2, 3])
def test_a_repeat_closes_no_level(ends):
    """The sequencer looks at these bits whatever the kind."""
    with pytest.raises(ValueError, match="repeat instruction: closes no level, ends must be 0"):
        encode(STANDARD, "REPEAT", count=2, ends=ends)


def test_value_beyond_its_field():
    with pytest.raises(ValueError, match="matmul instruction: groups = 32 exceeds 4 bits"):
        encode(STANDARD, "MATMUL", groups=32)
    with pytest.raises(ValueError, match="exceeds"):
        encode(STANDARD, "VECTOR", length=-1)


def test_unknown_field():
    with pytest.raises(KeyError, match="scalar instruction has no field length"):
        encode(STANDARD, "SCALAR", length=1)


def test_enumerations_fit_their_fields():
    widths = {kind: dict(fields) for kind, fields in instruction_fields(STANDARD).items()}
    assert len(widths) <= 1 << widths["END"]["kind"]
    assert max(MultiplierSelect) < 1 << widths["VECTOR"]["multiplier"]
    assert max(Wait) < 1 << widths["VECTOR"]["wait"]
    assert max(ScalarCode) < 1 << widths["SCALAR"]["operation"]


@pytest.mark.parametrize(("depth", "bits"), [(512, 9), (513, 10), (5696, 13)])
def test_addresses_widen_with_the_vector_memory(depth, bits):
    machine = STANDARD.having(vector_depth=depth)
    assert machine.vector.address_bits == bits
    assert dict(instruction_fields(machine)["VECTOR"])["a_address"] == bits


def test_width_is_that_of_the_widest_kind():
    machine = token_machine()
    assert instruction_bits(machine) == sum(
        width for _, width in instruction_fields(machine)["VECTOR"])


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match="instruction 0x7 has kind 7; the machine has 5"):
        decode(STANDARD, 7)
