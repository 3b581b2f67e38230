"""Every rule of a program has an error that names the place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.random_model import random_model
from sterna.law.tables import Table
from sterna.program.definition import Program, VectorFormat
from sterna.program.instructions import (
    Constant,
    Element,
    Item,
    Kernel,
    Lookup,
    Matmul,
    Quantise,
    Scalar,
    ScalarOperation,
    Section,
    TopK,
    Unit,
    Vector,
)
from sterna.program.validate import validate_program

N = 8


def take(operation: str, name: str, result: str) -> ScalarOperation:
    return ScalarOperation(result=result, operation=operation, operands=(name,))


ENTER = Kernel(
    name="enter",
    length=N,
    body=(Element(result="x", a="input", multiplier=Unit(1), absmax="m", squares="s"),),
)
CODES = (
    take("absmax", "m", "largest"),
    ScalarOperation(result="scale", operation="code_scale", operands=("largest",)),
    Quantise(result="q", a="x", length=N, scale="scale"),
    take("squares", "s", "sum"),
)
SUM = Kernel(
    name="sum",
    length=N,
    matmuls=(Matmul(result="acc", codes="q", matrix="w"),),
    body=(
        Element(result="y", a="acc", multiplier=Scalar("sum"), addend="x"),
        Lookup(result="z", a="y", table="t"),
    ),
)
HEAD = TopK(matmul=Matmul(result="logits", codes="q", matrix="v"), rows=5, scale="sum")
TABLE = Table(name="t", base=(0,) * 512, slope=(0,) * 512)


def program(*items: Item, **changes) -> Program:
    local = {name: VectorFormat(length=N, fraction=4) for name in ("x", "y", "z")}
    state = {"h": VectorFormat(length=N, fraction=4, lifetime="state")}
    base = Program(
        name="test",
        word_bits=18,
        input_length=N,
        rows=5,
        sections=(Section(name="main", items=items),),
        vectors=local | state | {"long": VectorFormat(length=N + 1, fraction=0)},
        matrices={("main", "w"): (N, N), ("main", "v"): (5, N), ("main", "wide"): (N, N + 1)},
        tables={"t": TABLE},
        parameters=None,  # type: ignore[arg-type]
    )
    return replace(base, **changes)


def element(**changes) -> Kernel:
    """A kernel of one operation on x."""
    values = {"result": "y", "a": "x", "multiplier": Unit(1)} | changes
    return Kernel(name="k", length=N, body=(Element(**values),))


def with_body(*operations) -> Kernel:
    return replace(SUM, body=operations)


READ = Element(result="y", a="acc", multiplier=Unit(1))


def test_a_good_program_passes():
    validate_program(program(ENTER, *CODES, SUM))
    validate_program(program(ENTER, *CODES, SUM, *CODES[2:3], HEAD))


@pytest.mark.parametrize("word_bits", [16, 18])
def test_lowered_models_pass(word_bits):
    from sterna.families.matmul_free.lowering import Formats

    config = ModelConfig(
        vocab_size=97, hidden_size=64, num_hidden_layers=3, intermediate_size=100
    )
    lowered = lower(random_model(config, 1), Formats.default(word_bits))
    validate_program(lowered)


REFUSED: list[tuple[tuple[Item, ...], str]] = [
    ((element(a="y"),), "vector y is read before it is written"),
    ((ENTER, element(a="nothing")), "vector nothing is not declared"),
    ((ENTER, element(result="nothing")), "vector nothing is not declared"),
    ((ENTER, element(result="long")), "vector long has 9 elements, not 8"),
    ((ENTER, element(a="input")), "only the first kernel of the program reads the input"),
    ((ENTER, element(multiplier=Vector("y"))), "vector y is read before it is written"),
    ((ENTER, element(addend="y")), "vector y is read before it is written"),
    ((ENTER, element(multiplier=Vector("x"), addend="h")), "reads three vectors"),
    ((ENTER, element(shift=3)), "shift 3 is not a multiple of 4"),
    ((ENTER, element(shift=36)), "shift 36 is not a multiple of 4 from 0 to 32"),
    ((ENTER, element(multiplier=Scalar("a"))), "scalar a is used before it is defined"),
    ((ENTER, element(multiplier=Unit(2))), "unit multiplier is 2"),  # type: ignore[arg-type]
    ((ENTER, element(result=None)), "has no effect"),
    ((ENTER, *CODES[:2], element(multiplier=Scalar("scale"))), "only a Quantise may use"),
    ((ENTER, *CODES, with_body()), "accumulators acc are not read"),
    ((ENTER, *CODES, with_body(READ, READ)), "accumulators acc are read twice"),
    (
        (ENTER, *CODES, with_body(Element(result="y", a="acc", multiplier=Scalar("sum"), shift=4))),
        "has the scalar's shift",
    ),
    ((ENTER, *CODES, with_body(READ, Lookup(result="z", a="y", table="u"))), "table u is not"),
    ((ENTER, SUM), r"codes q are not the oldest that wait \(none\)"),
    ((ENTER, *CODES), "codes q are never used"),
    ((ENTER, *CODES, CODES[2]), "codes q still wait for their matrix"),
    ((ENTER, CODES[2]), "scalar scale is used before it is defined"),
    (
        (ENTER, *CODES, replace(CODES[2], result="r"), replace(CODES[2], result="p")),
        "more than 2 code vectors wait",
    ),
    (
        (ENTER, *CODES, replace(CODES[2], result="r"), replace(
            SUM, matmuls=(Matmul(result="acc", codes="r", matrix="w"),))),
        r"codes r are not the oldest that wait \(q\)",
    ),
    (
        (ENTER, *CODES, replace(SUM, matmuls=(Matmul(result="acc", codes="q", matrix="u"),))),
        "matrix u is not declared",
    ),
    (
        (ENTER, *CODES, replace(SUM, matmuls=(Matmul(result="acc", codes="q", matrix="wide"),))),
        r"matrix wide is \[8, 9\], not \[8, 8\]",
    ),
    (
        (ENTER, *CODES, replace(SUM, matmuls=(Matmul(result="x", codes="q", matrix="w"),))),
        "accumulators x have the name of a vector",
    ),
    (
        (ENTER, *CODES, replace(SUM, matmuls=(
            Matmul(result="acc", codes="q", matrix="w"),
            Matmul(result="second", codes="q", matrix="w"),
        ), body=(Element(result="y", a="second", multiplier=Unit(1)), READ))),
        "accumulators acc must be read before second",
    ),
    ((ENTER, take("absmax", "n", "a")), "absmax n is taken before anything entered it"),
    ((ENTER, take("absmax", "m", "a"), take("absmax", "m", "a")), "taken before anything"),
    ((ENTER, take("absmax", "m", "a")), "end: squares s is never taken"),
    (
        (ENTER, *(element(absmax=f"m{index}") for index in range(4))),
        "5 absmax reductions are live, there are 4 registers",
    ),
    (
        (ENTER, *(element(squares=f"s{index}") for index in range(2))),
        "3 squares reductions are live, there are 2 registers",
    ),
    (
        (ENTER, *CODES, replace(HEAD, rows=6)),
        "top-k of 6 rows, the program has 5",
    ),
    ((ENTER, *CODES, HEAD, CODES[2], HEAD), "a program has one top-k"),
    (
        (ENTER, ScalarOperation(result="a", operation="multiply", operands=("a",))),
        "multiply takes 2 operands, not 1",
    ),
    (
        (ENTER, ScalarOperation(result="a", operation="rsqrt", operands=("b",))),
        "scalar b is used before it is defined",
    ),
    (
        (ENTER, ScalarOperation(result="a", operation="divide", operands=("b",))),  # type: ignore
        "unknown scalar operation divide",
    ),
]


@pytest.mark.parametrize(("items", "message"), REFUSED)
def test_rules(items, message):
    with pytest.raises(InputError, match=message) as caught:
        validate_program(program(*items))
    assert str(caught.value).startswith("program, ")


def test_scalars_have_sixteen_registers():
    def constants(count: int) -> tuple[Item, ...]:
        defined = [
            ScalarOperation(result=f"c{index}", operation="constant", operands=(f"c{index}",))
            for index in range(count)
        ]
        used = [
            element(multiplier=Scalar(f"c{index}"), absmax=None) for index in range(count)
        ]
        return (ENTER, *CODES[:1], CODES[3], *defined, *used)

    validate_program(program(*constants(16)))
    with pytest.raises(InputError, match="17 scalars are live, there are 16 registers"):
        validate_program(program(*constants(17)))


def test_a_local_vector_ends_with_its_repetition():
    kernel = Kernel(
        name="k",
        length=N,
        body=(Element(result="y", a="long_lived", multiplier=Constant("c")),),
    )
    enter = replace(ENTER, body=(Element(result="long_lived", a="input", multiplier=Unit(1)),))
    sections = (Section(name="main", items=(enter,)), Section(name="next", items=(kernel,)))
    for lifetime in ("carried", "local"):
        vectors = dict(program().vectors)
        vectors["long_lived"] = VectorFormat(length=N, fraction=0, lifetime=lifetime)
        candidate = program(vectors=vectors, sections=sections)
        if lifetime == "carried":
            validate_program(candidate)
        else:
            with pytest.raises(InputError, match="long_lived is read before it is written"):
                validate_program(candidate)


def test_reductions_may_cross_repetitions_but_not_the_token():
    enter = replace(ENTER, body=(replace(ENTER.body[0], absmax=None),))
    repeated = (take("squares", "s", "a"), element(a="h", squares="s"))
    sections = (
        Section(name="main", items=(enter,)),
        Section(name="layer", items=repeated, repeat=3),
        Section(name="end", items=(take("squares", "s", "a"),)),
    )
    validate_program(program(sections=sections))
    with pytest.raises(InputError, match="end: squares s is never taken"):
        validate_program(program(sections=sections[:2]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"word_bits": 19}, "word_bits is 19"),
        ({"sections": ()}, "has no section"),
        ({"vectors": {"x": VectorFormat(length=N, fraction=0, lifetime="forever")}}, "'forever'"),
        ({"vectors": {"x": VectorFormat(length=0, fraction=0)}}, "vector x has length 0"),
        ({"tables": {"t": replace(TABLE, base=(0,) * 511)}}, "table t has not 512 segments"),
        ({"tables": {"t": replace(TABLE, slope=(1 << 17,) * 512)}}, "entries beyond 18 bits"),
        (
            {"sections": (Section(name="a", items=()), Section(name="a", items=()))},
            "two sections have the same name",
        ),
        ({"sections": (Section(name="a", items=(), repeat=0),)}, "repeats 0 times"),
        (
            {"sections": (Section(name="main", items=(ENTER, HEAD), repeat=2),)},
            "not repeated",
        ),
    ],
)
def test_declarations(changes, message):
    with pytest.raises(InputError, match=message):
        validate_program(program(**changes))


def test_squares_must_fit_their_register():
    length = 1 << 14
    vectors = {"x": VectorFormat(length=length, fraction=0)}
    enter = replace(ENTER, length=length)
    items = (enter, take("absmax", "m", "a"), take("squares", "s", "b"))
    sections = (Section(name="main", items=items),)
    validate_program(program(vectors=vectors, input_length=length, sections=sections))
    vectors = {"x": VectorFormat(length=length + 1, fraction=0)}
    sections = (Section(name="main", items=(replace(enter, length=length + 1), *items[1:])),)
    with pytest.raises(InputError, match="16385 squares of 18-bit words exceed 48 bits"):
        validate_program(program(vectors=vectors, input_length=length + 1, sections=sections))
