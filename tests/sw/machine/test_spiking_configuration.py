"""The configuration of spiking accelerators: checks, JSON and digest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sterna.errors import InputError
from sterna.law.neuron import Current, NeuronDefinition, Output, Reset
from sterna.machine.protocol import Space, result_entries, result_words, word_bits, word_depth
from sterna.machine.spiking_configuration import NeuronUnit, SpikingConfiguration

UNITS = (
    NeuronUnit(definition=NeuronDefinition(sum_bits=20, current=Current.NEW), groups=9,
               constants=(("threshold", 5),), varying=("gain", "factor", "bias")),
    NeuronUnit(definition=NeuronDefinition(sum_bits=20, reset=Reset.NO_RESET,
                                           output=Output.MEMBRANE), codes=False, results=True),
)
CONFIGURATION = SpikingConfiguration(units=UNITS, taps=25, code_bits=2, outputs=10)


def test_json_comes_back_and_traces_do_not_count():
    assert SpikingConfiguration.from_json(CONFIGURATION.to_json()) == CONFIGURATION
    assert replace(CONFIGURATION, trace=True).digest() == CONFIGURATION.digest()
    assert replace(CONFIGURATION, taps=24).digest() != CONFIGURATION.digest()


def test_widths():
    assert CONFIGURATION.tap_bits == 5 and CONFIGURATION.history_bits == 50
    assert word_bits(CONFIGURATION, Space.WEIGHTS) == 16 * (8 + 5)
    assert word_bits(CONFIGURATION, Space.CONSTANTS) == 4 * (18 + 18 + 24)
    assert word_bits(CONFIGURATION, Space.INPUT) == 4 * 2
    assert word_depth(CONFIGURATION, Space.TABLES) == 0
    assert result_words(CONFIGURATION) == 16 and result_entries(CONFIGURATION) == 10
    assert CONFIGURATION.state_memory_bits == 4 * (9 * 48 + 24 + 64 * 50)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lanes": 0}, "lanes must be a positive integer"),
        ({"lanes": 6}, "lanes is 6; it must be a multiple of neuron_lanes"),
        ({"neuron_lanes": 3, "lanes": 3}, "neuron_lanes is 3; it must be a power of two"),
        ({"code_bits": 9}, "code_bits is 9; it must be 2 to 8"),
        ({"accumulator_bits": 22}, "it must be the sum_bits of its neurons, 20"),
        ({"units": ()}, "0 kinds of neurons"),
        ({"units": (replace(UNITS[0], varying=("tau",)),)}, "no parameter is named tau"),
    ],
)
def test_refusals(change, message):
    with pytest.raises(InputError, match=message):
        replace(CONFIGURATION, **change)


def test_damaged_json():
    with pytest.raises(InputError, match="not readable"):
        SpikingConfiguration.from_json("{}")
