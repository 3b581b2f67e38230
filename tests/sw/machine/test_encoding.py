"""Instruction words: fields come back, ranges are checked, widths follow the configuration."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sterna.law.neuron import NeuronDefinition
from sterna.machine.configuration import PRESETS, HardwareConfiguration
from sterna.machine.encoding import (
    Kind,
    MultiplierSelect,
    ScalarCode,
    Wait,
    decode,
    encode,
    instruction_bits,
    instruction_fields,
)
from sterna.machine.spiking_configuration import NeuronUnit, SpikingConfiguration

STANDARD = PRESETS["standard"]
SPIKING = SpikingConfiguration(
    accumulator_bits=24, weight_depth=3000, units=(NeuronUnit(definition=NeuronDefinition()),))
BOTH = [(item, kind) for item in (STANDARD, SPIKING) for kind in instruction_fields(item)]


@given(st.sampled_from([*PRESETS.values(), SPIKING]), st.data())
def test_every_field_comes_back(configuration, data):
    kind = data.draw(st.sampled_from(list(instruction_fields(configuration))))
    values = {
        name: data.draw(st.integers(0, (1 << width) - 1))
        for name, width in instruction_fields(configuration)[kind] if name != "kind"
    }
    if kind == Kind.REPEAT:
        values["ends"] = 0  # it closes no level
    word = encode(configuration, kind, **values)
    assert word < 1 << instruction_bits(configuration)
    assert decode(configuration, word) == (kind, {**values, "kind": int(kind)})


@pytest.mark.parametrize(("configuration", "kind"), BOTH)
def test_fields_do_not_overlap(configuration, kind):
    seen = 0
    for name, width in instruction_fields(configuration)[kind]:
        if name == "kind" or (kind, name) == (Kind.REPEAT, "ends"):
            continue
        ones = encode(configuration, kind, **{name: (1 << width) - 1}) & ~int(kind)
        assert ones.bit_count() == width and not seen & ones & ~7
        seen |= ones


def test_first_bits_are_kind_and_ends():
    assert encode(STANDARD, Kind.MATMUL, ends=2) == 3 | 2 << 3
    assert encode(STANDARD, Kind.END) == 0


@pytest.mark.parametrize("ends", [1, 2, 3])
def test_a_repeat_closes_no_level(ends):
    """The sequencer looks at these bits whatever the kind."""
    with pytest.raises(ValueError, match="repeat instruction: closes no level, ends must be 0"):
        encode(STANDARD, Kind.REPEAT, count=2, ends=ends)


def test_value_beyond_its_field():
    with pytest.raises(ValueError, match="matmul instruction: groups = 32 exceeds 4 bits"):
        encode(STANDARD, Kind.MATMUL, groups=32)
    with pytest.raises(ValueError, match="exceeds"):
        encode(STANDARD, Kind.VECTOR, length=-1)


def test_unknown_field():
    with pytest.raises(KeyError, match="scalar instruction has no field length"):
        encode(STANDARD, Kind.SCALAR, length=1)


def test_enumerations_fit_their_fields():
    widths = {kind: dict(fields) for kind, fields in instruction_fields(STANDARD).items()}
    assert max(Kind) < 1 << widths[Kind.END]["kind"]
    assert max(MultiplierSelect) < 1 << widths[Kind.VECTOR]["multiplier"]
    assert max(Wait) < 1 << widths[Kind.VECTOR]["wait"]
    assert max(ScalarCode) < 1 << widths[Kind.SCALAR]["operation"]


@pytest.mark.parametrize(("depth", "bits"), [(512, 9), (513, 10), (5696, 13)])
def test_addresses_widen_with_the_vector_memory(depth, bits):
    configuration = replace(STANDARD, vector_depth=depth)
    assert configuration.address_bits == bits
    assert dict(instruction_fields(configuration)[Kind.VECTOR])["a_address"] == bits


def test_width_is_that_of_the_widest_kind():
    configuration = HardwareConfiguration()
    assert instruction_bits(configuration) == sum(
        width for _, width in instruction_fields(configuration)[Kind.VECTOR])
