"""Verilog of an accelerator."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from amaranth.back import verilog
from sterna.errors import InputError
from sterna.machine.machine import Machine

from sterna_hw.board.bus import BusUnit, wrapper_module
from sterna_hw.board.line import LinedUnit
from sterna_hw.board.serial import SerialUnit
from sterna_hw.collection import seldom_collected
from sterna_hw.component import Component
from sterna_hw.core.accelerator import Accelerator
from sterna_hw.core.data_path import DataPath
from sterna_hw.link.receiver import FRAME_TIMEOUT
from sterna_hw.lint import framed
from sterna_hw.memory.ports import memory_members
from sterna_hw.memory.storage import MODULE, MODULE_TEXT, VerilogText
from sterna_hw.versions import BACK_END

SMALL_MEMORY = 64

_ELSEWHERE = "ELSEWHERE_"
_SEPARATE = re.compile(rf"^`ifndef {_ELSEWHERE}(\w+)$", re.MULTILINE)

_BLOCK_REGISTER = re.compile(r"\\\$auto\$verilog_backend\S+\$(\d+) ")
_DECLARED_REGISTER = re.compile(r"reg (wake_\d+) += 0;")
WAKE_TEXT = """\
`ifdef __ICARUS__
  `define STERNA_WAKE(name) reg name = 1; initial #0 name = 0;
`else
  `define STERNA_WAKE(name) reg name = 0;
`endif
"""
"""Defines the registers that `wake_blocks` leaves."""

_ZERO_BLOCK = re.compile(r"  initial begin\n((?:    \S+ ?\[\d+\] = \d+'[bdh]0+;\n)+)  end\n")
_FIRST_WORD = re.compile(r"    (\S+) ?\[0\] = (\d+)'[bdh]0+;\n")


def to_verilog(machine: Machine, name: str = "sterna",
               platform: Any = None, line: Fraction | int | None = None) -> str:
    """The Verilog text of an accelerator, module ``name``; the same text for the same input.

    Ports: ``clk`` and ``rst`` (synchronous, active high), ``link_in__payload``, ``link_in__valid``,
    ``link_in__ready``, the same of ``link_out``, and where the machine says ``trace`` one
    packed port each for its `trace_ports`, whose bit 0 is their ``valid``. Without a platform the
    Verilog suits every part; with that of an iCE40 UltraPlus it names the part's single-port RAMs.
    Of several token streams the data path is one module, ``<name>_data_path``; with
    ``VerilogText(share=True)`` rows of lanes are too. See `separate_modules`. With a ``line`` of so
    many clocks a bit it is that of a `LinedUnit`, without trace ports.
    """
    shared = f"{name}_data_path" if machine.paths > 1 else None
    unit: Any = Accelerator(machine, path_module=shared)
    if line is not None:
        unit = LinedUnit(unit, line, memory_members(machine))
    if shared is not None:
        return _text({name: unit, shared: DataPath(machine)}, platform, separate={shared})
    return _text({name: unit}, platform)


def to_serial_verilog(
    machine: Machine,
    divisor: Fraction | int,
    frame_timeout: int = FRAME_TIMEOUT,
    name: str = "sterna",
    platform: Any = None,
) -> str:
    """The Verilog text of an accelerator behind a UART, as on a board.

    Ports: ``clk``, ``rst`` (synchronous, active high), ``rx`` and ``tx`` (idle high), and those of
    `memory_members` where the weights are outside. A bit takes ``divisor`` clocks, as many as
    `Uart` takes; ``frame_timeout`` is as for `Accelerator`, ``platform`` as for `to_verilog`.
    """
    unit = SerialUnit(Accelerator(machine, frame_timeout), divisor, memory_members(machine))
    return _text({name: unit}, platform)


def to_bus_verilog(machine: Machine, wrapper: str) -> str:
    """The Verilog text of `wrapper_module`, which puts module ``sterna`` behind a bus.

    Ports: those of `BusUnit`. ``wrapper`` is a key of `WRAPPERS`; the text of `to_verilog`, with
    its usual name, belongs to it.
    """
    return _text({wrapper_module(wrapper): BusUnit(machine, wrapper)}, None)


def elsewhere(module: str) -> str:
    """The macro that leaves a module of `separate_modules` out of the text."""
    return f"{_ELSEWHERE}{module}"


def separate_modules(text: str) -> list[str]:
    """Modules that a simulator may compile by themselves, before those that may use them."""
    return _SEPARATE.findall(text)[::-1]


def _text(units: dict[str, Component], platform: Any, separate: Iterable[str] = ()) -> str:
    platform = platform or VerilogText()
    left, texts = [(name, unit, name in separate) for name, unit in units.items()], {}
    while left:
        for name, unit, alone in left:
            with _own_back_end(), seldom_collected():
                text = verilog.convert(unit, name=name, platform=platform, emit_src=False)
            texts[name] = f"`ifndef {elsewhere(name)}\n{text}`endif\n" if alone else text
        shared: dict[str, Component] = getattr(platform, "shared_modules", None) or {}
        left = [(name, unit, True) for name, unit in shared.items() if name not in texts]
    text = WAKE_TEXT + wake_blocks("".join(texts.values()))
    return framed(shorten_zeros(text) + (MODULE_TEXT if f"  {MODULE} #(" in text else ""))


@contextmanager
def _own_back_end() -> Iterator[None]:
    """Amaranth would take a yosys on the path before that of its package, and write other text."""
    variable = "AMARANTH_USE_YOSYS"
    before = os.environ.get(variable)
    os.environ[variable] = "builtin"
    try:
        yield
    except verilog.YosysError as error:
        last = (str(error).strip().splitlines() or ["no output"])[-1].strip()
        raise InputError(f"{BACK_END} failed: {last}; see that there is memory, and room on the "
                         "disk of the cache and of temporary files") from None
    finally:
        del os.environ[variable]
        if before is not None:
            os.environ[variable] = before


def wake_blocks(text: str) -> str:
    """Let every combinational block run at time 0, in Icarus too.

    No `always @*` runs before something it reads changes. Yosys puts a register with an initial
    value into each for that purpose, but the values of SystemVerilog, which Icarus takes with
    -g2012, are there before time 0. So there the register changes when all blocks wait.
    """
    return _DECLARED_REGISTER.sub(r"`STERNA_WAKE(\1)", _BLOCK_REGISTER.sub(r"wake_\1 ", text))


def shorten_zeros(text: str) -> str:
    """Clear memories in a loop instead of word by word, and leave that to simulators.

    The words would be most of the text, and yosys takes minutes to collect them; block RAM is zero
    after machine anyway. Small memories keep their words.
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
