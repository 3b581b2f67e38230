"""Norms of heads in integers against float64, and what parts of vectors may be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.layers.heads import (
    HEAD_ONES,
    HEAD_UNIT,
    HeadNorm,
    Heads,
    make_head_ones,
    padded_size,
)
from sterna.families.layers.ones import UNIT_WORD
from sterna.families.layers.shift import half_tanh
from sterna.families.layers.tables import LOG_FRACTION, ONE_FRACTION, layer_tables
from sterna.golden.executor import GoldenExecutor
from sterna.program.definition import Program, VectorFormat
from sterna.program.instructions import INPUT, Element, Kernel, Part, Section, Unit
from sterna.program.items import Item
from sterna.program.validate import validate_program

from tests.sw.families.layers.test_layers import Given


def program_of(length: int, items: tuple[Item, ...], **parameters) -> Program:
    """``x`` is the input, and after each row the result."""
    enter = Kernel(name="enter", length=length, body=(
        Element(result="x", a=INPUT, multiplier=Unit(1)), *make_head_ones("x")))
    return Program(
        name="heads", word_bits=18, input_length=length, rows=0, results=("x",), matrices={},
        sections=(Section(name="main", items=(enter, *items)),), tables=layer_tables(),
        vectors={"x": VectorFormat(length=length, fraction=None, lifetime="carried"),
                 "y": VectorFormat(length=length, fraction=None),
                 HEAD_ONES: VectorFormat(length=length, fraction=ONE_FRACTION)},
        parameters=Given(parameters.get("vectors", {}), parameters.get("scalars", {})))


def padded(heads: Heads, values: np.ndarray) -> np.ndarray:
    """Values [rows, heads, size] as vectors with padding."""
    found = np.zeros((len(values), heads.count, heads.step), values.dtype)
    found[..., :heads.size] = values
    return found.reshape(len(values), -1)


def normed(heads: Heads, fraction: int = 10, out: int = 13, eps: float = 64e-5) -> Program:
    norm = HeadNorm("n", heads, fraction, out, eps)
    ones = padded(heads, np.full((1, heads.count, heads.size), UNIT_WORD))[0]
    return program_of(heads.length, norm.items("x"), vectors={HEAD_UNIT: ones},
                      scalars=norm.scalars())


def test_heads_are_whole_groups() -> None:
    assert [padded_size(size) for size in (1, 16, 20, 33, 64, 65, 128)] == [
        16, 16, 32, 64, 64, 128, 128]


@pytest.mark.parametrize("heads", [Heads(3, 20), Heads(2, 64), Heads(5, 7)])
def test_a_norm_of_heads(heads: Heads) -> None:
    """Of a large mean, of values a hundred times as small as those beside them, and all alike."""
    draw, fraction, out = np.random.default_rng(heads.size), 10, 13
    spread = 10.0 ** -np.arange(heads.count)[:, None]
    inputs = np.rint(draw.normal(20 * spread, 8 * spread, (12, heads.count, heads.size))
                     * 2**fraction).astype(np.int64)
    inputs[0] = inputs[0, :, :1]
    golden = GoldenExecutor(normed(heads, fraction, out))
    found = np.stack([golden.run(row[None])["x"][0] for row in padded(heads, inputs)])
    real = inputs / 2**fraction
    centred = real - real.mean(2, keepdims=True)
    deviation = np.sqrt((centred**2).mean(2, keepdims=True) + 64e-5)
    found = found.reshape(len(inputs), heads.count, heads.step)
    assert not found[..., heads.size:].any()
    # Half a word, and the last of 16 bits of a share and of the mean, as large as the deviation
    # makes them.
    words = (0.6 + 2 * np.abs(inputs.mean(2, keepdims=True)) / 2**16) / 2**fraction / deviation
    bound = 1.5 / 2**out + words + 3e-4 * np.abs(centred / deviation)
    assert (np.abs(found[..., :heads.size] / 2**out - centred / deviation) <= bound).all()


def test_half_a_tanh() -> None:
    length = 64
    body = half_tanh("x", "x", "y", absmax=None)
    golden = GoldenExecutor(replace(
        program_of(length, (Kernel(name="tanh", length=length, body=body),)),
        parameters=Given({HEAD_UNIT: np.full(length, UNIT_WORD)}, {})))
    words = np.linspace(-131071, 131071, length).astype(np.int64)
    words[:8] = [0, 1, -1, 4095, -4095, 70000, -70000, 8192]
    found = golden.run(words[None])["x"][0] / 2**15
    assert np.abs(found - np.tanh(words / 2**LOG_FRACTION)).max() < 2e-4
    assert found[0] == 0


@pytest.mark.parametrize("item, told", [
    (Part(name="p", first=40, length=16, body=(
        Element(result="x", a="x", multiplier=Unit(1)),)), "has 48 elements, not 16 from 40 on"),
    (Part(name="p", first=-16, length=16, body=(
        Element(result="x", a="x", multiplier=Unit(1)),)), "has 48 elements, not 16 from -16 on"),
    (Part(name="p", first=0, length=16, body=(
        Element(result="y", a="x", multiplier=Unit(1)),)), "vector y is read before it is written"),
    (Part(name="p", first=0, length=16, body=(
        Element(result="x", a=INPUT, multiplier=Unit(1)),)), "neither products nor the input"),
])
def test_parts_that_mean_nothing(item: Part, told: str) -> None:
    with pytest.raises(InputError, match=told):
        validate_program(program_of(48, (item,)))


def test_a_part_is_listed_with_its_place() -> None:
    from sterna.program.printing import format_program

    assert "kernel n_sum, 32 elements from 64 on" in format_program(normed(Heads(3, 20)))
