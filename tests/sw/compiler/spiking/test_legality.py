"""What a spiking accelerator does not execute is refused with its place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sterna.compiler.spiking.legality import check_legal
from sterna.errors import InputError
from sterna.families.spiking.lowering import lower
from sterna.program.definition import CodeFormat, VectorFormat
from sterna.program.instructions import INPUT, Element, Kernel, Section, Unit
from sterna.program.neurons import Neurons
from sterna.program.validate import validate_program

from tests.hw.core.spiking_networks import random_network
from tests.sw.program.mixtures import random_mixture

NETWORK = lower(random_network(0))
SECTION = NETWORK.sections[0]
CELLS = SECTION.items[0]
STATE = Kernel(name="keep", length=CELLS.length if isinstance(CELLS, Neurons) else 0, body=(
    Element(result="h", a="h", multiplier=Unit(-1)),))
VECTORS = {"h": VectorFormat(length=STATE.length, fraction=0, lifetime="state")}


def test_networks_are_legal() -> None:
    check_legal(NETWORK, 4)


@pytest.mark.parametrize(("wrong", "message"), [
    (random_mixture(0), "mixture 0: is no spiking network"),
    (replace(NETWORK, results=(*NETWORK.results, next(
        item.title for item in SECTION.items if item.title not in NETWORK.results))),
     "gives the outputs of one population"),
    (replace(NETWORK, vectors=VECTORS,
             sections=(replace(SECTION, items=(STATE, *SECTION.items)),)),
     r"section step, item 0 \(keep\): a spiking accelerator computes populations alone, once"),
    (replace(NETWORK, vectors=VECTORS, sections=(replace(
        SECTION, items=(replace(CELLS, current="h"), *SECTION.items[1:])),)),
     r"section step, item 0 \(p0\): a spiking accelerator has no vectors of words"),
    (replace(NETWORK, sections=(SECTION, Section(name="more", items=()))), "has one section"),
])
def test_others_mean_something_and_are_refused(wrong, message: str) -> None:
    validate_program(wrong)
    with pytest.raises(InputError, match=message):
        check_legal(wrong, 4)


def test_lengths_are_fields_of_instructions() -> None:
    wide = replace(NETWORK, codes=dict(NETWORK.codes) | {INPUT: CodeFormat(
        length=8192, lifetime="carried", history=9)}, input_length=8192, matrices={
            key: (matrix.rows, 8192) if "input" in key[1] else matrix
            for key, matrix in ((key, NETWORK.matrix(*key)) for key in NETWORK.matrices)})
    with pytest.raises(InputError, match="8192 sources; an instruction names at most 8191"):
        check_legal(wide, 4)
