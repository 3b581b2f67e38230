"""Checks that a program means something; what a machine cannot do is `sterna.compiler.legality`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sterna.program.check_matrix_state import check_matrix_state
from sterna.program.checks import (
    check_kernel,
    check_neurons,
    check_quantise,
    check_scalar_operation,
    check_top_k,
)
from sterna.program.declarations import check_declarations
from sterna.program.definition import Program
from sterna.program.instructions import INPUT, Kernel, Part, Quantise, ScalarOperation, TopK
from sterna.program.items import Item
from sterna.program.matrix_state import MatrixState
from sterna.program.neurons import Neurons
from sterna.program.scope import Scope

Checked = TypeVar("Checked", bound=Item)

_CHECKS: dict[type[Item], Callable[[Scope, Any], None]] = {
    Kernel: check_kernel,
    Part: check_kernel,
    Quantise: check_quantise,
    ScalarOperation: check_scalar_operation,
    TopK: check_top_k,
    Neurons: check_neurons,
    MatrixState: check_matrix_state,
}


def register_check(kind: type[Checked], check: Callable[[Scope, Checked], None]) -> None:
    """Let programs have operations of another kind; ``check`` raises what `Scope.fail` makes."""
    _CHECKS[kind] = check


def validate_program(program: Program) -> None:
    """Raise `InputError` with the place and the reason if the program breaks a rule.

    Names are defined before they are used and lengths agree; shifts and tables are what the law
    knows; past codes are kept as long as somebody reads them; every reduction is taken, and every
    result made, before the RUN ends.
    """
    check_declarations(program)
    scope = Scope(program)
    for section in program.sections:
        # The second time finds what a repetition leaves behind for the next one.
        for _ in range(min(section.repeat, 2)):
            scope.enter(section.name)
            for index, item in enumerate(section.items):
                scope.at_item(index, item)
                check = _CHECKS.get(type(item))
                if check is None:
                    raise scope.fail(f"nobody knows what a {type(item).__name__} means")
                check(scope, item)
    scope.at("end")
    scope.reductions.check_empty()
    for name in program.codes:
        if name not in scope.made and name != INPUT:
            raise scope.fail(f"codes {name} are never made")
    for name in program.results:
        if name not in scope.results:
            raise scope.fail(f"result {name} is never made")
