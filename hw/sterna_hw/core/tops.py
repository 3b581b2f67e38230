"""The top level that belongs to a machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sterna.machine.machine import Machine

from sterna_hw.core.accelerator import Accelerator
from sterna_hw.core.data_path import trace_members
from sterna_hw.core.spiking_accelerator import SpikingAccelerator, spiking_traces
from sterna_hw.link.receiver import FRAME_TIMEOUT


def accelerator_of(machine: Machine, frame_timeout: int = FRAME_TIMEOUT,
                   contents: int = 0,
                   initial: Mapping[str, Sequence[int]] | None = None) -> Any:
    """The accelerator of a machine; arguments as for `Accelerator`."""
    if machine.has("neuron"):
        return SpikingAccelerator(machine, frame_timeout, contents, initial)
    return Accelerator(machine, frame_timeout, contents, initial)


def trace_ports(machine: Machine) -> list[str]:
    """Names of the trace ports that the accelerator has with ``trace``."""
    if machine.has("neuron"):
        return list(spiking_traces(machine))
    return [f"{name}_{stream}" for stream in range(machine.streams)
            for name in trace_members(machine)]
