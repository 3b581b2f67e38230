"""Verilog of an accelerator."""

from __future__ import annotations

from amaranth.back import verilog
from sterna.program.configuration import HardwareConfiguration

from sterna_hw.core.accelerator import Accelerator


def to_verilog(configuration: HardwareConfiguration, name: str = "sterna") -> str:
    """The Verilog text of `Accelerator`, module ``name``; the same text for the same input.

    Ports: ``clk`` and ``rst`` (synchronous, active high), ``link_in__payload``, ``link_in__valid``,
    ``link_in__ready``, the same of ``link_out``, and where the configuration says ``trace`` one
    packed port each for ``trace_vector``, ``trace_scalar`` and ``trace_accumulators``, whose bit 0
    is their ``valid``.
    """
    return verilog.convert(Accelerator(configuration), name=name, emit_src=False)
