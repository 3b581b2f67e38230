"""Runs the program: fetches instructions, walks loops, resolves addresses, dispatches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.data import View
from amaranth.lib.wiring import In, Out
from sterna.machine.encoding import instruction_bits, instruction_fields, kind_of
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space, space_number
from sterna.machine.units.ternary import MATMUL_QUEUE

from sterna_hw.component import Component
from sterna_hw.core.loop_level import LoopLevel
from sterna_hw.layouts import WriteChunk, command_fields, instruction_layout, matmul_command
from sterna_hw.memory import LoadableMemory
from sterna_hw.stream import StreamQueue, connect_streams
from sterna_hw.vector.command import vector_unit_command

QUIET_CLOCKS = 4
"""Clocks that every unit must be idle, so that nothing is between two of them."""


class Sequencer(Component):
    """Executes the program memory from an entry address to its END.

    Throughput: one instruction in two clocks, loops included, while what it dispatches is taken.
    Commands for the vector unit wait in one register, those for the engine in a queue of
    `MATMUL_QUEUE`; the instruction behind a full one waits, decoded. Latency: the first command is
    valid three clocks after the start (a matrix command four), ``done`` comes `QUIET_CLOCKS` + 3
    clocks after the last unit is idle.

    Unknown kinds end the program as END does, so that a memory that was never loaded does no harm.

    Members:
        writes: In, stream of `WriteChunk`, always ready; takes space PROGRAM.
        start: In, stream of unsigned(16), the entry address; taken when no program runs.
        commands: Out, stream of `vector_unit_command`, addresses resolved.
        matmuls: Out, stream of `matmul_command`.
        units_idle: In(1), every unit that commands or their results reach is idle.
        done: Out(1), high for one clock at the end of the program.

    What instructions mean is in `_command_members`, `_dispatch`, `_dispatched` and `_walk`; another
    kind of accelerator has others and shares the rest.

    Args:
        program: words of the program memory at power up.
    """

    def __init__(self, machine: Machine, program: Sequence[int] = ()) -> None:
        self._machine = machine
        self._program = program
        super().__init__({
            "writes": In(stream.Signature(WriteChunk)),
            "start": In(stream.Signature(16)),
            **self._command_members(),
            "units_idle": In(1),
            "done": Out(1),
        })

    def _command_members(self) -> dict[str, Any]:
        machine = self._machine
        return {
            "commands": Out(stream.Signature(vector_unit_command(machine))),
            "matmuls": Out(stream.Signature(matmul_command(machine))),
        }

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
        resting, quiet = Signal(), Signal(range(QUIET_CLOCKS))
        m.d.sync += [resting.eq(self.units_idle & ~self._dispatched()), self.done.eq(0)]

        executing, taken, begin, decoding = Signal(), Signal(), Signal(), Signal()
        next_address = Signal.like(address, name="next_address")
        offsets = self._walk(m, instruction, memory.data, decoding, begin, following,
                             executing & taken, next_address)
        ended = self._dispatch(m, instruction, offsets, executing, taken)
        m.d.comb += [memory.address.eq(next_address), memory.enable.eq(1)]

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
                m.d.comb += decoding.eq(1)
                m.d.sync += [
                    instruction.eq(memory.data),
                    following.eq(address + 1),
                    quiet.eq(0),
                ]
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

    def _dispatched(self) -> Value:
        """Whether a command still waits to be taken."""
        return self.commands.valid | self.matmuls.valid

    def _dispatch(self, m: Module, instruction: Signal, offsets: tuple[Value, Value],
                  executing: Signal, taken: Signal) -> Signal:
        """Hand the instruction on; ``taken`` says that it is done. Returns whether it is END."""
        machine = self._machine
        m.submodules.queue = queue = StreamQueue(matmul_command(machine), MATMUL_QUEUE)
        connect_streams(m, queue.o, self.matmuls)
        inner_offset, outer_offset = offsets
        both_offsets = Signal(machine.vector.address_bits, reset_less=True)
        m.d.sync += both_offsets.eq(inner_offset + outer_offset)
        fields = {kind: View(layout, instruction[:layout.size]) for kind, layout in (
            (kind, instruction_layout(machine, kind))
            for kind in instruction_fields(machine))}
        vector, scalar, matmul = fields["VECTOR"], fields["SCALAR"], fields["MATMUL"]
        command = self.commands.payload
        commands_open = ~self.commands.valid | self.commands.ready
        is_vector, is_scalar, is_matmul, ended = Signal(), Signal(), Signal(), Signal()

        with m.Switch(fields["END"].kind):
            with m.Case(kind_of(machine, "VECTOR")):
                m.d.comb += [is_vector.eq(1), taken.eq(commands_open)]
            with m.Case(kind_of(machine, "SCALAR")):
                m.d.comb += [is_scalar.eq(1), taken.eq(commands_open)]
            with m.Case(kind_of(machine, "MATMUL")):
                m.d.comb += [is_matmul.eq(1), taken.eq(queue.i.ready)]
            with m.Case(kind_of(machine, "REPEAT")):
                m.d.comb += taken.eq(1)
            with m.Default():
                m.d.comb += ended.eq(1)

        def copy(target: Any, source: Any, kind: str) -> list[Any]:
            return [target[name].eq(source[name]) for name in command_fields(machine, kind)]

        with m.If(commands_open):
            m.d.sync += [
                self.commands.valid.eq(executing & (is_vector | is_scalar)),
                command.scalar.eq(is_scalar),
                *copy(command.vector, vector, "VECTOR"),
                *copy(command.operation, scalar, "SCALAR"),
            ]
            for name in ("a", "b", "result"):
                layer = vector[f"{name}_layer"]
                offset = Mux(layer, both_offsets, inner_offset)
                m.d.sync += [
                    command.vector[f"{name}_address"].eq(vector[f"{name}_address"] + offset),
                    command.vector[f"{name}_layer"].eq(0),
                ]
        m.d.comb += [
            queue.i.valid.eq(executing & is_matmul),
            *copy(queue.i.payload, matmul, "MATMUL"),
        ]
        return ended

    def _walk(self, m: Module, instruction: Signal, arriving: Value, decoding: Signal,
              begin: Signal, following: Signal, done: Value,
              next_address: Signal) -> tuple[Value, Value]:
        """Open a loop at REPEAT; at the end of a body go back or on, the inner level first.

        Where to go is decided when the instruction arrives, since the memory is addressed with it.
        Returns the address offsets of both levels.
        """
        machine = self._machine
        m.submodules.inner = inner = LoopLevel(machine)
        m.submodules.outer = outer = LoopLevel(machine)
        m.d.comb += [inner.clear.eq(begin), outer.clear.eq(begin)]
        layout = instruction_layout(machine, "REPEAT")
        repeat, next_repeat = (View(layout, word[:layout.size]) for word in (instruction, arriving))
        opens = Signal()
        m.d.comb += opens.eq(done & (repeat.kind == kind_of(machine, "REPEAT")))
        for number, level in enumerate((inner, outer)):
            m.d.comb += [
                level.open.eq(opens & (repeat.level == number)),
                level.count.eq(repeat.count),
                level.step.eq(repeat.step),
                level.first.eq(following),
            ]

        # A REPEAT closes nothing, so its kind need not be looked at: the memory is late enough.
        ends = Signal.like(repeat.ends, name="ends")
        inner_again, outer_again = Signal(), Signal()
        goes_on = ~(next_repeat.ends[0] & ~inner.last)
        with m.If(decoding):
            m.d.sync += [
                ends.eq(next_repeat.ends),
                inner_again.eq(~goes_on),
                outer_again.eq(next_repeat.ends[1] & goes_on & ~outer.last),
            ]
        with m.Elif(begin):
            m.d.sync += [inner_again.eq(0), outer_again.eq(0)]
        m.d.comb += [
            inner.close.eq(done & ends[0]),
            outer.close.eq(done & ends[1] & ~inner_again),
            next_address.eq(Mux(
                inner_again, inner.start, Mux(outer_again, outer.start, following))),
        ]
        return inner.offset, outer.offset
