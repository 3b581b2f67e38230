"""Runs the program: fetches instructions, walks loops, resolves addresses, dispatches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.data import View
from amaranth.lib.wiring import In, Out
from sterna.machine.encoding import instruction_bits, instruction_fields, kind_of
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space, space_number
from sterna.machine.unit import Instruction

from sterna_hw.component import Component
from sterna_hw.core.loops import LoopLevels
from sterna_hw.layouts import (
    WriteChunk,
    command_fields,
    instruction_layout,
    port_command,
)
from sterna_hw.memory import LoadableMemory
from sterna_hw.stream import StreamQueue, connect_streams

QUIET_CLOCKS = 4
"""Clocks that every unit must be idle, so that nothing is between two of them."""


class Sequencer(Component):
    """Executes the program memory from an entry address to its END.

    Which instructions there are, and by which port each goes, is what the units of the machine say.
    Throughput: one instruction in `sterna.machine.sequencer.INSTRUCTION_CLOCKS` clocks, loops
    included, while what it dispatches is taken. Commands wait in one register a port, or in a queue
    where their instruction wants one; the instruction behind a full one waits, decoded. Latency:
    the first command is valid five clocks after the start (behind a queue six), ``done`` comes
    `QUIET_CLOCKS` + 3 clocks after the last unit is idle.

    Unknown kinds end the program as END does, so that a memory that was never loaded does no harm.

    Members:
        writes: In, stream of `WriteChunk`, always ready; takes space PROGRAM.
        start: In, stream of unsigned(16), the entry address; taken when no program runs.
        <port>: Out, stream of `port_command` for each of `Machine.ports`, addresses resolved.
        units_idle: In(1), every unit that commands or their results reach is idle.
        done: Out(1), high for one clock at the end of the program.

    Args:
        program: words of the program memory at power up.
    """

    def __init__(self, machine: Machine, program: Sequence[int] = ()) -> None:
        self._machine = machine
        self._program = program
        super().__init__({
            "writes": In(stream.Signature(WriteChunk)),
            "start": In(stream.Signature(16)),
            **{port: Out(stream.Signature(port_command(machine, port)))
               for port in machine.ports},
            "units_idle": In(1),
            "done": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine
        m.submodules.memory = memory = LoadableMemory(
            instruction_bits(machine), machine.program_depth,
            space_number(machine, Space.PROGRAM),
            self._program,
            staged=not machine.compact)
        connect_streams(m, self.writes, memory.writes)

        instruction = Signal(instruction_bits(machine), reset_less=True)
        address = Signal(range(machine.program_depth))
        following = Signal.like(address, name="following_address", reset_less=True)
        resting = Signal()
        quiet = Signal(range(QUIET_CLOCKS))
        dispatched = Cat(getattr(self, port).valid for port in machine.ports).any()
        m.d.sync += [resting.eq(self.units_idle & ~dispatched), self.done.eq(0)]

        executing = Signal()
        taken = Signal()
        begin = Signal()
        resolving = Signal()
        known, ended = self._decode(m, instruction)
        m.submodules.loops = loops = LoopLevels(machine)
        next_address = Mux(loops.again, loops.start, following)
        m.d.comb += [
            loops.begin.eq(begin), loops.resolving.eq(resolving), loops.following.eq(following),
            loops.instruction.eq(instruction), loops.done.eq(executing & taken),
            memory.address.eq(next_address), memory.enable.eq(1),
            taken.eq(self._dispatch(m, instruction, known, loops, executing) & ~ended),
        ]

        with m.FSM():
            with m.State("idle"):
                m.d.comb += [self.start.ready.eq(1), begin.eq(1)]
                m.d.sync += following.eq(self.start.payload)
                with m.If(self.start.valid):
                    m.next = "fetch"
            with m.State("fetch"):
                m.d.sync += address.eq(next_address)
                m.next = "decode"
            with m.State("decode"):
                m.d.sync += [
                    instruction.eq(memory.data),
                    following.eq(address + 1),
                    quiet.eq(0),
                ]
                m.next = "resolve"
            with m.State("resolve"):
                m.d.comb += resolving.eq(1)
                m.next = "execute"
            with m.State("execute"):
                m.d.comb += executing.eq(1)
                with m.If(ended):
                    m.next = "drain"
                with m.Elif(taken):
                    m.d.sync += address.eq(next_address)
                    m.next = "decode"
            with m.State("drain"):
                m.d.sync += quiet.eq(0)
                with m.If(resting):
                    m.d.sync += quiet.eq(quiet + 1)
                    with m.If(quiet == QUIET_CLOCKS - 1):
                        m.d.sync += self.done.eq(1)
                        m.next = "idle"
        return m

    def _decode(self, m: Module, instruction: Signal) -> tuple[dict[str, Signal], Signal]:
        """Registers, a clock behind the instruction: whether it is of a kind, and whether of none.
        """
        machine = self._machine
        kinds = {name: kind_of(machine, name) for name in instruction_fields(machine)
                 if name != "END"}
        layout = instruction_layout(machine, "END")
        kind = View(layout, instruction[:layout.size]).kind
        known = {name: Signal(name=f"is_{name.lower()}") for name in kinds}
        ended = Signal()
        m.d.sync += [
            *(known[name].eq(kind == code) for name, code in kinds.items()),
            ended.eq(~Cat(kind == code for code in kinds.values()).any()),
        ]
        return known, ended

    def _dispatch(self, m: Module, instruction: Signal, known: dict[str, Signal],
                  loops: LoopLevels, executing: Signal) -> Value:
        """Hand the instruction on by its port. Returns whether there is room for it."""
        machine = self._machine
        room = []
        for port, instructions in machine.ports.items():
            wanted: Value = Cat(known[item.name] for item in instructions).any()
            out = getattr(self, port)
            depth = max(item.queue for item in instructions)
            if depth > 1:
                m.submodules[f"{port}_queue"] = queue = StreamQueue(out.payload.shape(), depth)
                connect_streams(m, queue.o, out)
                command = self._command(instruction, instructions, known, loops, queue.i.payload)
                m.d.comb += [queue.i.valid.eq(executing & wanted), *command]
                free = queue.i.ready
            else:
                command = self._command(instruction, instructions, known, loops, out.payload)
                free = ~out.valid | out.ready
                with m.If(free):
                    m.d.sync += [out.valid.eq(executing & wanted), *command]
            room.append(~wanted | free)
        return Cat(room).all()

    def _command(self, instruction: Signal, instructions: tuple[Instruction, ...],
                 known: dict[str, Signal], loops: LoopLevels, command: Any) -> list[Any]:
        """Statements: the instruction as a command of its port, with the offsets of loops added."""
        statements: list[Any] = []
        which: Value = Const(0)
        for place, item in enumerate(instructions):
            layout = instruction_layout(self._machine, item.name)
            fields = View(layout, instruction[:layout.size])
            target = command if len(instructions) == 1 else command[item.name.lower()]
            which = Mux(known[item.name], place, which)
            addresses = {f"{name}_address": name for name in item.addresses}
            layers = {f"{name}_layer" for name in item.addresses}
            for name in command_fields(self._machine, item.name):
                value = Const(0) if name in layers else fields[name]
                if name in addresses:
                    layer = fields[f"{addresses[name]}_layer"]
                    value = value + Mux(layer, loops.both_offsets, loops.inner_offset)
                statements.append(target[name].eq(value))
        if len(instructions) > 1:
            statements.append(command.which.eq(which))
        return statements
