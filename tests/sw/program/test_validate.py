"""Every rule of a program has an error that names the place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.random_model import random_model
from sterna.program.definition import MatrixFormat, VectorFormat
from sterna.program.instructions import (
    Constant,
    Element,
    Item,
    Kernel,
    Lookup,
    Matmul,
    Scalar,
    ScalarOperation,
    Section,
    Unit,
    Vector,
)
from sterna.program.printing import format_program
from sterna.program.validate import validate_program

from tests.sw.program.small import (
    CODES,
    ENTER,
    HEAD,
    QUIET,
    READ,
    SUM,
    TABLE,
    N,
    element,
    program,
    take,
    with_body,
)


def test_a_good_program_passes():
    validate_program(program(ENTER, *CODES, SUM))
    validate_program(program(ENTER, *CODES, SUM, *CODES[2:3], HEAD))


def test_a_matrix_may_have_planes():
    """Its sums are delivered by a shift, its parameters asked by planes."""
    shifted = replace(SUM, matmuls=(replace(SUM.matmuls[0], shift=28),))
    planar = program(ENTER, *CODES, shifted, matrices={
        **program().matrices, ("main", "w"): MatrixFormat(N, N, planes=5)})
    validate_program(planar)
    assert "acc = w @ q >> 28" in format_program(planar)
    assert "main.w            8 x 8, 5 planes" in format_program(planar)


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
    ((ENTER, element(multiplier=Vector("y"))), "vector y is read before it is written"),
    ((ENTER, element(addend="y")), "vector y is read before it is written"),
    ((ENTER, element(shift=3)), "shift 3 is not a multiple of 4"),
    ((ENTER, element(shift=36)), "shift 36 is not a multiple of 4 from 0 to 32"),
    ((ENTER, element(multiplier=Scalar("a"))), "scalar a is used before it is defined"),
    ((ENTER, element(multiplier=Unit(2))), "unit multiplier is 2"),  # type: ignore[arg-type]
    ((ENTER, element(result=None)), "has no effect"),
    ((ENTER, *CODES[:2], element(multiplier=Scalar("scale"))), "only a Quantise may use"),
    (
        (ENTER, *CODES, with_body(Element(result="y", a="acc", multiplier=Scalar("sum"), shift=4))),
        "has the scalar's shift",
    ),
    ((ENTER, *CODES, with_body(READ, Lookup(result="z", a="y", table="u"))), "table u is not"),
    ((ENTER, SUM), "codes q are read before they are made"),
    ((ENTER, CODES[2]), "scalar scale is used before it is defined"),
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
        (ENTER, *CODES, replace(SUM, matmuls=(replace(SUM.matmuls[0], shift=4),))),
        "sums of w are shifted by 4; those of a matrix of one plane are delivered as they are",
    ),
    (
        (ENTER, *CODES, replace(SUM, matmuls=(replace(SUM.matmuls[0], shift=30),))),
        "sums of w are shifted by 30, not by a multiple of 4 from 0 to 28",
    ),
    ((QUIET, element(squares="s", sum="t")), "enters squares and a sum; use two"),
    ((QUIET, element(sum="t")), "end: sum t is never taken"),
    ((QUIET, take("sum", "t", "a")), "sum t is taken before anything entered it"),
    *(((QUIET, element(sum="t"), take("sum", "t", "t"), *between, ScalarOperation(
        result="a", operation=operation, operands=operands)), f"scalar {operands[-1]} may be neg")
      for operation, operands, between in (
          ("rsqrt", ("t",), ()), ("code_scale", ("t",), ()), ("add", ("t", "t"), ()),
          ("rsqrt", ("p",), (ScalarOperation(
              result="p", operation="multiply", operands=("t", "t")),)))),
    ((ENTER, *CODES, replace(HEAD, shift=4)), "shift 4 without a gain"),
    ((ENTER, *CODES, replace(HEAD, gain="c", shift=3)), "shift 3 is not a multiple of 4"),
    ((ENTER, take("absmax", "n", "a")), "absmax n is taken before anything entered it"),
    ((ENTER, take("absmax", "m", "a"), take("absmax", "m", "a")), "taken before anything"),
    ((ENTER, take("absmax", "m", "a")), "end: squares s is never taken"),
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
