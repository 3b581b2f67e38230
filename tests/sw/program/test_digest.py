"""Every part of a program has a digest, and every change of a part another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sterna.families.spiking.lowering import lower as lower_network
from sterna.law.tables import Table
from sterna.program.definition import Parameters, Program
from sterna.program.digest import part_digests, program_digest
from sterna.program.neurons import Neurons

from tests.hw.core.spiking_networks import random_network
from tests.sw.compiler.programs import simple_program
from tests.sw.program.mixtures import random_mixture


class Changed(Parameters):
    """Parameters of which one method's answers are changed in the last repetition alone."""

    def __init__(self, program: Program, method: str, change: Callable[[Any], Any]) -> None:
        self._inner = program.parameters
        last = program.sections[-1].repeat - 1
        for name in ("matrix", "planes", "delays", "vector", "scalar", "neurons", "embedding"):
            setattr(self, name, getattr(self._inner, name))

        def changed(*key: Any) -> Any:
            value = getattr(self._inner, method)(*key)
            return change(value) if len(key) == 1 or key[1] == last else value

        setattr(self, method, changed)


def flipped(value: np.ndarray) -> np.ndarray:
    value = value.copy()
    last = int(value.flat[-1])
    value.flat[-1] = last + 1 if last < 1 else last - 1
    return value


CASES: list[tuple[Callable[[], Program], str, Callable[[Any], Any]]] = [
    (lambda: random_mixture(1), "matrix", flipped),
    (lambda: random_mixture(1), "planes", flipped),
    (lambda: random_mixture(1), "vector", flipped),
    (lambda: random_mixture(1), "scalar", lambda value: replace(value, exponent=-19)),
    (lambda: random_mixture(1), "neurons",
     lambda value: replace(value, threshold=value.threshold + 1)),
    (lambda: lower_network(random_network(1, 4)), "delays", flipped),
    (simple_program, "embedding", flipped),
]


@pytest.mark.parametrize(("make", "method", "change"), CASES)
def test_a_changed_parameter_is_another_part(make, method, change) -> None:
    """And the other parts stay what they were, as does the same program made again."""
    program = make()
    before = part_digests(program)
    assert part_digests(make()) == before and method in before
    after = part_digests(replace(program, parameters=Changed(program, method, change)))
    assert {name for name in before if before[name] != after[name]} == {method}
    assert program_digest(program) == program_digest(make())


def test_what_is_computed_is_the_part_of_operations() -> None:
    program = random_mixture(1)
    digest = part_digests(program)["operations"]
    assert part_digests(replace(program, name="other")) == part_digests(program)
    layer = program.sections[1]
    index = next(place for place, item in enumerate(layer.items) if isinstance(item, Neurons))
    cells = layer.items[index]
    assert isinstance(cells, Neurons)
    strict = replace(cells.definition, strict=not cells.definition.strict)
    items = (*layer.items[:index], replace(cells, definition=strict), *layer.items[index + 1:])
    for changed in (
        replace(program, word_bits=17),
        replace(program, results=()),
        replace(program, sections=(program.sections[0], replace(layer, items=items))),
        replace(program, codes={name: replace(codes, fraction=1)
                                for name, codes in program.codes.items()}),
        replace(program, matrices={key: program.matrix(*key)._replace(delay=9)
                                   if program.matrix(*key).planes > 1 else program.matrix(*key)
                                   for key in program.matrices}),
    ):
        assert part_digests(changed)["operations"] != digest


def test_tables_are_a_part() -> None:
    program = simple_program()
    table = program.tables["bend"]
    other = Table(name=table.name, base=(*table.base[:-1], table.base[-1] - 1), slope=table.slope)
    before, after = part_digests(program), part_digests(replace(program, tables={"bend": other}))
    assert {name for name in before if before[name] != after[name]} == {"tables"}
