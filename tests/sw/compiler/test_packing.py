"""Streams: every trit, constant and table entry lies where the order of use asks for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sterna.compiler.packing import (
    by_level,
    constant_pieces,
    constant_words,
    table_pieces,
    weight_pieces,
    weight_words,
)
from sterna.compiler.plan import BlockLoop, MatmulStep, ScalarStep, VectorStep
from sterna.compiler.schedule import schedule
from sterna.errors import InputError
from sterna.machine.memory import Axi
from sterna.machine.presets import token_machine
from sterna.machine.weight_words import bundle, resident, unpack_words
from sterna.machine.words import as_groups, pack_fields, pack_row, unpack_fields
from sterna.program.definition import ScalarConstant

from tests.sw.compiler.programs import simple_program

SHAPE = token_machine(rows=4, columns=8, vector_lanes=2, block_groups=4)
ROWS, COLUMNS = SHAPE.ternary.rows, SHAPE.ternary.columns


@pytest.mark.parametrize(("bits", "fields", "size"), [(18, 2, 8), (12, 8, 12), (17, 3, 7)])
def test_fields_come_back(bits, fields, size):
    rng = np.random.default_rng(bits)
    limit = 1 << (bits - 1)
    values = rng.integers(-limit, limit, (50, fields))
    packed = pack_fields(values, bits, size)
    assert packed.shape == (50, size) and packed.dtype == np.uint8
    assert np.array_equal(unpack_fields(packed, fields, bits), values)
    number = sum((int(value) & (2 * limit - 1)) << (bits * lane)
                 for lane, value in enumerate(values[7]))
    assert int.from_bytes(bytes(packed[7]), "little") == number


@pytest.mark.parametrize("kept", [0, 1, 7, 12, 29])
def test_words_are_loaded_once_those_on_the_chip_last(kept):
    """In the order of use on each side, however the pieces are cut."""
    shape = SHAPE.having(weight_depth=30, memory=Axi(resident_words=kept))
    words = np.arange(30 * 4, dtype=np.uint8).reshape(30, 4)
    pieces = iter([words[:11], words[11:12], words[12:]])
    found = np.concatenate(list(by_level(shape, pieces)))
    stays = resident(shape, 0, 30)
    assert stays.sum() == kept
    assert np.array_equal(found, np.concatenate([words[~stays], words[stays]]))


@pytest.mark.parametrize("shape", [SHAPE, SHAPE.having(
    columns=12, code_depth=48, lane="tables", memory=Axi())], ids=["adders", "dense"])
def test_weights_one_by_one(shape):
    """Each weight word from its definition, by plain loops over the plan."""
    rows, columns = shape.ternary.rows, shape.ternary.columns
    program = simple_program(hidden=13, wide=23, rows=30)
    plan = schedule(program, shape)
    packed = np.concatenate(list(weight_pieces(program, plan, shape)))
    given, taken = bundle(shape)
    assert len(packed) == -(-weight_words(plan) // given) * taken
    words = unpack_words(shape, packed)
    position = 0
    for section in plan.sections:
        for repetition in range(section.repeat):
            for step in section.nodes:
                if not isinstance(step, MatmulStep):
                    continue
                matrices = [program.parameters.matrix(section.name, repetition, name)
                            for name in step.matrices]
                for block in range(step.blocks):
                    for tile in range(step.tiles):
                        for matrix in matrices:
                            for group in range(step.groups):
                                first = (step.first + block * step.groups + group) * rows
                                expected = np.zeros((rows, columns), np.int8)
                                part = matrix[first:first + rows,
                                              tile * columns:(tile + 1) * columns]
                                expected[:part.shape[0], :part.shape[1]] = part
                                assert np.array_equal(words[position], expected)
                                position += 1
    # What is kept five at a time ends with zeros.
    assert len(words) - position < 5 and not words[position:].any()


def test_pieces_do_not_change_the_stream(monkeypatch):
    program = simple_program(hidden=40, wide=60, rows=100)
    plan = schedule(program, SHAPE)
    whole = np.concatenate(list(weight_pieces(program, plan, SHAPE)))
    monkeypatch.setattr("sterna.compiler.packing._PIECE_TRITS", 1)
    pieces = list(weight_pieces(program, plan, SHAPE))
    assert len(pieces) > 20
    assert np.array_equal(np.concatenate(pieces), whole)


def test_constants_one_by_one():
    program = simple_program(hidden=13, wide=23)
    plan = schedule(program, SHAPE)
    words = unpack_fields(np.concatenate(list(constant_pieces(program, plan, SHAPE))), 2, 18)
    assert len(words) == constant_words(plan, SHAPE)
    expected = []

    def vector(section, repetition, step, inner):
        values = program.parameters.vector(section, repetition, step.constant)
        for group in range(step.first + inner, step.first + inner + step.length):
            pair = values[2 * group:2 * group + 2].tolist()
            expected.append(pair + [0] * (2 - len(pair)))

    for section in plan.sections:
        for repetition in range(section.repeat):
            for node in section.nodes:
                if isinstance(node, BlockLoop):
                    for block in range(node.count):
                        for step in node.body:
                            if step.constant:
                                vector(section.name, repetition, step, block * node.step)
                elif isinstance(node, VectorStep) and node.constant:
                    vector(section.name, repetition, node, 0)
                elif isinstance(node, ScalarStep) and node.constant:
                    value = program.parameters.scalar(section.name, repetition, node.constant)
                    expected.append([value.mantissa, value.exponent])
    assert words.tolist() == expected


def test_tables():
    program = simple_program()
    table = program.tables["bend"]
    words = unpack_fields(np.concatenate(list(table_pieces(program, SHAPE))), 2, 18)
    assert words[:, 0].tolist() == list(table.base)
    assert words[:, 1].tolist() == list(table.slope)


def test_row_is_padded_with_zeros():
    assert unpack_fields(pack_row(SHAPE, [1, -2, 3]), 2, 18).tolist() == [[1, -2], [3, 0]]


def test_parameter_beyond_a_word():
    with pytest.raises(InputError, match="131072 exceeds words of 18 bits"):
        as_groups(SHAPE, [131072], 1)


def test_scalar_constant_that_short_words_cannot_hold():
    class Odd:
        def scalar(self, section, repetition, name):
            return ScalarConstant((1 << 16) + 1, -20)

        def __getattr__(self, name):
            return getattr(program.parameters, name)

    program = simple_program(word_bits=16)
    shape = SHAPE.having(word_bits=16)
    plan = schedule(program, shape)
    assert len(list(constant_pieces(program, plan, shape))) == 3
    with pytest.raises(InputError, match="low 2 bits do not fit"):
        list(constant_pieces(replace(program, parameters=Odd()), plan, shape))


def test_matrix_of_another_shape():
    program = simple_program()
    plan = schedule(program, SHAPE)
    shapes = {**program.parameters.shapes, ("layer", "up"): (36, 19)}
    wrong = replace(program, parameters=replace(program.parameters, shapes=shapes))
    with pytest.raises(InputError, match=r"matrix up of layer 0 is \(36, 19\), declared as"):
        list(weight_pieces(wrong, plan, SHAPE))
