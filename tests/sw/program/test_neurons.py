"""Rules of populations and of the codes between them, and how they are printed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sterna.errors import InputError
from sterna.law.neuron import NeuronDefinition, Output
from sterna.program.definition import CodeFormat, MatrixFormat, Program
from sterna.program.instructions import INPUT, Element, Kernel, Matmul, Section, Unit
from sterna.program.items import Item
from sterna.program.neurons import Neurons, Synapses
from sterna.program.printing import format_program
from sterna.program.validate import validate_program

from tests.sw.program.small import ENTER, QUIET, N, program

CELLS = Neurons(name="cells", length=N, definition=NeuronDefinition(), current="x", codes="fired")
FIRED = CodeFormat(length=N, limit=1)
KEPT = replace(FIRED, lifetime="state", history=1)
DOWN = Kernel(
    name="down", length=N, matmuls=(Matmul(result="acc", codes="fired", matrix="w"),),
    body=(Element(result="x", a="acc", multiplier=Unit(1)),))
BACK = Synapses(codes="fired", matrix="w", previous=True)
GIVEN = {INPUT: CodeFormat(length=N, lifetime="carried", history=3)}
TAKES = replace(CELLS, current=None, synapses=(Synapses(codes=INPUT, matrix="w"),))


def mixed(*items: Item, **changes: object) -> Program:
    return program(QUIET, *items, **{"codes": {"fired": FIRED}} | changes)


def spiking(*items: Item, **changes: object) -> Program:
    return program(*items, **{"codes": GIVEN | {"fired": FIRED}} | changes)


def test_good_programs_pass() -> None:
    """Words to spikes to a matrix; spikes back in the next RUN; delays; two sections."""
    validate_program(mixed(CELLS, DOWN))
    validate_program(mixed(replace(CELLS, synapses=(BACK,)), DOWN, codes={"fired": KEPT}))
    delayed = MatrixFormat(N, N, planes=5, delay=3)
    validate_program(spiking(TAKES, matrices={("main", "w"): delayed}))
    second = replace(TAKES, name="second", codes=None, result="out", synapses=(
        Synapses(codes="fired", matrix="w"), Synapses(codes=INPUT, matrix="w", previous=True)))
    validate_program(spiking(
        codes=GIVEN | {"fired": replace(FIRED, lifetime="carried")}, results=("out",),
        matrices={("one", "w"): (N, N), ("two", "w"): (N, N)},
        sections=(Section(name="one", items=(TAKES,)), Section(name="two", items=(second,)))))


REFUSED: list[tuple[Program, str]] = [
    (mixed(replace(CELLS, codes=None)), "nothing takes the outputs of the neurons"),
    (mixed(CELLS, CELLS), r"population cells is that of section main, item 1 \(cells\) too"),
    (mixed(replace(CELLS, current="y")), "vector y is read before it is written"),
    (mixed(replace(CELLS, current="acc")), "vector acc is not declared"),
    (mixed(replace(CELLS, definition=NeuronDefinition(sum_bits=17))),
     "sums of 17 bits do not hold a current of 18-bit words"),
    (mixed(replace(CELLS, length=7)), "vector x has 8 elements, not 7"),
    (mixed(replace(CELLS, definition=NeuronDefinition(max_count=3))),
     "declared as 8 of at most 1, and are 8 of at most 3"),
    (mixed(replace(CELLS, definition=NeuronDefinition(output=Output.VALUE))), "at most 127"),
    (mixed(replace(CELLS, codes="input")), "codes have the name of the input"),
    (mixed(DOWN, CELLS), "codes fired are read before they are made"),
    (mixed(replace(CELLS, synapses=(BACK,))), "codes fired are read 1 RUNs back; 0 are kept"),
    (mixed(replace(CELLS, synapses=(replace(BACK, previous=False),)), codes={"fired": KEPT}),
     "codes fired are read before they are made"),
    (mixed(replace(CELLS, synapses=(replace(BACK, codes="others"),))), "codes others are read"),
    (mixed(replace(CELLS, synapses=(replace(BACK, matrix="u"),))), "matrix u is not declared"),
    (mixed(replace(CELLS, synapses=(replace(BACK, matrix="v"),)), codes={"fired": KEPT}),
     r"matrix v is \[5, 8\], not \[8, 8\]"),
    (mixed(codes={"fired": FIRED}), "end: codes fired are never made"),
    (mixed(CELLS, DOWN, matrices={("main", "w"): MatrixFormat(N, N, 2, delay=1)}),
     r"matrix w is \[8, 8\] of 2 planes with delays to 1, not \[8, 8\] of 2 planes"),
    (spiking(TAKES, matrices={("main", "w"): MatrixFormat(N, N, delay=4)}),
     "codes input are read 4 RUNs back; 3 are kept"),
    (spiking(ENTER), "the input is codes, and is read as a vector"),
    (mixed(CELLS, results=("out",)), "end: result out is never made"),
    (mixed(replace(CELLS, result="o"), replace(CELLS, name="other", result="o")), "two results o"),
    (spiking(sections=(Section(name="main", items=(replace(TAKES, result="o"),), repeat=2),)),
     "a result comes from a section that is not repeated"),
    (mixed(codes={"fired": replace(FIRED, lifetime="ever")}), "unknown lifetime 'ever'"),
    (mixed(codes={"fired": replace(FIRED, length=0)}), "codes fired have length 0"),
    (mixed(codes={"fired": replace(FIRED, limit=128)}), "the limit 128, not 1 to 127"),
    (mixed(codes={"fired": replace(FIRED, history=1)}), "local codes fired keep 1 RUNs"),
    (spiking(codes={INPUT: replace(GIVEN[INPUT], length=9)}), "the input is 9 carried codes"),
    (spiking(codes={INPUT: CodeFormat(length=N)}), "the input is 8 local codes"),
    (mixed(matrices={("main", "w"): MatrixFormat(N, N, planes=25)}), "has 25 planes"),
    (mixed(matrices={("main", "w"): MatrixFormat(N, N, delay=256)}), "delays to 256"),
]


@pytest.mark.parametrize(("wrong", "message"), REFUSED)
def test_rules(wrong: Program, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        validate_program(wrong)
    assert str(caught.value).startswith("program")


def test_codes_of_another_section_end_with_it() -> None:
    """Unless they are carried, and then they come of the section before alone."""
    sections = (Section(name="main", items=(QUIET, CELLS)), Section(name="next", items=(DOWN,)))
    matrices = {("next", "w"): (N, N)}
    validate_program(program(sections=sections, matrices=matrices, codes={
        "fired": replace(FIRED, lifetime="carried")}))
    with pytest.raises(InputError, match="section next, item 0 .down.: codes fired are read befo"):
        validate_program(program(sections=sections, matrices=matrices, codes={"fired": FIRED}))
    reads_back = replace(CELLS, name="more", current=None, codes="more", synapses=(BACK,))
    with pytest.raises(InputError, match="codes fired belongs to section main"):
        validate_program(program(
            sections=(sections[0], Section(name="next", items=(reads_back,))), matrices=matrices,
            codes={"fired": KEPT, "more": FIRED}))


def test_listing() -> None:
    """Declarations and populations, with all that they take and give."""
    cells = replace(CELLS, synapses=(BACK,), result="out")
    text = format_program(mixed(
        cells, DOWN, codes={"fired": KEPT}, results=("out",),
        matrices={("main", "w"): MatrixFormat(N, N), ("main", "v"): MatrixFormat(5, N, 3, 9)}))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for line in (
        "words of 18 bits, input of 8 words, 5 rows in the head, results out",
        "main.v 5 x 8, 3 planes, delays to 9",
        "matrices, 184 trits",
        "fired 8 of at most 1, fraction 0, state, history 1",
        "1 neurons cells, 8, decay multiply, reset soft: codes fired, result out",
        "+ w @ fired of the RUN before",
        "+ x",
    ):
        assert line in lines, line
    only = format_program(spiking(TAKES, rows=0, vectors={}))
    assert "  input of 8 codes\n" in only and "input             8 of at most 127" in only
