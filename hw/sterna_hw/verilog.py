"""Verilog of an accelerator."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from amaranth.back import verilog
from sterna.program.configuration import HardwareConfiguration
from sterna.program.encoding import Configuration

from sterna_hw.board.serial import SerialUnit
from sterna_hw.component import Component
from sterna_hw.core.accelerator import Accelerator
from sterna_hw.core.data_path import DataPath
from sterna_hw.core.tops import accelerator_of
from sterna_hw.link.receiver import FRAME_TIMEOUT
from sterna_hw.memory.ports import memory_members
from sterna_hw.memory.storage import MODULE, MODULE_TEXT, VerilogText

SMALL_MEMORY = 64

DATA_PATH = "sterna_data_path"
DATA_PATH_ELSEWHERE = "STERNA_DATA_PATH_ELSEWHERE"
"""Macro that leaves the module of the data paths out: a simulator compiles it by itself."""

_ZERO_BLOCK = re.compile(r"  initial begin\n((?:    \S+ ?\[\d+\] = \d+'[bdh]0+;\n)+)  end\n")
_FIRST_WORD = re.compile(r"    (\S+) ?\[0\] = (\d+)'[bdh]0+;\n")


def to_verilog(configuration: Configuration, name: str = "sterna",
               platform: Any = None) -> str:
    """The Verilog text of an accelerator, module ``name``; the same text for the same input.

    Ports: ``clk`` and ``rst`` (synchronous, active high), ``link_in__payload``, ``link_in__valid``,
    ``link_in__ready``, the same of ``link_out``, and where the configuration says ``trace`` one
    packed port each for its `trace_ports`, whose bit 0 is their ``valid``. Without a platform the
    Verilog suits every part; with that of an iCE40 UltraPlus it names the part's single-port RAMs.
    Of several token streams the data path is one module, ``<name>_data_path``, which the macro
    `DATA_PATH_ELSEWHERE` leaves out.
    """
    if isinstance(configuration, HardwareConfiguration) and configuration.streams > 1:
        shared = f"{name}_data_path"
        return _text({name: Accelerator(configuration, path_module=shared),
                      shared: DataPath(configuration)}, platform, elsewhere=shared)
    return _text({name: accelerator_of(configuration)}, platform)


def to_serial_verilog(
    configuration: Configuration,
    divisor: Fraction | int,
    frame_timeout: int = FRAME_TIMEOUT,
    name: str = "sterna",
    platform: Any = None,
) -> str:
    """The Verilog text of an accelerator behind a UART, as on a board.

    Ports: ``clk``, ``rst`` (synchronous, active high), ``rx`` and ``tx`` (idle high), and those of
    `memory_members` where the weights are outside. A bit takes ``divisor`` clocks, at least 3;
    ``frame_timeout`` is as for `Accelerator`, ``platform`` as for `to_verilog`.
    """
    memory: dict[str, Any] = {}
    if isinstance(configuration, HardwareConfiguration):
        memory = memory_members(configuration)
    unit = SerialUnit(accelerator_of(configuration, frame_timeout), divisor, memory)
    return _text({name: unit}, platform)


def _text(units: dict[str, Component], platform: Any, elsewhere: str | None = None) -> str:
    platform = platform or VerilogText()
    texts = {name: verilog.convert(unit, name=name, platform=platform, emit_src=False)
             for name, unit in units.items()}
    if elsewhere is not None:
        texts[elsewhere] = f"`ifndef {DATA_PATH_ELSEWHERE}\n{texts[elsewhere]}`endif\n"
    text = "".join(texts.values())
    return shorten_zeros(text) + (MODULE_TEXT if f"  {MODULE} #(" in text else "")


def shorten_zeros(text: str) -> str:
    """Clear memories in a loop instead of word by word, and leave that to simulators.

    The words would be most of the text, and yosys takes minutes to collect them; block RAM is zero
    after configuration anyway. Small memories keep their words.
    """
    number = 0

    def loop(block: re.Match[str]) -> str:
        nonlocal number
        first = _FIRST_WORD.match(block[1])
        depth = block[1].count("\n")
        if first is None or depth <= SMALL_MEMORY:
            return block[0]
        memory, width = first[1], first[2]
        number += 1
        return (f"`ifndef SYNTHESIS\n  integer clear_{number};\n  initial\n"
                f"    for (clear_{number} = 0; clear_{number} < {depth}; "
                f"clear_{number} = clear_{number} + 1)\n"
                f"      {memory} [clear_{number}] = {width}'d0;\n`endif\n")

    return _ZERO_BLOCK.sub(loop, text)
