"""Formats check themselves and travel as JSON."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from sterna.errors import InputError
from sterna.families.matmul_free.lowering.formats import Formats


@pytest.mark.parametrize("word_bits", [16, 18])
def test_json_round_trip(word_bits):
    formats = Formats.default(word_bits)
    assert formats.word_bits == word_bits
    assert Formats.from_json(formats.to_json()) == formats


@pytest.mark.parametrize("text", ["", "[1]", '{"residual": 3}', '{"word_bits": 40}'])
def test_unreadable_json_is_refused(text):
    with pytest.raises(InputError, match="formats: "):
        Formats.from_json(text)


def test_there_are_defaults_for_two_widths():
    with pytest.raises(InputError, match="words of 16 and 18 bits, not of 14"):
        Formats.default(14)


@pytest.mark.parametrize("name", [field.name for field in fields(Formats)])
@pytest.mark.parametrize("value", [-1, 2.5, True, "9"])
def test_every_field_is_a_whole_number(name, value):
    with pytest.raises(InputError, match=f"{name} must be a whole number"):
        replace(Formats(), **{name: value})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"word_bits": 11}, "word_bits is 11, not between 12 and 18"),
        ({"gate_fraction": 18}, "gate_fraction is 18; a word of 18 bits holds at most 17"),
        ({"gain_bits": 18}, "gain_bits is 18; a word"),
        ({"activation_fraction": 13}, "activation_fraction .gate_fraction - state_fraction is 17"),
        ({"swish_fraction": 13}, "is 15; it is a shift"),
        ({"up_fraction": 9}, "swish_fraction .up_fraction - product_fraction is 14"),
        ({"product_fraction": 24}, "is -5; it is a shift"),
        ({"share_fraction": 15}, "share_fraction is 15"),
        ({"gain_shift": 36}, "gain_shift is 36"),
        ({"output_shift": 10}, "output_shift is 10"),
    ],
)
def test_shifts_must_exist(changes, message):
    with pytest.raises(InputError, match=message.replace(" .", r" \+ ")):
        replace(Formats(), **changes)
