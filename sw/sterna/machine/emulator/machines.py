"""Which emulated machine a machine is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sterna.machine.emulator.memory import LoadedMemory
from sterna.machine.emulator.ports import Words32
from sterna.machine.emulator.step_machine import StepMachine
from sterna.machine.emulator.token_machine import TokenMachine
from sterna.machine.machine import Machine


class EmulatedMachine(Protocol):
    """Memories and units behind the link."""

    def loaded(self, space: str) -> None:
        """Words of a memory have changed."""
        ...

    def run(self, entry: int, inputs: Mapping[int, int], chained: set[int], rows: int) -> bytes:
        """Run data paths, each from its INPUT word on; a RESULT without the session.

        Paths that are ``chained`` take the state of the one before; ``rows`` limits the head.
        """
        ...

    def collect_words(self) -> list[Words32]:
        """What each trace port showed since the last call."""
        ...


_MACHINES: dict[str, Any] = {"vector": TokenMachine, "synapse": StepMachine}
"""By the name of the unit that comes first."""


def machine_of(machine: Machine, memories: Mapping[str, LoadedMemory]) -> EmulatedMachine:
    """The emulated units of a machine, with these memories."""
    return _MACHINES[machine.units[0].name](machine, memories)
