"""The block of matrix states: those of each token stream beside its data path."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, ResetInserter
from amaranth.lib.wiring import Out
from sterna.machine.machine import Machine, path_space
from sterna.machine.units.matrix import CELLS, PORT

from sterna_hw.core.assembly import Assembly
from sterna_hw.core.stream_fork import StreamFork
from sterna_hw.matrix.unit import MatrixUnit, trace_cells
from sterna_hw.stream import connect_streams


class MatrixBlock:
    """Every token stream has a `MatrixUnit`; all that a RUN makes active get the same commands.

    Members of the accelerator:
        trace_cells_<n>: Out, `trace_cells` of stream n.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def members(self) -> dict[str, Any]:
        machine = self._machine
        return {f"trace_{CELLS}_{number}": Out(trace_cells(machine))
                for number in range(machine.streams)} if machine.trace else {}

    def build(self, assembly: Assembly) -> None:
        m, machine, name = assembly.m, self._machine, self._machine.matrix.name
        units = [MatrixUnit(machine) for _ in range(machine.streams)]
        for number, unit in enumerate(units):
            m.submodules[path_space(name, number)] = unit
            connect_streams(m, assembly.sent[path_space(name, number)], unit.operands)
            connect_streams(m, unit.results, assembly.given[path_space(name, number)])
            m.d.comb += unit.begin.eq(assembly.begin)
            if machine.readable:
                assembly.keeps(path_space(CELLS, number), getattr(unit, CELLS))
            if machine.trace:
                m.d.comb += getattr(assembly.ports, f"trace_{CELLS}_{number}").eq(unit.trace_cells)
        commands = getattr(assembly.sequencer, PORT)
        self._share(m, assembly, commands, units)
        assembly.idle(~commands.valid, *(unit.idle for unit in units))
        clipped = assembly.counter_events(name)["clipped"]
        m.d.comb += clipped.eq(sum(unit.clipped for unit in units))

    def _share(self, m: Module, assembly: Assembly, commands: Any, units: list[MatrixUnit]
               ) -> None:
        if len(units) == 1:
            connect_streams(m, commands, units[0].commands)
            return
        fork = StreamFork(commands.payload.shape(), len(units))
        m.submodules[f"{PORT}_fork"] = ResetInserter(assembly.begin)(fork)
        connect_streams(m, commands, fork.i)
        m.d.comb += fork.active.eq(assembly.active)
        for number, unit in enumerate(units):
            connect_streams(m, getattr(fork, f"o_{number}"), unit.commands)
