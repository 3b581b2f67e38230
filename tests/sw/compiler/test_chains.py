"""Whether tokens of a prompt can follow each other at the distance of a state."""

from __future__ import annotations

from dataclasses import replace

from sterna.compiler.chains import Chain, find_chains
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.compiler.schedule import schedule
from sterna.machine.presets import PRESETS
from sterna.program.definition import Program
from sterna.program.instructions import Constant, Element, Kernel, Unit

from tests.sim.shapes import random_program

PROGRAM = random_program(48, 2, 40, 33)
BASE = PRESETS["tiny"].having(streams=3)


def kernel(name: str) -> tuple[int, Kernel]:
    items = PROGRAM.section("layer").items
    return next((index, item) for index, item in enumerate(items)
                if isinstance(item, Kernel) and item.name == name)


def changed(name: str, *body: Element, after: bool = False) -> Program:
    """The program with operations more at the beginning or the end of a kernel of the layer."""
    index, item = kernel(name)
    longer = replace(item, body=(*item.body, *body) if after else (*body, *item.body))
    sections = tuple(
        replace(section, items=(*section.items[:index], longer, *section.items[index + 1:]))
        if section.name == "layer" else section for section in PROGRAM.sections
    )
    return replace(PROGRAM, sections=sections)


def test_the_recurrence_of_the_model_can_be_chained():
    index, forget = kernel("forget")
    names = [operation.result for operation in forget.body]
    assert find_chains(PROGRAM) == {
        ("layer", index): [Chain("h", names.index("delta"), names.index("h"))]}


def test_a_state_that_is_read_elsewhere_before_it_is_written_cannot():
    early = Element(result="early", a="h", multiplier=Unit(1))
    program = changed("candidate", early, after=True)
    program = replace(program, vectors=program.vectors | {"early": program.vectors["delta"]})
    assert find_chains(program) is None


def test_a_constant_between_read_and_write_stands_in_the_way():
    early = Element(result="delta", a="h", multiplier=Constant("share"), shift=16)
    assert find_chains(changed("forget", early)) is None


def test_a_state_that_is_written_twice_cannot_be_chained():
    again = Element(result="h", a="step", multiplier=Unit(1))
    assert find_chains(changed("forget", again, after=True)) is None


def test_only_several_streams_are_given_copies():
    one = BASE.having(streams=1)
    for base, copies in ((BASE, 1), (one, 0)):
        plan = schedule(PROGRAM, base)
        steps = [step for section in plan.sections for step in section.steps()]
        marked = [step for step in steps if getattr(step, "previous", False)]
        assert len(marked) == copies and plan.chained == bool(copies)
        for step in marked:
            assert step.operation is None and step.a == step.result
        image = compile_program(PROGRAM, fit_machine(PROGRAM, base))
        assert image.chained == bool(copies)
