"""Executes STATE commands: operands come, cells are changed, and what is read leaves."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import stream
from amaranth.lib.data import ArrayLayout, StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.units.matrix import CELLS, PORT, Decay

from sterna_hw.component import Component
from sterna_hw.layouts import port_command, word_group
from sterna_hw.matrix.columns import Columns
from sterna_hw.matrix.lane import CELL_STAGE, READ_STAGE, StateLane
from sterna_hw.matrix.operand import Operand, indices
from sterna_hw.matrix.results import ResultWords
from sterna_hw.matrix.steps import Steps, step_layout
from sterna_hw.matrix.sums import ColumnSums, RowSums
from sterna_hw.memory.storage import Storage
from sterna_hw.state_layouts import state_port
from sterna_hw.stream import connect_streams

OPERAND_STAGE = 2


def trace_cells(machine: Machine) -> StructLayout:
    """The new cells of a step."""
    cells = ArrayLayout(signed(machine.vector.word_bits), machine.matrix.lanes)
    return StructLayout({"valid": 1, "cells": cells})


class MatrixUnit(Component):
    """Passes over matrix states, one command after the other; streams stall and never drop.

    Throughput: operands a group a clock; then a word of ``lanes`` cells a clock, while a strip has
    at least ``lanes + 4`` rows (``lanes + 8`` where it is built to read by columns). Latency: from
    the last operand ``lanes + 8`` clocks to the first step, `READ_STAGE` + 5 from the last row of a
    strip to its first result.

    Members:
        commands: In, stream of STATE. operands: In, results: Out, streams of `word_group`.
        begin: In(1), a RUN begins: the place is the first word again; only while ``idle``.
        idle: Out(1). clipped: Out, how many cells and results were clipped in this clock.
        cells: In, `state_port` of the memory; only in a machine with READ.
        trace_cells: Out, `trace_cells`; only where the machine says ``trace``.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine, unit = machine, machine.matrix
        words = stream.Signature(word_group(machine))
        super().__init__({
            "commands": In(stream.Signature(port_command(machine, PORT))),
            "operands": In(words), "results": Out(words),
            "begin": In(1), "idle": Out(1), "clipped": Out(range(unit.lanes + 2)),
            **({CELLS: In(state_port(unit.states(machine)[0]))} if machine.readable else {}),
            **({"trace_cells": Out(trace_cells(machine))} if machine.trace else {}),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine, unit = self._machine, self._machine.matrix
        self._command = Signal(port_command(machine, PORT), reset_less=True)
        self._start = Signal()
        m.submodules.steps = steps = Steps(machine)
        m.d.comb += [
            steps.start.eq(self._start), steps.heads.eq(self._command.heads),
            steps.rows.eq(self._command.rows), steps.columns.eq(self._command.columns),
        ]
        control = [steps.step]
        for stage in range(1, READ_STAGE + 1):
            later = Signal(step_layout(machine), name=f"step_{stage}")
            m.d.sync += later.eq(control[-1])
            control.append(later)
        on_way = Cat(step.valid for step in control).any()

        by_columns = self._command.by_columns if unit.by_columns else 0
        slots = self._operands(m, steps, by_columns)
        across = self._columns(m, "added", control, 1, [b for _, b in slots["products"]])
        reading: Any = None
        ready: Value = across.ready
        if unit.by_columns:
            reading = self._columns(m, "read", control, CELL_STAGE - 1, [slots["read"]])
            ready = across.ready & reading.ready
        factor = slots["read"].element
        for stage in range(OPERAND_STAGE, CELL_STAGE):
            factor = self._register(m, factor, f"factor_{stage + 1}")

        store = self._memory(m, control, steps)
        old = self._register(m, store.data, "old")
        lanes = []
        for index in range(unit.lanes):
            m.submodules[f"lane_{index}"] = lane = StateLane(machine)
            bits = machine.vector.word_bits
            m.d.comb += [
                lane.cell.eq(old[bits * index:bits * (index + 1)]),
                lane.factor.eq(factor if reading is None else Mux(
                    by_columns, reading.values[0][index], factor)),
                *(lane.rows[number].eq(Mux(self._command.products > number, a.element, 0))
                  for number, (a, _) in enumerate(slots["products"])),
                *(lane.columns[number].eq(across.values[number][index])
                  for number in range(unit.products)),
            ]
            if unit.decay:
                m.d.comb += lane.loss.eq(
                    Mux(self._command.decay != Decay.NONE, slots["decay"].element, 0))
            lanes.append(lane)
        cells = Cat(lane.new_cell for lane in lanes)
        with m.If(~self._clearing):
            m.d.comb += store.write_data.eq(cells)
        if machine.readable:
            port = getattr(self, CELLS)
            with m.If(port.write):
                m.d.comb += [store.write_enable.eq(1), store.write_address.eq(port.word),
                             store.write_data.eq(port.data)]
        m.submodules.results = results = ResultWords(machine)
        connect_streams(m, results.words, self.results)
        pending = self._read(m, control, steps, lanes, results, by_columns)
        m.d.comb += steps.columns_ready.eq(ready)
        counted = control[CELL_STAGE].valid
        m.d.sync += self.clipped.eq(
            sum(lane.clipped & counted for lane in lanes) + results.clipped)
        if machine.trace:
            m.d.comb += [self.trace_cells.valid.eq(counted),
                         self.trace_cells.cells.as_value().eq(cells)]
        self._execute(m, steps.running | on_way | pending, results)
        return m

    def _operands(self, m: Module, steps: Steps, by_columns: Any) -> dict[str, Any]:
        """All operands, in the order in which they come: where they are read, and how long."""
        machine, unit, command = self._machine, self._machine.matrix, self._command
        self._slots: list[tuple[Operand, Any]] = []
        rows = steps.group, steps.lane

        def add(name: str, groups: Any, group: Any = None, lane: Any = None) -> Operand:
            m.submodules[name] = operand = Operand(machine)
            self._slots.append((operand, groups))
            if group is not None:
                m.d.comb += [operand.group.eq(group), operand.lane.eq(lane)]
            return operand

        found: dict[str, Any] = {"products": []}
        if unit.decay:
            head = command.decay == Decay.HEAD
            found["decay"] = add(
                "decay", Mux(command.decay == Decay.NONE, 0, Mux(
                    head, command.heads_groups, command.rows_groups)),
                Mux(head, steps.head_group, rows[0]), Mux(head, steps.head_lane, rows[1]))
        for number in range(unit.products):
            used = command.products > number
            found["products"].append((
                add(f"rows_{number}", Mux(used, command.rows_groups, 0), *rows),
                add(f"columns_{number}", Mux(used, command.columns_groups, 0))))
        found["read"] = add("read", Mux(command.read, Mux(
            by_columns, command.columns_groups, command.rows_groups), 0))
        if not unit.by_columns:
            m.d.comb += [found["read"].group.eq(rows[0]), found["read"].lane.eq(rows[1])]
        return found

    def _columns(self, m: Module, name: str, control: list[Any], stage: int,
                 operands: list[Operand]) -> Columns:
        """The columns of some operands, taken in the first step of a strip at a stage."""
        machine = self._machine
        m.submodules[f"{name}_columns"] = columns = Columns(machine, len(operands))
        step = control[stage]
        m.d.comb += [
            columns.start.eq(self._start), columns.columns.eq(self._command.columns),
            columns.begins.eq(control[0].valid & control[0].first),
            columns.take.eq(step.valid & step.first),
        ]
        for number, operand in enumerate(operands):
            m.d.comb += columns.elements[number].eq(operand.element)
            if name == "added":
                m.d.comb += [operand.group.eq(columns.group), operand.lane.eq(columns.lane)]
        if name == "read":
            steps, by_columns = m.submodules.steps, self._command.by_columns
            m.d.comb += [
                operands[0].group.eq(Mux(by_columns, columns.group, steps.group)),
                operands[0].lane.eq(Mux(by_columns, columns.lane, steps.lane)),
            ]
        return columns

    def _memory(self, m: Module, control: list[Any], steps: Steps) -> Storage:
        """The cells: read in stage 0, written at `CELL_STAGE`; between RUNs the link has them."""
        machine, unit = self._machine, self._machine.matrix
        width = unit.lanes * machine.vector.word_bits
        m.submodules.store = store = Storage(width, unit.depth, large=True)
        place = Signal(range(unit.depth + 1))
        self._read_word = Signal.like(place)
        self._write_word = Signal.like(place)
        self._place = place
        self._clearing = Signal()
        m.d.comb += [
            store.enable.eq(1), store.address.eq(self._read_word),
            store.write_address.eq(self._write_word),
            store.write_enable.eq((control[CELL_STAGE].valid & self._command.store)
                                  | self._clearing),
        ]
        with m.If(steps.step.valid):
            m.d.sync += self._read_word.eq(self._read_word + 1)
        with m.If(control[CELL_STAGE].valid | self._clearing):
            m.d.sync += self._write_word.eq(self._write_word + 1)
        if machine.readable:
            port = getattr(self, CELLS)
            with m.If(port.read):
                m.d.comb += store.address.eq(port.word)
            m.d.sync += port.value.eq(store.data)  # the words lie far from whoever reads them
        return store

    def _read(self, m: Module, control: list[Any], steps: Steps, lanes: list[StateLane],
              results: ResultWords, by_columns: Any) -> Value:
        """Sums of what is read, to ``results``; whether some wait there."""
        machine, unit, step = self._machine, self._machine.matrix, control[READ_STAGE]
        pending = Signal()
        kinds: list[tuple[Any, Any]] = [(RowSums(machine), ~by_columns if unit.by_columns else 1)]
        if unit.by_columns:
            kinds.append((ColumnSums(machine), by_columns))
        for number, (sums, chosen) in enumerate(kinds):
            m.submodules[f"sums_{number}"] = sums
            m.d.comb += [
                sums.step.eq(step), sums.step.valid.eq(step.valid & self._command.read & chosen),
                *(sums.products[index].eq(lane.product) for index, lane in enumerate(lanes)),
                sums.sums.ready.eq(results.sums.ready),
            ]
            with m.If(sums.sums.valid):
                m.d.comb += [results.sums.valid.eq(1), results.sums.payload.eq(sums.sums.payload)]
            with m.If(sums.drained):
                m.d.sync += pending.eq(0)
        ends = steps.step.last
        if unit.by_columns:
            ends = ends & (~by_columns | steps.step.last_strip)
        with m.If(steps.step.valid & ends & self._command.read):
            m.d.sync += pending.eq(1)
        m.d.comb += [
            steps.may_end.eq(by_columns | ~pending if unit.by_columns else ~pending),
            steps.may_begin.eq(~by_columns | ~pending if unit.by_columns else 1),
        ]
        return pending

    def _execute(self, m: Module, busy: Value, results: ResultWords) -> None:
        """Command after command: its operands, its pass, and what is left of its results."""
        unit, command, offered = self._machine.matrix, self._command, self.commands.payload
        slot = Signal(indices(len(self._slots)))
        group = Signal(indices(unit.operand_depth))
        wanted = Signal(len(offered.rows_groups))
        with m.Switch(slot):
            for number, (operand, groups) in enumerate(self._slots):
                with m.Case(number):
                    m.d.comb += [wanted.eq(groups),
                                 operand.write.eq(self.operands.valid & self.operands.ready)]
        for operand, _ in self._slots:
            m.d.comb += [operand.write_group.eq(group), operand.words.eq(self.operands.payload)]
        left = Signal.like(wanted)
        with m.FSM():
            with m.State("idle"):
                m.d.comb += [self.commands.ready.eq(1), self.idle.eq(~self.commands.valid)]
                m.d.sync += [command.eq(offered), slot.eq(0), group.eq(0),
                             self._read_word.eq(self._place + offered.offset),
                             self._write_word.eq(self._place + offered.offset)]
                with m.If(self.commands.valid):
                    m.next = "operand"
                    with m.If(offered.clear):
                        m.d.sync += self._write_word.eq(0)
                        m.next = "clear"
            with m.State("operand"):
                m.d.sync += [left.eq(wanted), group.eq(0)]
                m.next = "words"
            with m.State("words"):
                m.d.comb += self.operands.ready.eq(left != 0)
                with m.If(self.operands.ready & self.operands.valid):
                    m.d.sync += [left.eq(left - 1), group.eq(group + 1)]
                with m.If((left == 0) | ((left == 1) & self.operands.valid)):
                    m.d.sync += slot.eq(slot + 1)
                    m.next = "operand"
                    with m.If(slot == len(self._slots) - 1):
                        m.next = "start"
            with m.State("start"):
                m.d.comb += self._start.eq(1)
                m.next = "run"
            with m.State("run"):
                with m.If(~busy):
                    m.next = "end"
            with m.State("end"):
                m.d.comb += results.flush.eq(1)
                with m.If(results.empty):
                    m.d.sync += self._place.eq(self._place + command.advance)
                    m.next = "idle"
            with m.State("clear"):
                m.d.comb += self._clearing.eq(1)
                with m.If(self._write_word == unit.depth - 1):
                    m.next = "idle"
        with m.If(self.begin):
            m.d.sync += self._place.eq(0)

    def _register(self, m: Module, value: Any, name: str) -> Signal:
        later = Signal(value.shape(), name=name, reset_less=True)
        m.d.sync += later.eq(value)
        return later
