"""The function of every operation that a program may have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sterna.errors import InputError
from sterna.golden.matrix_state import matrix_state
from sterna.golden.operations import kernel, part, quantise, scalar_operation, top_k
from sterna.golden.place import Place
from sterna.golden.population import neurons
from sterna.golden.run import Step
from sterna.program.instructions import Kernel, Part, Quantise, ScalarOperation, TopK
from sterna.program.items import Item
from sterna.program.matrix_state import MatrixState
from sterna.program.neurons import Neurons

Computed = TypeVar("Computed", bound=Item)
Function = Callable[[Place, Any], Step]

_FUNCTIONS: dict[type[Item], Function] = {
    Kernel: kernel,
    Part: part,
    Quantise: quantise,
    ScalarOperation: scalar_operation,
    TopK: top_k,
    Neurons: neurons,
    MatrixState: matrix_state,
}


def register_function(kind: type[Computed], function: Callable[[Place, Computed], Step]) -> None:
    """Let the executor compute operations of another kind.

    ``function`` is given an operation in its place, and gives what a RUN does there: that reads and
    writes the RUN, and tells it what it `produced`, for machines to be compared with it.
    """
    _FUNCTIONS[kind] = function


def step_of(place: Place, item: Item) -> Step:
    """What computes an operation there. Raises `InputError` when nothing does."""
    function = _FUNCTIONS.get(type(item))
    if function is None:
        raise InputError(f"golden: nothing computes a {type(item).__name__}; register its function "
                         "with sterna.golden.table.register_function")
    return function(place, item)
