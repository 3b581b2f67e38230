"""Programs that mix words and neurons: the executor beside plain Python integers."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.golden.executor import GoldenExecutor
from sterna.law.neuron import NeuronDefinition, Output, Reset
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.planes import ternary_planes
from sterna.program.definition import CodeFormat, MatrixFormat, Parameters, Program
from sterna.program.instructions import INPUT, Section
from sterna.program.neurons import Neurons, Synapses
from sterna.program.validate import validate_program

from tests.sw.golden.plain import Plain
from tests.sw.program.mixtures import LIMIT, random_mixture

RUNS = 6
SEEDS = range(16)


def inputs_of(program: Program, streams: int = 1) -> np.ndarray:
    """Words [RUNS, streams, length], small and large."""
    draw = np.random.default_rng(program.input_length)
    shape = (RUNS, streams, program.input_length)
    return draw.integers(-LIMIT, LIMIT + 1, shape) >> draw.integers(0, 12, shape)


@pytest.mark.parametrize("seed", SEEDS)
def test_mixtures_are_those_of_plain_integers(seed: int) -> None:
    """Carried words after every RUN, and every membrane in the end; again after a reset."""
    program = random_mixture(seed)
    validate_program(program)
    executor = GoldenExecutor(program)
    for _ in range(2):
        executor.reset()
        plain = Plain(program)
        for words in inputs_of(program):
            expected = plain.run(words[0].tolist())
            assert executor.run(words)["x"][0].tolist() == expected["x"]
        kept = executor.snapshot()
        for (place, name, neuron), kind in plain.neurons:
            found = kept[f"{place[0]}[{place[1]}].{name}.{kind}"][0, neuron]
            assert found == plain.neurons[(place, name, neuron), kind]


def test_they_are_worth_comparing() -> None:
    """Populations spike and rest, on currents, on synapses of several planes and delays."""
    synapses_of, formats, counts = set(), set(), [0, 0]
    for seed in SEEDS:
        program = random_mixture(seed)
        executor = GoldenExecutor(program)
        outputs: list[np.ndarray] = []
        for words in inputs_of(program):
            executor.run(words, lambda key, name, value, outputs=outputs: outputs.append(
                value) if name.endswith(".output") else None)
        for value in outputs:
            counts[0] += int((value == 0).sum())
            counts[1] += int((value > 0).sum())
        for section in program.sections:
            for item in section.items:
                if isinstance(item, Neurons):
                    synapses_of.add((item.current is None, len(item.synapses)))
                    for synapses in item.synapses:
                        matrix = program.matrix(section.name, synapses.matrix)
                        formats |= {("planes", matrix.planes), ("delay", matrix.delay),
                                    ("previous", synapses.previous)}
    assert min(counts) > 500
    assert {(False, 0), (False, 1), (True, 1), (True, 2)} <= synapses_of
    assert {("planes", 3), ("delay", 0), ("delay", 2), ("previous", True),
            ("previous", False)} <= formats


@pytest.mark.parametrize("seed", [0, 3, 7])
def test_streams_are_independent(seed: int) -> None:
    """Three side by side give what each gives alone."""
    program = random_mixture(seed)
    inputs = inputs_of(program, 3)
    together = GoldenExecutor(program, streams=3)
    found = [together.run(words)["x"] for words in inputs]
    for stream in range(3):
        alone = GoldenExecutor(program)
        for words, values in zip(inputs, found, strict=True):
            assert np.array_equal(alone.run(words[stream:stream + 1])["x"][0], values[stream])


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_an_executor_beside_has_a_state_of_its_own(seed: int) -> None:
    program = random_mixture(seed)
    inputs = inputs_of(program)
    first = GoldenExecutor(program)
    wanted = [first.run(words)["x"] for words in inputs]
    other = first.beside()
    first.reset()
    for words, values in zip(inputs, wanted, strict=True):
        assert np.array_equal(other.run(words)["x"], values)
        assert np.array_equal(first.run(words)["x"], values)


class Eye(Parameters):
    """Weights of 1, and of 10 for the RUN before; neurons without memory."""

    def planes(self, section, repetition, name):
        return ternary_planes({"w": 1, "v": 10}[name] * np.eye(2, dtype=np.int64), 3)

    def neurons(self, section, repetition, name):
        return NeuronParameters()


def test_carried_codes_reach_later_sections() -> None:
    """In this RUN and, as past ones, in the next: a population that copies, one that adds up."""
    sums = NeuronDefinition(reset=Reset.NO_RESET, output=Output.MEMBRANE)
    copy = Neurons(name="copy", length=2, definition=sums, codes="copied",
                   synapses=(Synapses(codes=INPUT, matrix="w"),))
    total = Neurons(name="total", length=2, definition=sums, result="out", synapses=(
        Synapses(codes="copied", matrix="w"), Synapses(codes="copied", matrix="v", previous=True)))
    shape = MatrixFormat(2, 2, planes=3)
    program = Program(
        name="sections", word_bits=18, input_length=2, rows=0, vectors={}, tables={},
        sections=(Section(name="one", items=(copy,)), Section(name="two", items=(total,))),
        matrices={("one", "w"): shape, ("two", "w"): shape, ("two", "v"): shape},
        codes={INPUT: CodeFormat(length=2, lifetime="carried"),
               "copied": CodeFormat(length=2, lifetime="carried", history=1)},
        results=("out",), parameters=Eye())
    validate_program(program)
    executor = GoldenExecutor(program)
    inputs = [[1, 2], [3, -4], [5, 6]]
    assert [executor.run([codes])["out"][0].tolist() for codes in inputs] == [
        [1, 2], [13, 16], [35, -34]]


def test_refusals() -> None:
    program = random_mixture(0)
    executor = GoldenExecutor(program)
    with pytest.raises(InputError, match=r"input of shape \[2, \d\], not \[1, \d\]"):
        executor.run(np.zeros((2, program.input_length), np.int64))
    with pytest.raises(InputError, match="words beyond 18 bits"):
        executor.run(np.full((1, program.input_length), LIMIT + 1))
    with pytest.raises(InputError, match="either a token or an input row"):
        executor.step()
    with pytest.raises(InputError, match="outside the vocabulary of 0"):
        executor.step(0)
