"""The bit rate of the serial port in a configuration of either kind."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from sterna.machine.configuration import HardwareConfiguration
from sterna.machine.spiking_configuration import SpikingConfiguration

AnyConfiguration = TypeVar("AnyConfiguration", HardwareConfiguration, SpikingConfiguration)


def with_rate(
    configuration: AnyConfiguration, usual: int, wanted: int | None = None
) -> AnyConfiguration:
    """The configuration at the wanted rate; if there is none, at its own, or the usual one."""
    return replace(configuration, baud=wanted or configuration.baud or usual)
