"""The accelerator in front of a core that LiteDRAM generates: AXI4 crossbar, controller, DRAM."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from amaranth.hdl import Array, ClockSignal, Const, Instance, Module, ResetSignal, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi
from sterna.machine.presets import token_machine
from sterna_hw.component import Component
from sterna_hw.core.accelerator import Accelerator
from sterna_hw.memory.axi_source import axi_members
from sterna_hw.stream import connect_streams

PORT = "weights"
CORE = "litedram_core"


def generate(folder: Path, config: dict[str, Any], simulation: bool) -> tuple[str, dict[str, int]]:
    """Verilog of LiteDRAM's standalone core, and the addresses of its control registers."""
    path = folder / "core.yml"
    path.write_text(json.dumps(config))
    command = [sys.executable, "-m", "litedram.gen", str(path), "--no-compile",
               "--output-dir", str(folder / "core"), "--name", CORE]
    done = subprocess.run([*command, "--sim"] if simulation else command, capture_output=True,
                          text=True)
    verilog = folder / "core" / "gateware" / f"{CORE}.v"
    # With --sim it ends with an error after its Verilog: it wants a library to run it by itself.
    assert verilog.is_file() and (simulation or done.returncode == 0), done.stderr
    rows = csv.reader((folder / "core" / "csr.csv").read_text().splitlines())
    registers = {row[1]: int(row[2], 16) for row in rows if row[0] == "csr_register"}
    return verilog.read_text(), registers


def port_signals(axi: dict[str, Any]) -> dict[str, Any]:
    """The ports of the core's AXI4 port `PORT`, in terms of one of `axi_members`.

    The core returns beats in the order of the requests if their identifiers are equal.
    """
    ports = {f"{'i' if member.flow is Out else 'o'}_user_port_{PORT}_{name}": axi[name]
             for name, member in members().items() if name not in UNUSED}
    return ports | {f"i_user_port_{PORT}_{channel}id": Const(0) for channel in ("ar", "aw")}


UNUSED = ("arcache", "arprot", "awcache", "awprot")
"""Signals of an AXI4 master that the core does not have."""


def members() -> dict[str, Any]:
    """The members of port 0 by their names alone."""
    found = axi_members(token_machine( memory=Axi()))
    return {name.removeprefix("m_axi_0_"): member for name, member in found.items()}


class LiteDramUnit(Component):
    """An accelerator of one AXI port, a core, and the writes that make a simulated core ready.

    That is not enough for a real one, whose physical layer must be trained.

    Members:
        link_in, link_out: byte streams, as of `Accelerator`.

    Args:
        registers: addresses of the core's control registers.
        reset: the core's reset input, ``rst``, which a simulated one lacks.
    """

    def __init__(self, machine: Machine, registers: dict[str, int],
                 reset: bool = False) -> None:
        super().__init__({"link_in": In(stream.Signature(8)),
                          "link_out": Out(stream.Signature(8))})
        self._accelerator = Accelerator(machine)
        self._reset = {"i_rst": ResetSignal()} if reset else {}
        # From software control to the controller, and its ports opened.
        self._steps = [(registers["sdram_dfii_control"], 1), (registers["ddrctrl_init_done"], 1)]

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.accelerator = accelerator = self._accelerator
        connect_streams(m, self.link_in, accelerator.link_in)
        connect_streams(m, accelerator.link_out, self.link_out)
        step = Signal(range(len(self._steps) + 1))
        acknowledge, busy = Signal(), Signal()
        m.d.comb += busy.eq(step != len(self._steps))
        with m.If(busy & acknowledge):
            m.d.sync += step.eq(step + 1)
        addresses, values = zip(*self._steps, (0, 0), strict=True)
        axi = {name: getattr(accelerator, f"m_axi_0_{name}") for name in members()}
        m.submodules.core = Instance(
            CORE, i_clk=ClockSignal(), **self._reset,
            i_wb_ctrl_adr=Array(Const(address >> 2, 30) for address in addresses)[step],
            i_wb_ctrl_dat_w=Array(Const(value, 32) for value in values)[step],
            i_wb_ctrl_sel=Const(15, 4), i_wb_ctrl_cyc=busy, i_wb_ctrl_stb=busy,
            i_wb_ctrl_we=Const(1), i_wb_ctrl_bte=Const(0, 2), i_wb_ctrl_cti=Const(0, 3),
            o_wb_ctrl_ack=acknowledge, **port_signals(axi))
        return m
