"""The top level that belongs to a configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sterna.machine.encoding import Configuration
from sterna.machine.protocol import Space
from sterna.machine.spiking_configuration import SpikingConfiguration

from sterna_hw.core.accelerator import Accelerator
from sterna_hw.core.data_path import trace_members
from sterna_hw.core.spiking_accelerator import SpikingAccelerator, spiking_traces
from sterna_hw.link.receiver import FRAME_TIMEOUT


def accelerator_of(configuration: Configuration, frame_timeout: int = FRAME_TIMEOUT,
                   contents: int = 0,
                   initial: Mapping[Space, Sequence[int]] | None = None) -> Any:
    """The accelerator of a configuration; arguments as for `Accelerator`."""
    if isinstance(configuration, SpikingConfiguration):
        return SpikingAccelerator(configuration, frame_timeout, contents, initial)
    return Accelerator(configuration, frame_timeout, contents, initial)


def trace_ports(configuration: Configuration) -> list[str]:
    """Names of the trace ports that the accelerator has with ``trace``."""
    if isinstance(configuration, SpikingConfiguration):
        return list(spiking_traces(configuration))
    return [f"{name}_{stream}" for stream in range(configuration.streams)
            for name in trace_members(configuration)]
