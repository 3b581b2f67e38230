"""Issue: walks through the commands and sends one group a clock into the pipeline."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.units.head import ranks_words
from sterna.machine.units.scalar import ScalarCode
from sterna.machine.units.vector import (
    MultiplierSelect,
    SourceA,
    absmax_latency,
    squares_latency,
    vector_latency,
)

from sterna_hw.component import Component
from sterna_hw.layouts import scalar_command, word_group
from sterna_hw.vector.command import group_control, vector_unit_command
from sterna_hw.vector.needed_age import add_needed_age
from sterna_hw.vector.partners import exchange_members, offered_words, partner_of


class Issue(Component):
    """Issues groups and scalar operations strictly in order, at most one in a clock.

    A group issues when its operands from streams are there, codes have credit, and (first group
    only) its wait is over. With ``age`` clocks since the last issued group, results are all written
    at ``vector_latency``; CHAIN may start earlier by the command's own length less one, because
    its groups cannot overtake the earlier ones. ABSMAX waits for the groups that count for it only.

    Members:
        commands: stream of `vector_unit_command`.
        accumulators: stream of groups, takes part only when used.
        inputs_valid, inputs_ready, constants_valid, constants_ready: of two more such streams,
            whose payloads go elsewhere.
        code_credit: one more group of codes may issue, In; code_issued: one does, Out.
        scalar_idle: no scalar operation is in execution, In; scalar_ends: its result is readable in
            two clocks, In.
        operations: stream of scalar operations whose wait is over. For CONSTANT the next constant
            has been offered for two clocks, and is taken together with the operation.
        a_address, b_address: of the group that issues in this clock, Out.
        control: of the group that issued in the clock before (stage 1), Out.
        accumulator_words: stage 1, anything if not used, Out.
        idle: no command, and every result written and reduced, Out.

    Only with a single lane:
        take_mantissa: the constant is the mantissa of a scalar, whose exponent comes next, Out.

    Only with texts that share the vector unit, see `sterna_hw.vector.turns.Turns`:
        turn: a group may issue in this clock, In; wants: one could, if it may, Out.
        held: the multiplier is made of the scalar of this text, In.
        shown, wants_constant: the next constant is on its way, In, and a scalar waits for it, Out.
        code_last: the last group of codes issues, Out.

    Only with other units that exchange words, see `sterna_hw.vector.partners.partner_members`:
        from_<unit>: stream of groups, operand a of commands whose source is UNIT, In.
        send_credit: one more result may go to a unit, In; send_issued: one does, Out.

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
            **({"turn": In(1), "wants": Out(1), "held": In(1), "shown": In(1),
                "wants_constant": Out(1), "code_last": Out(1)} if machine.shared else {}),
            **exchange_members(machine),
            **({"rank_credit": In(1), "rank_issued": Out(1)} if ranks_words(machine) else {}),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine

        present = Signal()
        scalar = Signal()
        first = Signal()
        last = Signal()
        vector = Signal.like(self.commands.payload.vector, name="vector")
        operation = Signal.like(self.commands.payload.scalar, name="operation")
        oldest = max(squares_latency(machine), vector_latency(machine))
        age = Signal(range(oldest + 1), init=oldest)
        needed = Signal(range(oldest + 1))
        reduced = absmax_latency(machine)
        since_absmax = Signal(range(reduced + 1), init=reduced)
        takes_absmax = Signal()

        # Sources and conditions of the current command, decoded when it came in: much hangs on
        # ``issue``, in units that lie far away.
        grouped = Signal()
        operates = Signal()
        takes_accumulators = Signal()
        takes_input = Signal()
        from_accumulators = Signal()
        from_input = Signal()
        from_constants = Signal()
        by_scalar = Signal()
        takes_constant = Signal()

        # A scalar takes the constant that is on offer, not the one of a transfer two clocks ago.
        offered = Signal()
        settled = Signal()
        shown = self.shown if machine.shared else self.constants_valid
        m.d.sync += [
            offered.eq(shown & ~self.constants_ready),
            settled.eq(offered & shown & ~self.constants_ready),
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
        sends: Any = Const(0)
        if "send_credit" in self.signature.members:
            sends = vector.send
            chain_ready = chain_ready & (self.send_credit | ~sends)
        if ranks_words(machine):
            chain_ready = chain_ready & (self.rank_credit | ~vector.rank)
        # Of two clocks, one is for reads of the vector memory and the other for writes.
        turn: Any = self.turn if machine.shared else Const(1)
        if machine.vector.interval == 2:
            turn = Signal(name="turn")
            m.d.sync += turn.eq(~turn)
        waited = Signal()
        issue = Signal(name="issues_group")
        finished = Signal()
        from_unit = Signal()
        takes_unit = Signal()
        may = Signal()  # all but operand a, so that its sources do not wait for each other's valid
        unit_valid, unit_words = offered_words(m, self, machine, vector, takes_unit & may)
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
                & (unit_valid | ~from_unit)
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

        loads_scalar: Any = first
        if machine.shared:
            loads_scalar = first | ~self.held
            m.d.comb += [
                self.wants.eq(
                    grouped & waited
                    & (self.code_credit | ~vector.codes)
                    & chain_ready
                    & (self.accumulators.valid | ~from_accumulators)
                    & (self.inputs_valid | ~from_input)
                ),
                self.wants_constant.eq(operates & takes_constant),
                self.code_last.eq(issue & vector.codes & last),
            ]

        # The current command moves on, or the next one comes in.
        load = Signal()
        new = self.commands.payload
        new_needed = add_needed_age(m, machine, new)
        older = Signal.like(age)
        m.d.comb += [
            older.eq(age + (age != oldest)),
            load.eq(~present | finished),
            self.commands.ready.eq(load),
            self.idle.eq(~present & ~self.commands.valid & (age == oldest)),
        ]
        m.d.sync += age.eq(Mux(issue, 1, older))
        absmax_next = Signal()
        absmax_there = Signal()
        m.d.comb += [
            absmax_next.eq(new.which & (new.scalar.operation == ScalarCode.ABSMAX)),
            absmax_there.eq(since_absmax >= reduced - 1),
        ]
        with m.If(issue & vector.absmax):
            m.d.sync += since_absmax.eq(1)
        with m.Elif(since_absmax != reduced):
            m.d.sync += since_absmax.eq(since_absmax + 1)
        # One clock ahead, and such that the late ``issue`` and ``load`` only select. The scalar
        # operation that moves on now is in execution then.
        result_next = self.scalar_idle | self.scalar_ends
        new_by_scalar = Signal()
        has_scalar = Signal()
        m.d.comb += [
            new_by_scalar.eq(~new.which & (
                (new.vector.multiplier == MultiplierSelect.SCALAR)
                | (new.vector.multiplier == MultiplierSelect.SCALAR_NEGATIVE))),
            has_scalar.eq(~new_by_scalar | (result_next & ~operates)),
        ]
        m.d.sync += waited.eq(Mux(
            load,
            has_scalar & Mux(issue, new_needed <= 1, older >= new_needed)
            & (~absmax_next | (absmax_there & ~(issue & vector.absmax))),
            issue | waited | ((older >= needed) & (result_next | ~by_scalar)
                              & (absmax_there | ~takes_absmax))))
        unit_next = new.vector.a_source == SourceA.UNIT if unit_words is not None else Const(0)
        accumulators_next = new.vector.a_source == SourceA.ACCUMULATORS
        input_next = new.vector.a_source == SourceA.INPUT
        with m.If(load):
            m.d.sync += [
                present.eq(self.commands.valid),
                grouped.eq(self.commands.valid & ~new.which),
                operates.eq(self.commands.valid & new.which),
                from_accumulators.eq(accumulators_next), from_input.eq(input_next),
                takes_accumulators.eq(self.commands.valid & ~new.which & accumulators_next),
                takes_input.eq(self.commands.valid & ~new.which & input_next),
                from_unit.eq(unit_next),
                takes_unit.eq(self.commands.valid & ~new.which & unit_next),
                from_constants.eq(new.vector.multiplier == MultiplierSelect.CONSTANT),
                by_scalar.eq(new_by_scalar),
                takes_constant.eq(new.scalar.operation == ScalarCode.CONSTANT),
                scalar.eq(new.which),
                vector.eq(new.vector),
                operation.eq(new.scalar),
                first.eq(1),
                last.eq(new.vector.length == 1),
                needed.eq(new_needed), takes_absmax.eq(absmax_next),
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
            control.use_accumulator.eq(issue & (from_accumulators | from_previous | from_unit)),
            control.use_input.eq(issue & from_input),
            control.use_constant.eq(issue & from_constants),
            control.use_b.eq(multiplier == MultiplierSelect.MEMORY),
            control.lookup.eq(multiplier == MultiplierSelect.TABLE),
            control.use_scalar.eq(by_scalar),
            control.use_unit.eq((multiplier == MultiplierSelect.ONE)
                                | (multiplier == MultiplierSelect.MINUS_ONE)),
            control.negative.eq((multiplier == MultiplierSelect.SCALAR_NEGATIVE)
                                | (multiplier == MultiplierSelect.MINUS_ONE)),
            control.load_scalar.eq(issue & loads_scalar & by_scalar),
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
        if machine.vector.sums:
            m.d.sync += control.sum.eq(vector.sum)
        if ranks_words(machine):
            m.d.comb += self.rank_issued.eq(issue & vector.rank)
            m.d.sync += control.rank.eq(self.rank_issued)
        # Taken in every clock: that a group is used is known too late to reach so many registers.
        m.d.sync += self.accumulator_words.eq(self.accumulators.payload)
        if unit_words is not None:
            with m.If(from_unit):
                m.d.sync += self.accumulator_words.eq(unit_words)
        if "send_credit" in self.signature.members:
            m.d.comb += self.send_issued.eq(issue & sends)
        if machine.partners:
            m.d.sync += [control.send.eq(issue & vector.send),
                         control.partner.eq(partner_of(machine, vector))]
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
