"""Which emulated machine a configuration is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sterna.machine.configuration import HardwareConfiguration
from sterna.machine.emulator.memory import LoadedMemory
from sterna.machine.emulator.ports import Words32
from sterna.machine.emulator.step_machine import StepMachine
from sterna.machine.emulator.token_machine import TokenMachine
from sterna.machine.encoding import Configuration
from sterna.machine.protocol import Space
from sterna.machine.spiking_configuration import SpikingConfiguration


class EmulatedMachine(Protocol):
    """Memories and units behind the link."""

    def loaded(self, space: Space) -> None:
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


_MACHINES: dict[type, Any] = {HardwareConfiguration: TokenMachine,
                              SpikingConfiguration: StepMachine}


def machine_of(configuration: Configuration, memories: Mapping[Space, LoadedMemory]
               ) -> EmulatedMachine:
    """The machine of a configuration, with these memories."""
    return _MACHINES[type(configuration)](configuration, memories)
