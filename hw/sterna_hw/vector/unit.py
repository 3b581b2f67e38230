"""The vector unit: issue, memory, lanes, codes, reductions and scalars put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import stream
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.law.arithmetic import EXPONENT_BITS, MANTISSA_BITS
from sterna.machine.machine import Machine
from sterna.machine.units.head import ranks_words
from sterna.machine.units.vector import code_registers, vector_latency, vector_registers

from sterna_hw.component import Component
from sterna_hw.layouts import WriteChunk, code_group, word_group
from sterna_hw.stream import StreamQueue, connect_streams
from sterna_hw.vector.command import SCALAR, group_control, vector_unit_command
from sterna_hw.vector.issue import Issue
from sterna_hw.vector.lane import PRODUCT_REGISTERS, TABLE_REGISTERS, Lane, lane_control
from sterna_hw.vector.members import chain_members, trace_scalar, trace_vector
from sterna_hw.vector.multiplier import BroadcastMultiplier
from sterna_hw.vector.partners import partner_members
from sterna_hw.vector.reductions import AbsmaxReduction, SquaresReduction, delayed
from sterna_hw.vector.rounding import ShiftSelect
from sterna_hw.vector.scalar_unit import ScalarUnit
from sterna_hw.vector.tables import LookupTables
from sterna_hw.vector.vector_memory import VectorMemory, add_state_port, state_members

CODE_QUEUE = 16
"""Groups of codes that may be in the pipeline or wait; one look-up table memory deep."""
SENT_QUEUE = 16
"""Groups for another unit that may be in the pipeline or wait."""
STATE_QUEUE = 16
"""Groups of state that may be in the pipeline or wait for the next data path."""
RESULT_STAGE = 7
"""Without the ``vector_registers``."""



class VectorUnit(Component):
    """Executes vector and scalar commands in program order, one group of ``vector_lanes`` a clock,
    or in ``vector_interval`` clocks.

    Latency: 7 clocks from issue to result, 8 to a dependent issue (``vector_latency``), 7 to the
    code stream and ``code_registers`` more, each longer by the ``vector_registers``. From the last
    group of an absmax to the first of codes scaled by it (ABSMAX, CODE_SCALE, then the codes
    command): ``absmax_latency + 9`` clocks. The pipeline never stops; issue waits for operands from
    streams and for room for codes.

    Members:
        commands: stream of `vector_unit_command`, In.
        accumulators, inputs, constants: streams of word groups, In.
        codes: stream of `code_group`; ``last`` with the last group of a command, Out.
        writes: stream of `WriteChunk`, takes space TABLES, In.
        result_scalar: scalar register 0, Out.
        idle: no command, all results written and all codes gone, Out.
        trace_vector: result (before clamping to a code) of every group that issued, in order, Out.
        trace_scalar: every scalar result in order, Out.
        previous, state, chained, next_chained: see `chain_members`. to_*, from_*: see
            `partner_members`. vectors: see `state_members`.
        ranked: stream of word groups, the results of commands with ``rank``, Out; only where the
            head takes any.

    Args:
        tables: words of the look-up tables at power up.
        constant_delay, input_delay: clocks from a transfer to its payload, see `LateSource`; at
            most 2 and 1. Zero is an ordinary stream.
    """

    def __init__(self, machine: Machine, tables: Sequence[int] = (),
                 constant_delay: int = 0, input_delay: int = 0) -> None:
        self._machine = machine
        self._delays = {"constants": constant_delay, "inputs": input_delay}
        self._tables = tables
        words = stream.Signature(word_group(machine))
        super().__init__({
            "commands": In(stream.Signature(vector_unit_command(machine))),
            "accumulators": In(words), "inputs": In(words), "constants": In(words),
            "codes": Out(stream.Signature(code_group(machine))),
            "writes": In(stream.Signature(WriteChunk)),
            "result_scalar": Out(SCALAR),
            "idle": Out(1),
            "trace_vector": Out(trace_vector(machine)),
            "trace_scalar": Out(trace_scalar(machine)),
            **chain_members(machine), **partner_members(machine), **state_members(machine),
            **({"ranked": Out(words)} if ranks_words(machine) else {}),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine
        result_stage = RESULT_STAGE + vector_registers(machine)
        assert vector_latency(machine) == result_stage + 1
        m.submodules.issue = issue = Issue(machine)
        m.submodules.memory = vector_memory = VectorMemory(machine)
        m.submodules.tables = tables = LookupTables(machine, self._tables)
        m.submodules.scalars = scalars = ScalarUnit(machine)
        connect_streams(m, self.writes, tables.writes)
        for name in ("commands", "accumulators"):
            connect_streams(m, getattr(self, name), getattr(issue, name))
        m.d.comb += [
            issue.inputs_valid.eq(self.inputs.valid),
            self.inputs.ready.eq(issue.inputs_ready),
            issue.constants_valid.eq(self.constants.valid),
            self.constants.ready.eq(issue.constants_ready),
        ]
        connect_streams(m, issue.operations, scalars.operations)

        control = {1: issue.control}  # control of the group in each stage
        for number in range(2, result_stage + 2):
            control[number] = Signal(group_control(machine), name=f"control_{number}")
            m.d.sync += control[number].eq(control[number - 1])

        constants = self._late(m, "constants", 2)
        lanes = self._lanes(m, control, issue, constants, vector_memory, tables, scalars)
        result = control[result_stage]
        words = Signal(word_group(machine), reset_less=True)
        m.d.comb += [
            vector_memory.a_address.eq(issue.a_address),
            vector_memory.b_address.eq(issue.b_address),
            vector_memory.write_enable.eq(result.write),
            vector_memory.write_address.eq(result.result_address),
            *(vector_memory.write_data[index].eq(lane.word) for index, lane in enumerate(lanes)),
        ]
        for name in state_members(machine):
            add_state_port(m, getattr(self, name), vector_memory)
        m.d.sync += words.eq(vector_memory.write_data)
        self._reductions(m, result, control[result_stage + 1], lanes, words, issue, scalars)
        codes = self._codes(m, issue, result, lanes)
        if machine.streams > 1:
            self._state(m, issue, result, vector_memory)
        sent = self._partners(m, issue, result, vector_memory)
        if ranks_words(machine):
            sent = sent | self._ranked(m, issue, result, vector_memory)

        # Constants as scalar: mantissa (its high bits if a word is too short), exponent.
        if machine.vector.scalar_groups == 1:
            mantissa, exponent = constants[0], constants[1]
        else:
            mantissa = Signal(signed(machine.vector.word_bits))
            exponent = constants[0]
            with m.If(issue.take_mantissa):
                m.d.sync += mantissa.eq(constants[0])
        missing = MANTISSA_BITS + 1 - machine.vector.word_bits
        m.d.comb += [
            scalars.constant.mantissa.eq(mantissa[:-1] << missing),
            scalars.constant.exponent.eq(exponent[:EXPONENT_BITS].as_signed()),
            issue.scalar_idle.eq(scalars.idle), issue.scalar_ends.eq(scalars.ends),
            self.result_scalar.eq(scalars.result_scalar),
            self.idle.eq(issue.idle & scalars.idle & ~scalars.finished & ~codes & ~sent),
            self.trace_vector.valid.eq(control[result_stage + 1].valid),
            self.trace_vector.data.eq(words),
            self.trace_scalar.valid.eq(scalars.finished),
            self.trace_scalar.mantissa.eq(
                Mux(scalars.result_sign, -scalars.result.mantissa, scalars.result.mantissa)
                if machine.vector.sums else scalars.result.mantissa),
            self.trace_scalar.exponent.eq(scalars.result.exponent),
        ]
        return m

    def _late(self, m: Module, name: str, stage: int) -> Any:
        """The payload of a stream, ``stage`` clocks after its transfer."""
        words = getattr(self, name).payload
        for clock in range(self._delays[name], stage):
            later = Signal(word_group(self._machine), name=f"{name}_{clock + 1}",
                           reset_less=True)
            m.d.sync += later.eq(words)
            words = later
        return words

    def _lanes(self, m: Module, control: Any, issue: Any, constants: Any,
               vector_memory: VectorMemory, tables: LookupTables,
               scalars: ScalarUnit) -> list[Lane]:
        machine = self._machine
        m.submodules.multiplier = multiplier = BroadcastMultiplier(machine)
        m.submodules.shift = shift = ShiftSelect()
        lane_controls = Signal(lane_control(machine))
        late = TABLE_REGISTERS if vector_registers(machine) else 0
        # One of these registers takes the scalar, the others the multiplier that is made of it.
        ahead = 1 if late else 0
        # The register of the product is decoded ahead, so that the selects can have copies.
        steps_late = late - ahead
        selects_late = PRODUCT_REGISTERS if late else 0
        m.d.comb += [
            scalars.read_request.eq(control[1].load_scalar),
            scalars.read_index.eq(control[1].scalar),
            multiplier.load.eq(control[1 + ahead].load_scalar),
            multiplier.scalar.as_value().eq(delayed(m, scalars.read.as_value(), ahead, "scalar")),
            *([multiplier.sign.eq(delayed(m, scalars.read_sign, ahead, "read_sign"))]
              if machine.vector.sums else []),
            multiplier.use_scalar.eq(control[2 + ahead].use_scalar),
            multiplier.use_unit.eq(control[2 + ahead].use_unit),
            multiplier.negative.eq(control[2 + ahead].negative),
            multiplier.lookup.eq(control[2 + ahead].lookup),
            multiplier.shift.eq(control[2 + ahead].shift),
            lane_controls.use_accumulator_1.eq(control[1].use_accumulator),
            lane_controls.use_input_1.eq(control[1].use_input),
            lane_controls.use_memory_2.eq(control[2].use_memory),
            lane_controls.use_constant_2.eq(control[2].use_constant),
            lane_controls.use_b_2.eq(control[2].use_b),
            lane_controls.lookup_2.eq(control[2].lookup),
            lane_controls.lookup_3.eq(control[3 + late].lookup),
            lane_controls.add_b_3.eq(control[3 + late].add_b),
            lane_controls.broadcast_3.eq(
                delayed(m, multiplier.broadcast, late - ahead, "broadcast")),
            tables.table.eq(control[3 if late else 2].table),
        ]
        m.d.sync += [  # steps are those of stage 3
            shift.steps.eq(delayed(m, multiplier.steps, steps_late, "steps")),
            lane_controls.coarse_5.eq(delayed(m, shift.coarse, selects_late, "coarse")),
            lane_controls.fine_5.eq(delayed(m, shift.fine, selects_late, "fine")),
            lane_controls.keep_5.eq(delayed(m, shift.keep, selects_late, "keep")),
        ]

        inputs = self._late(m, "inputs", 1)
        lanes = []
        for index in range(machine.vector.lanes):
            lane = Lane(machine)
            m.submodules[f"lane_{index}"] = lane
            m.d.comb += [
                lane.control.eq(lane_controls),
                lane.memory_a.eq(vector_memory.a[index]),
                lane.memory_b.eq(vector_memory.b[index]),
                lane.accumulator.eq(issue.accumulator_words[index]),
                lane.input.eq(inputs[index]),
                lane.constant.eq(constants[index]),
                tables.segments[index].eq(lane.segment),
                lane.entry.eq(tables.entries[index]),
            ]
            lanes.append(lane)
        return lanes

    def _reductions(self, m: Module, largest: Any, total: Any, lanes: list[Lane], words: Any,
                    issue: Any, scalars: ScalarUnit) -> None:
        m.submodules.absmax = absmax = AbsmaxReduction(self._machine)
        m.submodules.squares = squares = SquaresReduction(self._machine)
        m.d.comb += [
            *(absmax.magnitudes[index].eq(Cat(lane.magnitude, lane.negative))
              for index, lane in enumerate(lanes)),
            absmax.enable.eq(largest.absmax), absmax.register.eq(largest.absmax_register),
            absmax.take.eq(scalars.take_absmax),
            absmax.take_register.eq(issue.operations.payload.a),
            scalars.absmax.eq(absmax.value),
            squares.words.eq(words),
            *([squares.plain.eq(total.sum)] if self._machine.vector.sums else []),
            squares.enable.eq(total.squares), squares.register.eq(total.squares_register),
            squares.take.eq(scalars.take_squares),
            squares.take_register.eq(issue.operations.payload.a),
            scalars.squares.eq(squares.value),
        ]

    def _codes(self, m: Module, issue: Issue, result: Any, lanes: list[Lane]) -> Any:
        """Queue of codes; issue spends credit, the stream's transfers give it back.

        They pass by while none waits, where the way to the engine is short.
        """
        m.submodules.codes = queue = StreamQueue(
            code_group(self._machine), CODE_QUEUE, counted=True)
        credit = Signal(range(CODE_QUEUE + 1), init=CODE_QUEUE)
        has_credit = Signal(init=1)
        taken = Signal()  # a register: the codes go far, and their credit can wait
        m.d.sync += taken.eq(self.codes.valid & self.codes.ready)
        made = queue.i.payload
        m.d.comb += [
            made.last.eq(result.last),
            *(made.codes[index].eq(lane.code) for index, lane in enumerate(lanes)),
            issue.code_credit.eq(has_credit),
        ]
        if code_registers(self._machine):
            connect_streams(m, queue.o, self.codes)
            m.d.comb += queue.i.valid.eq(result.codes)
        else:
            m.d.comb += [
                self.codes.valid.eq(queue.o.valid | result.codes),
                self.codes.payload.eq(Mux(queue.o.valid, queue.o.payload.as_value(),
                                          made.as_value())),
                queue.o.ready.eq(self.codes.ready),
                queue.i.valid.eq(result.codes & (queue.o.valid | ~self.codes.ready)),
            ]
        m.d.sync += [
            credit.eq(credit + taken - issue.code_issued),
            has_credit.eq((credit > 1) | ((credit == 1) & ~issue.code_issued) | taken),
        ]
        return credit != CODE_QUEUE

    def _partners(self, m: Module, issue: Issue, result: Any,
                  vector_memory: VectorMemory) -> Value:
        """Words to and from other units; whether some wait for one. Issue spends credit on them."""
        machine = self._machine
        for unit in machine.units:
            if unit.gives_words(machine):
                connect_streams(m, getattr(self, f"from_{unit.name}"),
                                getattr(issue, f"from_{unit.name}"))
        takers = [unit.name for unit in machine.units if unit.takes_words(machine)]
        if not takers:
            return Const(0)
        place = range(max(2, len(machine.partners)))
        m.submodules.sent_queue = queue = StreamQueue(
            StructLayout({"words": word_group(machine), "partner": place}), SENT_QUEUE,
            counted=True)
        credit = Signal(range(SENT_QUEUE + 1), init=SENT_QUEUE)
        m.d.comb += [
            issue.send_credit.eq(credit != 0),
            queue.i.valid.eq(result.send),
            queue.i.payload.words.eq(vector_memory.write_data),
            queue.i.payload.partner.eq(result.partner),
        ]
        m.d.sync += credit.eq(credit + (queue.o.valid & queue.o.ready) - issue.send_issued)
        for unit in takers:
            out = getattr(self, f"to_{unit}")
            chosen = queue.o.payload.partner == machine.partners.index(unit)
            m.d.comb += [
                out.payload.eq(queue.o.payload.words), out.valid.eq(queue.o.valid & chosen)]
            with m.If(chosen):
                m.d.comb += queue.o.ready.eq(out.ready)
        return credit != SENT_QUEUE

    def _ranked(self, m: Module, issue: Issue, result: Any, vector_memory: VectorMemory) -> Value:
        """Words to the head; whether some wait. As with those sent, issue spends credit."""
        m.submodules.ranked_queue = queue = StreamQueue(
            word_group(self._machine), SENT_QUEUE, counted=True)
        connect_streams(m, queue.o, self.ranked)
        credit = Signal(range(SENT_QUEUE + 1), init=SENT_QUEUE)
        m.d.comb += [
            issue.rank_credit.eq(credit != 0),
            queue.i.valid.eq(result.rank),
            queue.i.payload.eq(vector_memory.write_data),
        ]
        m.d.sync += credit.eq(credit + (queue.o.valid & queue.o.ready) - issue.rank_issued)
        return credit != SENT_QUEUE

    def _state(self, m: Module, issue: Issue, result: Any, vector_memory: VectorMemory) -> None:
        """Pass state on as it is written; as with codes, issue spends credit."""
        m.submodules.state_queue = queue = StreamQueue(
            word_group(self._machine), STATE_QUEUE, counted=True)
        connect_streams(m, queue.o, self.state)
        connect_streams(m, self.previous, issue.previous)
        credit = Signal(range(STATE_QUEUE + 1), init=STATE_QUEUE)
        m.d.comb += [
            issue.chained.eq(self.chained),
            issue.next_chained.eq(self.next_chained),
            queue.i.valid.eq(result.state),
            queue.i.payload.eq(vector_memory.write_data),
            issue.state_credit.eq(credit != 0),
        ]
        m.d.sync += credit.eq(
            credit + (self.state.valid & self.state.ready) - issue.state_issued)
