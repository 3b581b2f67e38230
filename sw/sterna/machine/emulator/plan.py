"""What an entry of a program does: operations, in order, with all that they read and write."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from sterna.errors import CheckError
from sterna.machine.emulator.path import Integers, Path
from sterna.machine.emulator.sequencer import unrolled
from sterna.machine.emulator.unit import EmulatedUnit
from sterna.machine.machine import Machine

Operation = Callable[[Path], None]


@dataclass
class Plan:
    """Operations of an entry, and how long its streams are: in groups, where not said otherwise."""

    operations: list[Operation] = field(default_factory=list, repr=False)
    weights: int = 0
    """Words."""
    constants: int = 0
    inputs: int = 0
    accumulators: int = 0
    """Those that matrices give."""
    read: int = 0
    """Those that are read."""
    states: int = 0
    """That go to the next path, if that is chained."""
    handed: int = 0
    vectors: int = 0
    """Results of the vector unit."""
    codes: int = 0
    """Code vectors."""
    sent: Counter[str] = field(default_factory=Counter)
    """Words of the vector unit, by the partner that takes them."""
    received: Counter[str] = field(default_factory=Counter)
    """Those of them that are taken."""
    given: Counter[str] = field(default_factory=Counter)
    """Words for the vector unit, by the partner that gives them."""
    taken: Counter[str] = field(default_factory=Counter)
    """Those of them that are taken."""
    populations: deque[tuple[dict[str, int] | None, Callable[..., None]]] = field(
        default_factory=deque, repr=False)
    """Commands of synapses (None) and neurons (their fields) that wait for those before."""
    kept: dict[str, Integers] = field(default_factory=dict, repr=False)
    """What is unpacked once for the plan, by unit."""

    def take(self, stream: str, count: int) -> int:
        """The first of so many more of a stream."""
        first = getattr(self, stream)
        setattr(self, stream, first + count)
        return first

    def pass_on(self, words: str, partner: str, count: int) -> int:
        """The first of so many more groups of words to or from a partner of the vector unit."""
        stream = getattr(self, words)
        stream[partner] += count
        return stream[partner] - count


def plan_entry(machine: Machine, units: Mapping[str, EmulatedUnit],
               word: Callable[[int], int], entry: int) -> Plan:
    """The plan of an entry; ``word`` gives the instruction at an address.

    Raises `CheckError` when the program does not end, or waits for itself for ever.
    """
    executors = {name: unit for unit in units.values() for name in unit.executes}
    plan = Plan()
    steps = unrolled(machine, word, entry)
    for loop, group in groupby(steps, lambda step: step.loop):
        turns = list(group) if loop >= 0 else []
        owners = {executors[step.kind] for step in turns}
        if len(owners) == 1 and owners.pop().plan_loop(turns, plan):
            for unit in units.values():
                unit.go_on(plan)
            continue
        for step in turns or group:
            if step.kind not in executors:
                raise CheckError(f"nothing emulates {step.kind}, at {step.pc}")
            executors[step.kind].plan(step, plan)
            for unit in units.values():
                unit.go_on(plan)
    for unit in units.values():
        unit.ended(plan)
    return plan
