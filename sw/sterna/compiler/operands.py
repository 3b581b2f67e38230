"""What operations read and write beside vectors and scalars."""

from __future__ import annotations

from sterna.program.instructions import Kernel
from sterna.program.items import Item
from sterna.program.neurons import Neurons


def accumulator_names(kernel: Kernel) -> tuple[str, ...]:
    """Accumulator streams of the kernel in the order in which its body reads them."""
    names = {matmul.result for matmul in kernel.matmuls}
    return tuple(operation.a for operation in kernel.body if operation.a in names)


def reductions(item: Item, kind: str) -> tuple[str, ...]:
    """Reductions of the kind that the item's results enter."""
    if not isinstance(item, Kernel):
        return ()
    names = (getattr(operation, kind, None) for operation in item.body)
    return tuple(dict.fromkeys(name for name in names if name is not None))


def codes_taken(item: Item) -> tuple[str, ...]:
    """Codes that an operation takes from a bank of the ternary engine: all but synapses do."""
    return () if isinstance(item, Neurons) else item.codes_read()
