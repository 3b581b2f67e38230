"""Every rule of an accelerator for words has an error that names the place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sterna.compiler.fit import check_fit, fit_machine
from sterna.compiler.legality import check_legal
from sterna.errors import InputError
from sterna.law.neuron import NeuronDefinition
from sterna.law.planes import full, reach, signed_bits
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS
from sterna.program.definition import CodeFormat, MatrixFormat, Program, VectorFormat
from sterna.program.instructions import (
    INPUT,
    Element,
    Kernel,
    Matmul,
    Scalar,
    ScalarOperation,
    Section,
    Unit,
    Vector,
)
from sterna.program.items import Item
from sterna.program.neurons import Neurons, Synapses
from sterna.program.validate import validate_program

from tests.sw.compiler.programs import simple_program, with_planes
from tests.sw.program.small import CODES, ENTER, HEAD, QUIET, SUM, N, element, program, take

READ = Element(result="y", a="acc", multiplier=Unit(1))
AGAIN, OTHER = Matmul(result="acc", codes="r", matrix="w"), replace(CODES[2], result="r")
SECOND = Matmul(result="second", codes="q", matrix="w")
READ_SECOND = replace(READ, a="second")


def with_body(*operations: Element) -> Kernel:
    return replace(SUM, body=operations)


def check(program: Program) -> None:
    check_legal(program, PRESETS["small"])


def test_a_good_program_passes():
    check(program(ENTER, *CODES, SUM))
    check(program(ENTER, *CODES, SUM, OTHER, replace(
        HEAD, matmul=replace(HEAD.matmul, codes="r"))))


REFUSED: list[tuple[tuple[Item, ...], str]] = [
    ((ENTER, *CODES[:2], replace(CODES[2], a=INPUT), CODES[3], SUM),
     "makes codes of the input, which only a kernel can read"),
    ((QUIET, element(a="input")), "only the first kernel of the program reads the input"),
    ((QUIET, element(multiplier=Vector("input"))), "input can only be the first operand"),
    ((QUIET, element(addend="input")), "input can only be the first operand"),
    ((QUIET, element(multiplier=Vector("x"), addend="h")), "reads three vectors"),
    ((ENTER, *CODES, with_body()), "accumulators acc are not read"),
    ((ENTER, *CODES, with_body(READ, READ)), "accumulators acc are read twice"),
    ((ENTER, *CODES, with_body(READ, replace(READ, a="x", addend="acc"))), "acc can only be the"),
    ((ENTER, *CODES), "codes q are never used"),
    ((ENTER, *CODES, SUM, CODES[2], SUM), "the name of codes q is used twice"),
    ((ENTER, *CODES, OTHER, replace(OTHER, result="p")), "more than 2 code vectors wait"),
    ((ENTER, *CODES, OTHER, replace(SUM, matmuls=(AGAIN,))),
     r"codes r are not the oldest that wait \(q\)"),
    ((ENTER, *CODES, OTHER, replace(
        SUM, matmuls=(*SUM.matmuls, replace(AGAIN, result="second")), body=(READ, READ_SECOND))),
     "its matmuls must share one vector of codes"),
    ((ENTER, *CODES, replace(
        SUM, matmuls=(*SUM.matmuls, SECOND), body=(READ_SECOND, READ))),
     "accumulators acc must be read before second"),
]


@pytest.mark.parametrize(("items", "message"), REFUSED)
def test_rules(items, message):
    """All of them mean something all the same."""
    validate_program(program(*items))
    with pytest.raises(InputError, match=message) as caught:
        check(program(*items))
    assert str(caught.value).startswith("program, section main, item ") or items[-1] == CODES[3]


def test_planes_of_a_kernel_are_those_of_one_command():
    """As many for each of its matrices, and no more than an engine can have."""
    both = with_body(READ, READ_SECOND)
    for shift, planes in ((4, 2), (0, 3)):
        pair = (replace(SUM.matmuls[0], shift=shift), replace(SECOND, matrix="u"))
        mixed = program(ENTER, *CODES, replace(both, matmuls=pair), matrices={
            ("main", "w"): MatrixFormat(N, N, 2), ("main", "u"): MatrixFormat(N, N, planes)})
        with pytest.raises(InputError, match="must have the same planes and shift; use two"):
            check(mixed)
    for item, name in ((SUM, "w"), (HEAD, "v")):
        shape = (N, N) if item is SUM else (5, N)
        many = program(ENTER, *CODES, item, matrices={("main", name): MatrixFormat(*shape, 9)})
        with pytest.raises(InputError, match=f"matrix {name} has 9 planes; an engine takes 8"):
            check(many)


def test_planes_are_fitted():
    """A machine without them is told what it lacks; one that is made for the program has them."""
    planar = with_planes(simple_program(hidden=64, wide=100), 2)
    most = max(planar.matrix(*key).planes for key in planar.matrices)
    base = PRESETS["standard"]
    with pytest.raises(InputError, match=f"ternary_planes = 1 must be at least {most}"):
        check_fit(planar, base)
    fitted = fit_machine(planar, base)
    assert fitted.ternary.planes == most > 1
    assert fitted.ternary.accumulator_bits == signed_bits(reach(full(128, most)))
    assert Machine.from_json(fitted.to_json()) == fitted
    assert "planes" not in base.to_json() and Machine.from_json(base.to_json()) == base


def test_sums_and_gains_are_parts_of_machines():
    """A machine without is told so; one that is made for the program has them, others have not."""
    base = PRESETS["standard"]
    gained = with_planes(simple_program(hidden=64, wide=100), 1)
    assert fit_machine(gained, base).head.gains
    assert not fit_machine(simple_program(), base.having(head_gains=True)).head.gains
    with pytest.raises(InputError, match=r"takes no words with the gain rows; set head_gains"):
        check_legal(gained, base)
    summed = program(ENTER, *CODES, SUM, element(a="y", sum="t"), take("sum", "t", "t"))
    with pytest.raises(InputError, match="has no sums, which t is one of; set vector_sums"):
        check(summed)
    assert fit_machine(summed, base).vector.sums
    assert not fit_machine(simple_program(), base.having(vector_sums=True)).vector.sums


def test_sums_lie_in_the_registers_of_squares():
    """Two at a time, of either."""
    filled = [element(a="x", squares="s"), element(a="x", sum="t"), element(a="x", sum="u")]
    taken = [take("squares", "s", "a"), take("sum", "t", "b"), take("sum", "u", "c")]
    with_sums = PRESETS["small"].having(vector_sums=True)
    check_legal(program(QUIET, *filled[:2], *taken[:2], filled[2], taken[2]), with_sums)
    with pytest.raises(InputError, match="more than the 2 squares registers at u"):
        check_legal(program(QUIET, *filled, *taken), with_sums)


def test_the_input_is_a_stream():
    twice = replace(QUIET, body=(*QUIET.body, replace(QUIET.body[0], result="y")))
    with pytest.raises(InputError, match="2 operations read the input, which is there only once"):
        check(program(twice))
    with pytest.raises(InputError, match="the input needs a kernel without matmul or repetition"):
        check(program(sections=(Section(name="main", items=(QUIET,), repeat=2),)))


@pytest.mark.parametrize(("kind", "registers"), [("absmax", 4), ("squares", 2)])
def test_reductions_lie_in_registers(kind, registers):
    def reduced(count: int) -> Program:
        names = [f"r{index}" for index in range(count)]
        return program(QUIET, *(element(**{kind: name}) for name in names),
                       *(take(kind, name, f"s{name}") for name in names))

    check(reduced(registers))
    with pytest.raises(InputError, match=f"more than the {registers} {kind} registers at r"):
        check(reduced(registers + 1))


def test_scalars_lie_in_registers():
    def constants(count: int) -> Program:
        names = [f"c{index}" for index in range(count)]
        return program(
            QUIET,
            *(ScalarOperation(result=name, operation="constant", operands=(name,))
              for name in names),
            *(element(multiplier=Scalar(name)) for name in names))

    check(constants(16))
    with pytest.raises(InputError, match="more than the 16 scalar registers at c16"):
        check(constants(17))


def test_squares_must_fit_their_register():
    def squared(length: int) -> Program:
        items = (replace(ENTER, length=length), take("absmax", "m", "a"), take("squares", "s", "b"))
        return program(vectors={"x": VectorFormat(length=length, fraction=0)}, input_length=length,
                       sections=(Section(name="main", items=items),))

    check(squared(1 << 14))
    with pytest.raises(InputError, match="16385 squares of 18-bit words exceed 48 bits"):
        check(squared((1 << 14) + 1))


def test_lengths_are_fields_of_instructions():
    lanes = PRESETS["small"].vector.lanes

    def long(groups: int) -> Program:
        length = groups * lanes
        return program(
            replace(QUIET, length=length), vectors={"x": VectorFormat(length=length, fraction=0)},
            input_length=length,
            sections=(Section(name="main", items=(replace(QUIET, length=length),)),))

    check(long((1 << 13) - 1))
    with pytest.raises(InputError, match="8192 groups are more than the 8191 of an instruction"):
        check(long(1 << 13))


def test_words_are_those_of_the_accelerator():
    with pytest.raises(InputError, match="words of 16 bits, the machine of 18"):
        check(program(QUIET, word_bits=16))


def test_it_has_no_neurons_and_takes_words():
    cells = Neurons(name="cells", length=N, definition=NeuronDefinition(), current="x", codes="c")
    with pytest.raises(InputError, match=r"item 1 \(cells\): no unit .* computes a Neurons"):
        check(program(QUIET, cells, codes={"c": CodeFormat(length=N, limit=1)}))
    given = replace(cells, current=None, synapses=(Synapses(codes=INPUT, matrix="w"),))
    with pytest.raises(InputError, match="takes codes; the input of this machine is words"):
        check(program(given, codes={"c": CodeFormat(length=N, limit=1),
                                    INPUT: CodeFormat(length=N, lifetime="carried")}))
