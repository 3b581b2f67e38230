"""The function of every operation that a program may have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sterna.errors import InputError
from sterna.golden.operations import kernel, quantise, scalar_operation, top_k
from sterna.golden.population import neurons
from sterna.golden.run import Run
from sterna.program.instructions import Kernel, Quantise, ScalarOperation, TopK
from sterna.program.items import Item
from sterna.program.neurons import Neurons

Computed = TypeVar("Computed", bound=Item)
Function = Callable[[Run, Any], None]

_FUNCTIONS: dict[type[Item], Function] = {
    Kernel: kernel,
    Quantise: quantise,
    ScalarOperation: scalar_operation,
    TopK: top_k,
    Neurons: neurons,
}


def register_function(kind: type[Computed], function: Callable[[Run, Computed], None]) -> None:
    """Let the executor compute operations of another kind; ``function`` reads and writes the RUN.

    It tells the RUN what it `produced`, for machines to be compared with it.
    """
    _FUNCTIONS[kind] = function


def function_of(item: Item) -> Function:
    """What computes an operation. Raises `InputError` when nothing does."""
    function = _FUNCTIONS.get(type(item))
    if function is None:
        raise InputError(f"golden: nothing computes a {type(item).__name__}; register its function "
                         "with sterna.golden.table.register_function")
    return function
