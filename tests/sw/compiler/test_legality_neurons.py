"""What synapses and neurons of a machine do not execute is refused with its place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sterna.compiler.fit import fit_machine
from sterna.compiler.legality import check_legal
from sterna.errors import InputError
from sterna.families.spiking.lowering import lower
from sterna.law.neuron import NeuronDefinition
from sterna.law.neuron_parameters import NeuronParameters
from sterna.machine.presets import PRESETS, STEP_MACHINE
from sterna.program.definition import (
    CodeFormat,
    MatrixFormat,
    Parameters,
    Program,
    VectorFormat,
)
from sterna.program.instructions import INPUT, Element, Kernel, Section, Unit
from sterna.program.neurons import Neurons, Synapses
from sterna.program.validate import validate_program

from tests.hw.core.spiking_networks import random_network
from tests.sw.program.small import CODES, ENTER, QUIET, SUM, N, program

NETWORK = lower(random_network(0))
SECTION = NETWORK.sections[0]
CELLS = SECTION.items[0]
STATE = Kernel(name="keep", length=CELLS.length if isinstance(CELLS, Neurons) else 0, body=(
    Element(result="h", a="h", multiplier=Unit(-1)),))
VECTORS = {"h": VectorFormat(length=STATE.length, fraction=0, lifetime="state")}
FIRST = Neurons(name="first", length=N, definition=NeuronDefinition(), current="x", codes="a")
SECOND = Neurons(name="second", length=N, definition=NeuronDefinition(), codes="b", synapses=(
    Synapses(codes="a", matrix="joint"),))


class Few(Parameters):
    """What a fit asks for."""

    def planes(self, section, repetition, name):
        return np.ones((1, N, N), np.int8)

    def neurons(self, section, repetition, name):
        return NeuronParameters()


def mixture(*items, repeat: int = 1, **changes) -> Program:
    """A program of words with populations behind a kernel."""
    whole = program(sections=(Section(name="main", items=(ENTER, *CODES, SUM)),
                              Section(name="more", items=items, repeat=repeat)))
    carried = VectorFormat(length=N, fraction=4, lifetime="carried")
    return replace(
        whole, matrices=dict(whole.matrices) | {("more", "joint"): MatrixFormat(N, N)},
        vectors=dict(whole.vectors) | {"x": carried}, parameters=Few(), **changes)


def test_networks_are_legal() -> None:
    more = replace(NETWORK, results=(*NETWORK.results, next(
        item.title for item in SECTION.items if item.title not in NETWORK.results)))
    for network in (NETWORK, more):
        check_legal(network, fit_machine(network, STEP_MACHINE))


@pytest.mark.parametrize(("wrong", "message"), [
    (replace(NETWORK, vectors=VECTORS,
             sections=(replace(SECTION, items=(STATE, *SECTION.items)),)),
     r"section step, item 0 \(keep\): no unit of this machine computes a Kernel"),
    (replace(NETWORK, vectors=VECTORS, sections=(replace(
        SECTION, items=(replace(CELLS, current="h"), *SECTION.items[1:])),)),
     r"section step, item 0 \(p0\): has both synapses and a current"),
    (replace(NETWORK, sections=(replace(SECTION, repeat=2),), results=(), codes=NETWORK.codes),
     "synapses lead to populations of sections that are not repeated"),
])
def test_others_mean_something_and_are_refused(wrong, message: str) -> None:
    if wrong.sections[0].repeat > 1:
        items = tuple(replace(item, result=None, codes=item.codes or f"{item.name} codes")
                      for item in wrong.sections[0].items)
        wrong = replace(wrong, sections=(replace(wrong.sections[0], items=items),))
    validate_program(wrong)
    with pytest.raises(InputError, match=message):
        check_legal(wrong, STEP_MACHINE)


@pytest.mark.parametrize(("wrong", "message"), [
    (program(QUIET, replace(FIRST, current=INPUT), parameters=Few()),
     r"item 1 \(first\): its current is the input, which only a kernel can read"),
    (mixture(FIRST, repeat=2), None),
    (mixture(FIRST, SECOND), None),
    (mixture(FIRST, SECOND, repeat=2),
     r"section more, item 1 \(second\): synapses lead to populations of sections that are not"),
    (mixture(replace(SECOND, synapses=(Synapses(codes="q", matrix="joint"),))), "read before"),
    (mixture(FIRST, replace(FIRST, name="other", codes="c", result="seen"), results=("seen", "x")),
     "x is to leave with a RUN; a machine gives the best of a head and the outputs of pop"),
])
def test_mixtures(wrong: Program, message: str | None) -> None:
    """Of a machine that has all units."""
    if message is None:
        fit_machine(wrong, PRESETS["tiny"])
    else:
        with pytest.raises(InputError, match=message):
            fit_machine(wrong, PRESETS["tiny"])


def test_the_input_is_words_or_codes() -> None:
    with pytest.raises(InputError, match="takes codes; the input of this machine is words"):
        check_legal(NETWORK, PRESETS["tiny"])
    with pytest.raises(InputError, match="takes words; the input of a machine without a vector"):
        check_legal(program(ENTER, *CODES, SUM), STEP_MACHINE)


def test_lengths_are_fields_of_instructions() -> None:
    wide = replace(NETWORK, codes=dict(NETWORK.codes) | {INPUT: CodeFormat(
        length=8192, lifetime="carried", history=9)}, input_length=8192, matrices={
            key: (matrix.rows, 8192) if "input" in key[1] else matrix
            for key, matrix in ((key, NETWORK.matrix(*key)) for key in NETWORK.matrices)})
    with pytest.raises(InputError, match="8192 sources; an instruction names at most 8191"):
        check_legal(wide, STEP_MACHINE)
