"""What a unit of a machine does, without a clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from sterna.machine.emulator.memory import LoadedMemory
from sterna.machine.emulator.path import Integers, Path
from sterna.machine.emulator.sequencer import Executed
from sterna.machine.machine import Machine
from sterna.machine.words import Words

if TYPE_CHECKING:
    from sterna.machine.emulator.plan import Plan


class EmulatedUnit:
    """Executes the instructions of a unit: they are planned once, and run as often as asked for.

    Each instruction becomes operations of the plan, which are called with the data path that they
    are for. State that lasts is kept in the path, by units of which every path has one, else here.
    ``beside`` are the units of the machine by name.
    """

    executes: ClassVar[tuple[str, ...]] = ()
    """Names of its instructions."""

    def __init__(self, machine: Machine, memories: Mapping[str, LoadedMemory],
                 beside: Mapping[str, EmulatedUnit]) -> None:
        self.machine, self.memories, self.beside = machine, memories, beside

    def power_up(self, path: Path) -> None:
        """Give a new data path what it has of this unit."""

    def changed(self) -> None:
        """Words that were loaded before have changed: forget what was made of them."""

    def plan(self, step: Executed, plan: Plan) -> None:
        """Add what an instruction does in its turn."""
        raise NotImplementedError

    def plan_loop(self, steps: list[Executed], plan: Plan) -> bool:
        """Add what all turns of an inner loop do, whose instructions are all of this unit.

        False leaves them to be planned one by one.
        """
        del steps, plan
        return False

    def go_on(self, plan: Plan) -> None:
        """Add what has waited for what was planned last."""

    def ended(self, plan: Plan) -> None:
        """Raise `CheckError` for what waits for ever."""

    def begin(self, path: Path, plan: Plan, word: int) -> None:
        """A run begins, with its input from an INPUT word on."""

    def counts(self) -> Mapping[str, int]:
        """What the unit counted in the last run; what takes time is not counted."""
        return {}

    def read_state(self, path: Path, name: str) -> Words:
        """The words of a memory that READ reads, by its name in `Unit.states`."""
        raise NotImplementedError

    def write_state(self, path: Path, name: str, first: int, words: Words) -> None:
        """Write words of such a memory from one on."""
        raise NotImplementedError

    def result(self, path: Path, rows: int) -> bytes:
        """Its words of RESULT; ``rows`` limits the head."""
        del path, rows
        return b""

    def shown(self, path: Path) -> list[list[Integers]]:
        """Of each of its trace ports (`Unit.traces`) the entries [n, fields] of a path's run."""
        del path
        return []
