"""The image, executed instruction by instruction, gives every value of the golden executor."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.compiler import assemble, compile_program, fit_machine, schedule, trace_layout
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.lowering.token import lower
from sterna.families.matmul_free.random_model import random_model
from sterna.golden.executor import GoldenExecutor
from sterna.machine.presets import token_machine
from sterna.program.validate import validate_program

from tests.sw.compiler.machine import Machine
from tests.sw.compiler.programs import random_program, simple_program, with_planes


def compare(program, shape, tokens, embedding="auto", **changes):
    """Run tokens on both and compare every vector, scalar, accumulator and the result."""
    rows, columns, lanes = shape
    base = token_machine(rows=rows, columns=columns, vector_lanes=lanes, **changes)
    configuration = fit_machine(program, base, embedding)
    plan = schedule(program, configuration)
    image = compile_program(program, configuration, embedding)
    machine = Machine(image)
    golden = GoldenExecutor(program, top_k=configuration.head.top_k)
    layout = trace_layout(plan, configuration)
    machine.run("reset")
    for token in tokens:
        if image.placement == "host":
            machine.load_row(image.embedding(token))
        run = machine.run("run", image.input_word(token))
        expected = {}
        result = golden.step(
            token, observe=lambda key, _, value, into=expected: into.update({key: value}))
        values = assemble(layout, run.shown)
        assert set(values) == set(expected)
        for key, value in expected.items():
            assert np.array_equal(values[key], value), key
        assert [row for _, row in run.top] == result.rows[:configuration.head.top_k]
        assert run.scale == (result.mantissa, result.exponent)
    return image


@pytest.mark.parametrize(("shape", "hidden", "intermediate", "vocabulary", "layers"), [
    ((2, 4, 2), 64, 100, 97, 1),
    ((2, 64, 2), 64, 100, 97, 2),
    ((6, 8, 2), 96, 100, 97, 2),
    ((4, 16, 4), 160, 100, 777, 3),
    ((8, 32, 8), 96, 333, 97, 2),
    ((16, 8, 8), 250, 333, 777, 1),
    ((16, 64, 4), 250, 333, 97, 4),
])
def test_models_at_many_shapes(shape, hidden, intermediate, vocabulary, layers):
    config = ModelConfig(vocab_size=vocabulary, hidden_size=hidden, num_hidden_layers=layers,
                         intermediate_size=intermediate)
    compare(lower(random_model(config, 1)), shape, (1, 5))


@pytest.mark.parametrize("block_groups", [2, 3, 16])
def test_block_depths(block_groups):
    config = ModelConfig(vocab_size=40, hidden_size=70, num_hidden_layers=2, intermediate_size=90)
    compare(lower(random_model(config, 2)), (4, 8, 2), (3, 4), block_groups=block_groups)


@pytest.mark.parametrize("lane, groups", [("tables", 16), ("tables", 100), ("twin_tables", 16)])
@pytest.mark.parametrize("shape", [(2, 6, 2), (4, 24, 4), (8, 48, 8)])
def test_table_lanes(shape, lane, groups):
    config = ModelConfig(vocab_size=40, hidden_size=70, num_hidden_layers=2, intermediate_size=90)
    compare(lower(random_model(config, 2)), shape, (3, 4), block_groups=groups, code_depth=528,
            lane=lane)


@pytest.mark.parametrize("word_bits", [12, 16, 18])
@pytest.mark.parametrize("embedding", ["host", "chip"])
def test_simple_program(word_bits, embedding):
    image = compare(simple_program(word_bits=word_bits), (4, 8, 2), (0, 7, 7), embedding)
    assert image.placement == embedding


@pytest.mark.parametrize("seed", range(40))
def test_random_programs(seed):
    rng = np.random.default_rng(seed)
    lanes = int(rng.choice([2, 4, 8]))
    shape = (lanes * int(rng.integers(1, 4)), max(lanes, int(rng.choice([4, 8, 16, 32]))), lanes)
    program = random_program(seed, int(rng.integers(5, 60)), int(rng.integers(5, 90)),
                             int(rng.integers(20, 60)), int(rng.integers(1, 4)),
                             int(rng.choice([12, 15, 18])))
    validate_program(program)
    compare(program, shape, (1, 2), block_groups=int(rng.integers(2, 17)))


@pytest.mark.parametrize("seed", range(12))
def test_random_programs_of_planes(seed):
    """Matrices of one to five planes, and shifts, each section's and the head's its own."""
    rng = np.random.default_rng(seed)
    tables = {"lane": "tables", "code_depth": 96} if seed % 3 == 0 else {}
    shape = (4 * int(rng.integers(1, 4)), 12 if tables else int(rng.choice([4, 8, 16])), 4)
    program = with_planes(random_program(
        seed, int(rng.integers(5, 60)), int(rng.integers(5, 90)), int(rng.integers(20, 60)),
        int(rng.integers(1, 4)), int(rng.choice([12, 15, 18]))), seed)
    compare(program, shape, (1, 2), block_groups=int(rng.integers(2, 17)), **tables)
