"""Places of vectors in vector memory, in groups.

Order: carried vectors, then state (all vectors of one repetition together, so that one step of
the outer offset moves every layer-addressed vector), then local vectors, which share space when
their lifetimes do not meet. Every vector is padded to whole row groups. Where texts share the
memory a vector also takes the place of one that ended before it in the same kernel.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sterna.compiler.plan import Address
from sterna.machine.machine import Machine
from sterna.machine.units.ternary import groups_per_row_group
from sterna.program.definition import Program
from sterna.program.instructions import Kernel, Section, second_operand

Unstored = AbstractSet[tuple[str, str]]


@dataclass(frozen=True)
class Allocation:
    """Addresses by (section, vector), the outer step of each section, and the sizes in groups.

    The first ``persistent_groups`` groups hold carried vectors and state.
    """

    addresses: dict[tuple[str, str], Address]
    steps: dict[str, int]
    persistent_groups: int
    vector_groups: int


def padded_groups(machine: Machine, length: int) -> int:
    """Vector groups of ``length`` elements, padded to whole row groups."""
    return -(-length // machine.ternary.rows) * groups_per_row_group(machine)


def used_vectors(section: Section) -> tuple[str, ...]:
    """Vectors that the section touches, in order of appearance."""
    names: dict[str, None] = {}
    for item in section.items:
        names.update(dict.fromkeys((*item.vectors_read(), *item.vectors_written())))
    return tuple(names)


def local_spans(program: Program, section: Section, unstored: Unstored = frozenset()
                ) -> dict[str, tuple[int, int]]:
    """First and last item of every local vector that is stored."""
    spans: dict[str, tuple[int, int]] = {}
    for position, item in enumerate(section.items):
        for name in (*item.vectors_read(), *item.vectors_written()):
            if (program.vectors[name].lifetime == "local"
                    and (section.name, name) not in unstored):
                spans[name] = (spans.get(name, (position, position))[0], position)
    return spans


def place(sizes: dict[str, int], spans: dict[str, tuple[int, int]]) -> tuple[dict[str, int], int]:
    """Offsets of vectors such that those with common items do not overlap, and the total size."""
    offsets: dict[str, int] = {}
    total = 0
    for name in sorted(spans, key=lambda name: (-sizes[name], spans[name])):
        first, last = spans[name]
        taken = sorted(
            (offsets[other], offsets[other] + sizes[other]) for other in offsets
            if spans[other][0] <= last and first <= spans[other][1]
        )
        offset = 0
        for start, stop in taken:
            if start - offset >= sizes[name]:
                break
            offset = max(offset, stop)
        offsets[name] = offset
        total = max(total, offset + sizes[name])
    return offsets, total


def heirs(section: Section, sizes: dict[str, int], spans: dict[str, tuple[int, int]]
          ) -> dict[str, str]:
    """By the name of a vector another one whose place it may take, group by group.

    Both are of one size, and in the body of a kernel the one begins behind the last use of the
    other.
    """
    found: dict[str, str] = {}
    for position, item in enumerate(section.items):
        if not isinstance(item, Kernel):
            continue
        first: dict[str, int] = {}
        last: dict[str, int] = {}
        for number, operation in enumerate(item.body):
            for name in (operation.a, second_operand(operation), operation.result):
                if name is not None and name in spans:
                    last[name] = number
                    first.setdefault(name, number)
        free = [name for name in last if spans[name][1] == position]
        begins = [name for name in first if spans[name][0] == position]
        for name in sorted(begins, key=first.__getitem__):
            before = next((other for other in free if sizes[other] == sizes[name]
                           and last[other] < first[name]), None)
            if before is not None:
                free.remove(before)
                found[name] = before
    return found


def inherited(spans: dict[str, tuple[int, int]], places: dict[str, str]
              ) -> tuple[dict[str, tuple[int, int]], dict[str, str]]:
    """Spans of those that need places of their own, and in whose each vector lies."""
    owner = {}
    for name in spans:
        first = name
        while first in places:
            first = places[first]
        owner[name] = first
    return {first: (spans[first][0], max(spans[name][1] for name in spans if owner[name] == first))
            for first in dict.fromkeys(owner.values())}, owner


def allocate(program: Program, machine: Machine, unstored: Unstored = frozenset()) -> Allocation:
    """Place all vectors; the depth of the memory is checked by `sterna.compiler.fit`.

    ``unstored`` names the section and the name of local vectors that go elsewhere.
    """
    if not machine.has_words:
        return Allocation({}, {section.name: 0 for section in program.sections}, 0, 0)
    sizes = {
        name: padded_groups(machine, vector.length)
        for name, vector in program.vectors.items()
    }
    used = {section.name: used_vectors(section) for section in program.sections}
    addresses: dict[tuple[str, str], Address] = {}
    steps: dict[str, int] = {}
    position = 0
    for name, vector in program.vectors.items():
        users = [section.name for section in program.sections if name in used[section.name]]
        if vector.lifetime == "carried" and users:
            addresses.update({(user, name): Address(position) for user in users})
            position += sizes[name]
    for section in program.sections:
        base = position
        for name in used[section.name]:
            if program.vectors[name].lifetime == "state":
                addresses[section.name, name] = Address(position, section.repeat > 1)
                position += sizes[name]
        steps[section.name] = position - base if section.repeat > 1 else 0
        position = base + (position - base) * section.repeat
    total = position
    for section in program.sections:
        spans = local_spans(program, section, unstored)
        places = heirs(section, sizes, spans) if machine.shared else {}
        spans, owner = inherited(spans, places)
        offsets, size = place(sizes, spans)
        for name, first in owner.items():
            addresses[section.name, name] = Address(position + offsets[first])
        total = max(total, position + size)
    return Allocation(addresses, steps, position, total)
