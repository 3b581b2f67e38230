"""What must hold for a pass over a matrix state to mean something."""

from __future__ import annotations

from sterna.law.matrix_state import (
    LEAST_DECAY_FRACTION,
    MOST_DECAY_FRACTION,
    MOST_PRODUCT_SHIFT,
    MOST_PRODUCTS,
    MOST_READ_SHIFT,
)
from sterna.program.matrix_state import MatrixState, StateFormat
from sterna.program.scope import Scope


def check_matrix_state(scope: Scope, item: MatrixState) -> None:
    """Its vectors are known and as long as the state is wide, which is the same in every pass."""
    _format(scope, item)
    if len(item.products) > MOST_PRODUCTS:
        raise scope.fail(f"{len(item.products)} products; a pass adds at most {MOST_PRODUCTS}")
    if (item.read is None) != (item.result is None):
        raise scope.fail("read and result belong together: give both, or none")
    if item.read is None and not (item.store and (item.decay or item.products)):
        raise scope.fail("the pass has no effect: it reads nothing, and changes nothing")
    if item.decay is not None:
        one = scope.length(item.decay) if item.decay in scope.program.vectors else 0
        heads = item.format.heads
        scope.read_vector(item.decay, heads if one == heads else item.row_elements)
    for a, b in item.products:
        scope.read_vector(a, item.row_elements)
        scope.read_vector(b, item.column_elements)
    if item.read is not None and item.result is not None:
        given, made = item.read_lengths()
        scope.read_vector(item.read, given)
        scope.write_vector(item.result, made)


def _format(scope: Scope, item: MatrixState) -> None:
    found = item.format
    if item.state in scope.program.vectors:
        raise scope.fail(f"state {item.state} has the name of a vector")
    scope.belongs_here(f"state {item.state}")
    for other in scope.section.items:
        if isinstance(other, MatrixState) and other.state == item.state and other.format != found:
            raise scope.fail(f"state {item.state} is {_told(found)} here, and "
                             f"{_told(other.format)} elsewhere")
    if min(found.heads, found.rows, found.columns) < 1:
        raise scope.fail(f"state {item.state} is {found}; a state has at least one cell")
    for name, value, least, most in (
        ("decay fraction", found.decay_fraction, LEAST_DECAY_FRACTION, MOST_DECAY_FRACTION),
        ("product shift", found.product_shift, 0, MOST_PRODUCT_SHIFT),
        ("read shift", found.read_shift, 0, MOST_READ_SHIFT),
    ):
        if not least <= value <= most:
            raise scope.fail(f"the {name} of state {item.state} is {value}, not {least} to {most}")


def _told(found: StateFormat) -> str:
    return (f"{found} with fraction {found.fraction} and shifts {found.decay_fraction}, "
            f"{found.product_shift}, {found.read_shift}")
