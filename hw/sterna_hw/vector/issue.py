"""Issue: walks through the commands and sends one group a clock into the pipeline."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.units.scalar import ScalarCode
from sterna.machine.units.vector import (
    LENGTH_BITS,
    MultiplierSelect,
    SourceA,
    Wait,
    absmax_latency,
    squares_latency,
    vector_latency,
)

from sterna_hw.component import Component
from sterna_hw.layouts import scalar_command, word_group
from sterna_hw.vector.command import group_control, vector_unit_command


class Issue(Component):
    """Issues groups and scalar operations strictly in order, at most one in a clock.

    A group issues when its operands from streams are there, codes have credit, and (first group
    only) its wait is over. With ``age`` clocks since the last issued group, results are all written
    at ``vector_latency``; CHAIN may start earlier by the command's own length less one, because
    its groups cannot overtake the earlier ones.

    Members:
        commands: stream of `vector_unit_command`.
        accumulators: stream of groups, takes part only when used.
        inputs_valid, inputs_ready, constants_valid, constants_ready: of two more such streams,
            whose payloads go elsewhere.
        code_credit: one more group of codes may issue, In; code_issued: one does, Out.
        scalar_idle: no scalar operation is in execution (its result is readable next clock), In;
            scalar_ends: so it will be from the next clock on, In.
        operations: stream of scalar operations whose wait is over. For CONSTANT the next constant
            has been offered for two clocks, and is taken together with the operation.
        a_address, b_address: of the group that issues in this clock, Out.
        control: of the group that issued in the clock before (stage 1), Out.
        accumulator_words: stage 1, anything if not used, Out.
        idle: no command, and every result written and reduced, Out.

    Only with a single lane:
        take_mantissa: the constant is the mantissa of a scalar, whose exponent comes next, Out.

    Only with several token streams:
        previous: stream of groups, operand a of commands that say so while ``chained``, In.
        next_chained: results that are state go to the next data path, In.
        state_credit: one more of them may issue, In; state_issued: one does, Out.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        words = word_group(machine)
        address = machine.vector.address_bits
        super().__init__({
            "commands": In(stream.Signature(vector_unit_command(machine))),
            "accumulators": In(stream.Signature(words)),
            "inputs_valid": In(1), "inputs_ready": Out(1),
            "constants_valid": In(1), "constants_ready": Out(1),
            "code_credit": In(1), "code_issued": Out(1),
            "scalar_idle": In(1), "scalar_ends": In(1),
            "operations": Out(stream.Signature(scalar_command(machine))),
            "a_address": Out(address), "b_address": Out(address),
            "control": Out(group_control(machine)),
            "accumulator_words": Out(words),
            "idle": Out(1),
            **({"take_mantissa": Out(1)} if machine.vector.scalar_groups == 2 else {}),
            **({"previous": In(stream.Signature(words)), "chained": In(1), "next_chained": In(1),
                "state_credit": In(1), "state_issued": Out(1)}
               if machine.streams > 1 else {}),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine

        present, scalar, first, last = Signal(), Signal(), Signal(), Signal()
        vector = Signal.like(self.commands.payload.vector, name="vector")
        operation = Signal.like(self.commands.payload.operation, name="operation")
        oldest = max(squares_latency(machine), vector_latency(machine))
        age, needed = Signal(range(oldest + 1), init=oldest), Signal(range(oldest + 1))

        # Sources and conditions of the current command, decoded when it came in: much hangs on
        # ``issue``, in units that lie far away.
        grouped, operates = Signal(), Signal()
        takes_accumulators, takes_input = Signal(), Signal()
        from_accumulators, from_input, from_constants = Signal(), Signal(), Signal()
        by_scalar, takes_constant = Signal(), Signal()

        # A scalar takes the constant that is on offer, not the one of a transfer two clocks ago.
        offered, settled = Signal(), Signal()
        m.d.sync += [
            offered.eq(self.constants_valid & ~self.constants_ready),
            settled.eq(offered & self.constants_valid & ~self.constants_ready),
        ]
        # With a single lane the mantissa is a group of its own, which is taken before.
        mantissa_taken: Any = Const(1)
        take_mantissa: Any = Const(0)
        if machine.vector.scalar_groups == 2:
            mantissa_taken, take_mantissa = Signal(name="mantissa_taken"), self.take_mantissa
            with m.If(self.constants_ready):
                m.d.sync += mantissa_taken.eq(take_mantissa)

        chain_ready: Any = Const(1)
        from_previous: Any = Const(0)
        if machine.streams > 1:
            from_previous = vector.previous & self.chained
            for_next = vector.state & self.next_chained
            chain_ready = ((self.previous.valid | ~from_previous)
                           & (self.state_credit | ~for_next))
        # Of two clocks, one is for reads of the vector memory and the other for writes.
        turn: Any = Const(1)
        if machine.vector.interval == 2:
            turn = Signal(name="turn")
            m.d.sync += turn.eq(~turn)
        waited, issue, finished = Signal(), Signal(), Signal()
        may = Signal()  # all but operand a, so that its sources do not wait for each other's valid
        if machine.vector.scalar_groups == 2:
            m.d.comb += take_mantissa.eq(
                operates & takes_constant & settled & ~mantissa_taken)
        m.d.comb += [
            may.eq(
                waited
                & (self.constants_valid | ~from_constants)
                & (self.code_credit | ~vector.codes)
                & chain_ready & turn
            ),
            issue.eq(
                grouped & may
                & (self.accumulators.valid | ~from_accumulators)
                & (self.inputs_valid | ~from_input)
            ),
            self.code_issued.eq(issue & vector.codes),
            self.operations.payload.eq(operation),
            self.operations.valid.eq(
                operates & waited & ((settled & mantissa_taken) | ~takes_constant)),
            finished.eq((self.operations.valid & self.operations.ready) | (issue & last)),
            self.accumulators.ready.eq(takes_accumulators & may),
            self.inputs_ready.eq(takes_input & may),
            self.constants_ready.eq(Mux(
                scalar, (takes_constant & finished) | take_mantissa, issue & from_constants)),
            self.a_address.eq(vector.a_address),
            self.b_address.eq(vector.b_address),
        ]

        # The current command moves on, or the next one comes in.
        load = Signal()
        new = self.commands.payload
        new_needed = self._needed_age(m, new)
        older = Signal.like(age)
        m.d.comb += [
            older.eq(age + (age != oldest)),
            load.eq(~present | finished),
            self.commands.ready.eq(load),
            self.idle.eq(~present & ~self.commands.valid & (age == oldest)),
        ]
        m.d.sync += age.eq(Mux(issue, 1, older))
        # One clock ahead, and such that the late ``issue`` and ``load`` only select. The scalar
        # operation that moves on now is in execution then.
        result_next = self.scalar_idle | self.scalar_ends
        new_by_scalar, has_scalar = Signal(), Signal()
        m.d.comb += [
            new_by_scalar.eq(~new.scalar & (
                (new.vector.multiplier == MultiplierSelect.SCALAR)
                | (new.vector.multiplier == MultiplierSelect.SCALAR_NEGATIVE))),
            has_scalar.eq(~new_by_scalar | (result_next & ~operates)),
        ]
        m.d.sync += waited.eq(Mux(
            load,
            has_scalar & Mux(issue, new_needed <= 1, older >= new_needed),
            issue | waited | ((older >= needed) & (result_next | ~by_scalar))))
        accumulators_next = new.vector.a_source == SourceA.ACCUMULATORS
        input_next = new.vector.a_source == SourceA.INPUT
        with m.If(load):
            m.d.sync += [
                present.eq(self.commands.valid),
                grouped.eq(self.commands.valid & ~new.scalar),
                operates.eq(self.commands.valid & new.scalar),
                from_accumulators.eq(accumulators_next), from_input.eq(input_next),
                takes_accumulators.eq(self.commands.valid & ~new.scalar & accumulators_next),
                takes_input.eq(self.commands.valid & ~new.scalar & input_next),
                from_constants.eq(new.vector.multiplier == MultiplierSelect.CONSTANT),
                by_scalar.eq(new_by_scalar),
                takes_constant.eq(new.operation.operation == ScalarCode.CONSTANT),
                scalar.eq(new.scalar),
                vector.eq(new.vector),
                operation.eq(new.operation),
                first.eq(1),
                last.eq(new.vector.length == 1),
                needed.eq(new_needed),
            ]
        with m.Elif(issue):
            m.d.sync += [
                first.eq(0),
                last.eq(vector.length == 2),
                vector.length.eq(vector.length - 1),
                vector.a_address.eq(vector.a_address + 1),
                vector.b_address.eq(vector.b_address + 1),
                vector.result_address.eq(vector.result_address + 1),
            ]

        multiplier, control = vector.multiplier, self.control
        m.d.sync += [
            control.valid.eq(issue),
            control.use_memory.eq((vector.a_source == SourceA.MEMORY) & ~from_previous),
            control.use_accumulator.eq(issue & (from_accumulators | from_previous)),
            control.use_input.eq(issue & from_input),
            control.use_constant.eq(issue & from_constants),
            control.use_b.eq(multiplier == MultiplierSelect.MEMORY),
            control.lookup.eq(multiplier == MultiplierSelect.TABLE),
            control.use_scalar.eq(by_scalar),
            control.use_unit.eq((multiplier == MultiplierSelect.ONE)
                                | (multiplier == MultiplierSelect.MINUS_ONE)),
            control.negative.eq((multiplier == MultiplierSelect.SCALAR_NEGATIVE)
                                | (multiplier == MultiplierSelect.MINUS_ONE)),
            control.load_scalar.eq(issue & first & by_scalar),
            control.scalar.eq(vector.scalar),
            control.table.eq(vector.table),
            control.add_b.eq(vector.add_b & (multiplier != MultiplierSelect.TABLE)),
            control.shift.eq(vector.shift),
            control.write.eq(issue & vector.write),
            control.result_address.eq(vector.result_address),
            control.codes.eq(issue & vector.codes),
            control.last.eq(last),
            control.absmax.eq(issue & vector.absmax),
            control.absmax_register.eq(vector.absmax_register),
            control.squares.eq(issue & vector.squares),
            control.squares_register.eq(vector.squares_register),
        ]
        # Taken in every clock: that a group is used is known too late to reach so many registers.
        m.d.sync += self.accumulator_words.eq(self.accumulators.payload)
        if machine.streams > 1:
            # The accumulators' register is free where operand a comes from another data path.
            m.d.comb += [
                self.previous.ready.eq(issue & from_previous),
                self.state_issued.eq(issue & for_next),
            ]
            m.d.sync += control.state.eq(self.state_issued)
            with m.If(from_previous):
                m.d.sync += self.accumulator_words.eq(self.previous.payload)
        return m

    def _needed_age(self, m: Module, new: Any) -> Signal:
        """Clocks since the last issued group before the command may start."""
        machine = self._machine
        latency = vector_latency(machine)
        needed = Signal(range(max(latency, squares_latency(machine)) + 1), name="new_needed")
        chained = Signal(range(latency + 1))
        length = new.vector.length
        short = Signal()
        m.d.comb += [
            short.eq(length[(latency - 1).bit_length():LENGTH_BITS] == 0),
            chained.eq(1),
        ]
        with m.If(short):
            with m.Switch(length[:(latency - 1).bit_length()]):
                for groups in range(1, latency):
                    with m.Case(groups):
                        m.d.comb += chained.eq(latency + 1 - groups)
        with m.If(new.scalar):
            with m.If(new.operation.operation == ScalarCode.ABSMAX):
                m.d.comb += needed.eq(absmax_latency(machine))
            with m.Elif(new.operation.operation == ScalarCode.SQUARES):
                m.d.comb += needed.eq(squares_latency(machine))
        with m.Elif(new.vector.wait == Wait.CHAIN):
            m.d.comb += needed.eq(chained)
        with m.Elif(new.vector.wait == Wait.DRAIN):
            m.d.comb += needed.eq(latency)
        return needed
