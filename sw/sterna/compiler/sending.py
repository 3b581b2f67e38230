"""Vectors that a kernel sends to a population while it computes them.

Neurons on a current take its words in their order. Where a kernel writes the current and no other
population is in between, the kernel itself sends them, block by block, and the neurons compute
while they come. If nobody else reads the vector, it need not be stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sterna.compiler.allocation import padded_groups
from sterna.machine.machine import Machine
from sterna.program.definition import Program
from sterna.program.instructions import Kernel, Section, second_operand
from sterna.program.neurons import Neurons


@dataclass(frozen=True)
class Sent:
    """A vector, the items that compute and take it, and the operation that sends it."""

    vector: str
    kernel: int
    operation: int
    population: int
    stored: bool


def find_sent(program: Program, machine: Machine, section: Section) -> tuple[Sent, ...]:
    """Those of a section, in order."""
    return tuple(_found(program, machine, section)) if machine.has_words else ()


def _found(program: Program, machine: Machine, section: Section) -> Iterator[Sent]:
    for position, item in enumerate(section.items):
        if not isinstance(item, Neurons) or item.current is None:
            continue
        name = item.current
        kernel = _writer(section, position, name)
        if kernel is None or program.vectors[name].lifetime != "local":
            continue
        body = section.items[kernel]
        assert isinstance(body, Kernel)
        writes = [index for index, operation in enumerate(body.body) if operation.result == name]
        exact = padded_groups(machine, body.length) == -(-body.length // machine.vector.lanes)
        if len(writes) == 1 and (exact or not body.matmuls):
            yield Sent(name, kernel, writes[0], position,
                       _read_elsewhere(section, name, kernel, writes[0], position))


def _writer(section: Section, position: int, name: str) -> int | None:
    """The kernel that writes the vector, if no population comes between."""
    for index in range(position - 1, -1, -1):
        item = section.items[index]
        if name in item.vectors_written():
            return index if isinstance(item, Kernel) and item.first is None else None
        if isinstance(item, Neurons):
            return None
    return None


def _read_elsewhere(section: Section, name: str, kernel: int, operation: int,
                    population: int) -> bool:
    body = section.items[kernel]
    assert isinstance(body, Kernel)
    return any(name in item.vectors_read() for index, item in enumerate(section.items)
               if index not in (kernel, population)) or any(
        name in (other.a, second_operand(other)) for other in body.body[operation + 1:])
