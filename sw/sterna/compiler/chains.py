"""Where the state of a token comes from that is read while its predecessor is still computed.

Tokens of a prompt run side by side, each in a data path of its own: the matrices of all take the
same weights, and only the recurrence leads from one token to the next. A chained data path takes
the old state, group by group as it is written, from the data path before it. In the kernel that
writes a state, the compiler puts a copy of the state to itself in front of the operation that first
reads it: that copy is what comes from elsewhere, and everything behind it reads its own memory.

That a data path is always behind its predecessor there, and in step with it everywhere else, must
fit the items that one may be behind: no constant is read from the copy to the write, and no more
commands are between them than `COMMANDS_AHEAD`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sterna.machine.units.ternary import COMMANDS_AHEAD
from sterna.program.definition import Program
from sterna.program.instructions import Constant, Element, Kernel, Section, second_operand
from sterna.program.items import Item
from sterna.program.matrix_state import MatrixState


@dataclass(frozen=True)
class Chain:
    """A state of a kernel: the operation that first reads the old one, and the one that writes."""

    vector: str
    first_read: int
    write: int


def _touches(item: Item, name: str) -> bool:
    return name in item.vectors_read() or name in item.vectors_written()


def _chain(kernel: Kernel, name: str) -> Chain | None:
    """The kernel's chain of a state, None where it cannot be chained."""
    if kernel.first is not None:
        return None
    reads = [index for index, operation in enumerate(kernel.body)
             if name in (operation.a, second_operand(operation))]
    writes = [index for index, operation in enumerate(kernel.body) if operation.result == name]
    if len(writes) != 1 or not reads or reads[0] > writes[0]:
        return None
    between = kernel.body[reads[0]:writes[0] + 1]
    constants = any(isinstance(operation, Element)
                    and isinstance(operation.multiplier, Constant) for operation in between)
    return None if constants else Chain(name, reads[0], writes[0])


def _of_section(program: Program, section: Section) -> dict[int, list[Chain]] | None:
    found: dict[int, list[Chain]] = {}
    if any(isinstance(item, MatrixState) for item in section.items):
        return None  # nothing passes their cells on
    states = {name for item in section.items
              for name in (*item.vectors_read(), *item.vectors_written())
              if program.vectors[name].lifetime == "state"}
    for name in states:
        users = [(position, item) for position, item in enumerate(section.items)
                 if _touches(item, name)]
        position, first = users[0]
        chain = _chain(first, name) if isinstance(first, Kernel) else None
        if chain is None or any(name in item.vectors_written() for _, item in users[1:]):
            return None
        found.setdefault(position, []).append(chain)
    for chains in found.values():
        chains.sort(key=lambda chain: chain.first_read)
        writes = [chain.write for chain in chains]
        commands = max(writes) - chains[0].first_read + len(chains)
        if writes != sorted(writes) or commands >= COMMANDS_AHEAD:
            return None
    return found


def find_chains(program: Program) -> dict[tuple[str, int], list[Chain]] | None:
    """Chains by section and item, in order; None where a prompt can only go token by token."""
    result: dict[tuple[str, int], list[Chain]] = {}
    for section in program.sections:
        found = _of_section(program, section)
        if found is None:
            return None
        result |= {(section.name, item): chains for item, chains in found.items()}
    return result
