"""A vector unit that several texts take turns on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import EXPONENT_BITS, MANTISSA_BITS
from sterna.machine.machine import Machine, path_space
from sterna.machine.units.ternary import CODE_BANKS
from sterna.machine.units.vector import VECTORS, code_registers, vector_registers

from sterna_hw.layouts import WriteChunk, code_group, word_group
from sterna_hw.state_layouts import state_port
from sterna_hw.stream import StreamQueue, connect_streams
from sterna_hw.vector.command import SCALAR, group_control, vector_unit_command
from sterna_hw.vector.members import trace_scalar, trace_vector
from sterna_hw.vector.reductions import delayed
from sterna_hw.vector.scalar_unit import ScalarUnit
from sterna_hw.vector.tables import LookupTables
from sterna_hw.vector.turns import Turns
from sterna_hw.vector.unit import RESULT_STAGE, STATE_QUEUE, VectorUnit
from sterna_hw.vector.vector_memory import VectorMemory


class SharedVectorUnit(VectorUnit):
    """A `VectorUnit` with commands of several texts, each with memory and registers of its own.

    A group of any text issues in each clock in which one can. Codes wait for a bank before they
    issue, so that none waits behind the pipeline.

    Members, where those of a `VectorUnit` differ; <n> is the number of a text:
        commands_<n>, accumulators_<n>, result_scalar_<n>, trace_vector_<n>, trace_scalar_<n>.
        constants, inputs: In, `word_group`, shown ``constant_delay`` and ``input_delay`` clocks
            ago; <…>_show, <…>_take: Out, of their `TextSource`. inputs_there: In(texts), see
            `Turns`.
        codes: Out, stream of `code_group`, always ready; released: In(texts), a bank of codes of a
            text is free again.
        first: In(range(texts)), whose groups go before those of others.
        chained: In(texts), of each text: it takes the state from the one before it.
        <states>: In, `state_port` of each text's memory, see `Machine.states`.
    """

    def __init__(self, machine: Machine, tables: Sequence[int] = (),
                 constant_delay: int = 2, input_delay: int = 1) -> None:
        self._machine, self._tables = machine, tables
        self._delays = {"constants": constant_delay, "inputs": input_delay}
        texts, words = machine.texts, word_group(machine)
        own = {"commands": In(stream.Signature(vector_unit_command(machine))),
               "accumulators": In(stream.Signature(words)), "result_scalar": Out(SCALAR),
               "trace_vector": Out(trace_vector(machine)),
               "trace_scalar": Out(trace_scalar(machine))}
        super(VectorUnit, self).__init__({
            **{f"{name}_{text}": member for text in range(texts) for name, member in own.items()},
            **{name: In(words) for name in self._delays},
            **{f"{name}_show": Out(range(texts)) for name in self._delays},
            **{f"{name}_take": Out(texts) for name in self._delays},
            "codes": Out(stream.Signature(code_group(machine), always_ready=True)),
            "inputs_there": In(texts), "released": In(texts), "first": In(range(texts)),
            "chained": In(texts),
            "writes": In(stream.Signature(WriteChunk)),
            "idle": Out(1),
            **{spec.name: In(state_port(spec)) for spec in machine.states},
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine, texts = self._machine, range(self._machine.texts)
        result_stage = RESULT_STAGE + vector_registers(machine)
        m.submodules.turns = turns = Turns(machine)
        m.submodules.memory = memory = VectorMemory(machine)
        m.submodules.tables = tables = LookupTables(machine, self._tables)
        m.submodules.scalars = scalars = ScalarUnit(machine)
        connect_streams(m, self.writes, tables.writes)
        connect_streams(m, turns.operations, scalars.operations)
        for text in texts:
            for name in ("commands", "accumulators"):
                own = f"{name}_{text}"
                connect_streams(m, getattr(self, own), getattr(turns, own))
        for name in self._delays:
            for role in ("show", "take"):
                m.d.comb += getattr(self, f"{name}_{role}").eq(getattr(turns, f"{name}_{role}"))

        control = {1: turns.control}  # control of the group in each stage
        for number in range(2, result_stage + 2):
            control[number] = Signal(group_control(machine), name=f"control_{number}")
            m.d.sync += control[number].eq(control[number - 1])
        constants = self._late(m, "constants", 2)
        lanes = self._lanes(m, control, turns, constants, memory, tables, scalars)
        result, behind = control[result_stage], control[result_stage + 1]
        words = Signal(word_group(machine), reset_less=True)
        m.d.sync += words.eq(memory.write_data)
        m.d.comb += [
            memory.a_address.eq(turns.a_address), memory.b_address.eq(turns.b_address),
            memory.write_enable.eq(result.write),
            memory.write_address.eq(result.result_address),
            *(memory.write_data[index].eq(lane.word) for index, lane in enumerate(lanes)),
        ]
        self._reductions(m, result, behind, lanes, words, turns, scalars)
        for reduction, group in ((m.submodules.absmax, result), (m.submodules.squares, behind)):
            m.d.comb += [reduction.text.eq(group.text), reduction.take_text.eq(turns.text)]
        self._codes(m, turns, result, lanes)
        self._state(m, turns, result, memory)
        if machine.readable:
            self._states(m, memory)

        missing = MANTISSA_BITS + 1 - machine.vector.word_bits
        others = [scalars.owner != text for text in texts]
        m.d.comb += [
            turns.first.eq(self.first), turns.inputs_there.eq(self.inputs_there),
            scalars.text.eq(turns.text),
            scalars.constant.mantissa.eq(constants[0][:-1] << missing),
            scalars.constant.exponent.eq(constants[1][:EXPONENT_BITS].as_signed()),
            turns.scalar_idle.eq(Cat(other | scalars.idle for other in others)),
            turns.scalar_ends.eq(Cat(other | scalars.ends for other in others)),
            self.idle.eq(turns.idle & scalars.idle & ~scalars.finished),
        ]
        for text in texts:
            vector, scalar, register = (
                getattr(self, f"{name}_{text}")
                for name in ("trace_vector", "trace_scalar", "result_scalar"))
            m.d.comb += [
                register.eq(getattr(scalars, f"result_scalar_{text}")),
                vector.valid.eq(behind.valid & (behind.text == text)), vector.data.eq(words),
                scalar.valid.eq(scalars.finished & (scalars.written == text)),
                scalar.mantissa.eq(scalars.result.mantissa),
                scalar.exponent.eq(scalars.result.exponent),
            ]
        return m

    def _late(self, m: Module, name: str, stage: int) -> Any:
        """What a `TextSource` showed, ``stage`` clocks ago."""
        return delayed(m, getattr(self, name), stage - self._delays[name], name)

    def _codes(self, m: Module, turns: Any, result: Any, lanes: list[Any]) -> Any:
        """Codes go where a bank is free; a text has `CODE_BANKS` of them."""
        made, codes = self.codes.payload, Signal(code_group(self._machine), name="made")
        m.d.comb += [
            codes.last.eq(result.last), codes.text.eq(result.text),
            *(codes.codes[index].eq(lane.code) for index, lane in enumerate(lanes)),
        ]
        way = "sync" if code_registers(self._machine) else "comb"
        m.d[way] += [made.eq(codes), self.codes.valid.eq(result.codes)]
        for text in range(self._machine.texts):
            free = Signal(range(CODE_BANKS + 1), init=CODE_BANKS, name=f"free_{text}")
            inside = Signal(name=f"inside_{text}")
            begins = Signal(name=f"begins_{text}")
            m.d.comb += [
                begins.eq(turns.code_issued[text] & ~inside),
                turns.code_credit[text].eq(inside | (free != 0)),
            ]
            m.d.sync += free.eq(free + self.released[text] - begins)
            with m.If(turns.code_issued[text]):
                m.d.sync += inside.eq(~turns.code_last[text])

    def _state(self, m: Module, turns: Any, result: Any, memory: VectorMemory) -> None:
        """Pass state on from text to text as it is written; issue spends credit."""
        texts = self._machine.texts
        m.d.comb += [turns.chained.eq(self.chained),
                     turns.next_chained.eq(self.chained.rotate_right(1))]
        for text in range(texts):
            m.submodules[f"state_queue_{text}"] = queue = StreamQueue(
                word_group(self._machine), STATE_QUEUE, counted=True)
            credit = Signal(range(STATE_QUEUE + 1), init=STATE_QUEUE, name=f"state_{text}")
            connect_streams(m, queue.o, getattr(turns, f"previous_{(text + 1) % texts}"))
            m.d.comb += [
                queue.i.valid.eq(result.state & (result.text == text)),
                queue.i.payload.eq(memory.write_data),
                turns.state_credit[text].eq(credit != 0),
            ]
            m.d.sync += credit.eq(
                credit + (queue.o.valid & queue.o.ready) - turns.state_issued[text])

    def _states(self, m: Module, memory: VectorMemory) -> None:
        """Let the `state_port` of each text have port a and the writes."""
        for text in range(self._machine.texts):
            port = getattr(self, path_space(VECTORS, text))
            word = Cat(Const(text, range(self._machine.texts)), port.word)
            with m.If(port.read):
                m.d.comb += memory.a_address.eq(word)
            with m.If(port.write):
                m.d.comb += [
                    memory.write_enable.eq(1), memory.write_address.eq(word),
                    memory.write_data.as_value().eq(port.data),
                ]
            m.d.comb += port.value.eq(memory.a.as_value())
