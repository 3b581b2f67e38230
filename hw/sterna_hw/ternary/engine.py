"""The ternary engine: weight stream and codes in, accumulators of row groups out."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Module, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine

from sterna_hw.component import Component
from sterna_hw.layouts import code_group, matmul_command, row_group
from sterna_hw.stream import StreamQueue, connect_streams
from sterna_hw.ternary.accumulators import READ_CLOCKS, Accumulators
from sterna_hw.ternary.ahead import give_ahead
from sterna_hw.ternary.issue import Issue
from sterna_hw.ternary.lanes import AdderLanes
from sterna_hw.ternary.table_lanes import TableLanes
from sterna_hw.ternary.twin_table_lanes import TwinTableLanes
from sterna_hw.ternary.weighting import Weighting

LANES: dict[str, type[AdderLanes | TableLanes]] = {
    "adders": AdderLanes, "tables": TableLanes, "twin_tables": TwinTableLanes}


class TernaryEngine(Component):
    """Multiplies ternary matrices by int8 codes: ``rows * columns`` weights a clock.

    Order of weights and results is that of `sterna.machine.encoding.matmul_fields`. Throughput: one
    weight word a clock, as long as weights, codes and commands are there and the results are taken;
    between tiles and commands there are ``tile_clocks`` clocks, none with adders. Latency: a result
    is offered ``latency`` clocks after the last weight word of its row group was taken.

    Only the issue of a weight word ever stalls; the pipeline behind it runs free, because a last
    tile is issued only when the result queue has room for it.

    Members:
        weights: In, stream of unsigned(8 * weight_bytes), see `sterna.machine.weight_words`. A
            payload is taken ``word_delay`` clocks after its transfer.
        codes: In, stream of `code_group`; see `CodeBanks`. Codes are -127 .. 127.
        commands: In, stream of `matmul_command`; see `Issue`. A command starts when the codes of
            its first tile are in; one with ``release`` ends only after the ``last`` code group.
        results: Out, stream of `row_group`, accumulators exact.
        busy: Out(1), a weight word is taken in this clock.
        waiting_codes: Out(1), a command is active but the codes of its next step are missing, or
            its tables.
        waiting_weights: Out(1), the codes are there but no weight word.
        idle: Out(1), no command is active or offered and every result was taken before this clock.

    Attributes:
        latency: clocks from the transfer of a weight word to the result.

    Args:
        machine: shape of the accelerator.
        word_delay: clocks from a transfer on ``weights`` to its payload, see `LateSource`; at most
            the ``word_delay`` of the lanes. Zero is an ordinary stream.
    """

    def __init__(self, machine: Machine, word_delay: int = 0) -> None:
        self._machine = machine
        self._word_delay = word_delay
        self._lanes = LANES[machine.ternary.lane](machine)
        self.latency = self._lanes.latency + machine.ternary.weighting_clocks + 1
        super().__init__({
            "weights": In(stream.Signature(8 * machine.ternary.weight_bytes)),
            "codes": In(stream.Signature(code_group(machine))),
            "commands": In(stream.Signature(matmul_command(machine))),
            "results": Out(stream.Signature(row_group(machine))),
            "busy": Out(1),
            "waiting_weights": Out(1),
            "waiting_codes": Out(1),
            "idle": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine
        m.submodules.issue = issue = Issue(machine)
        m.submodules.lanes = lanes = self._lanes
        sums, carries, sum_bits = lanes.sums, lanes.carries, lanes.sum_bits
        weighting = None
        if machine.ternary.planes > 1:
            m.submodules.weighting = weighting = Weighting(machine, sum_bits)
            m.d.comb += [weighting.sums.eq(sums), weighting.carries.eq(carries)]
            sums, carries, sum_bits = weighting.totals, Const(0), weighting.total_bits
        m.submodules.accumulators = accumulators = Accumulators(machine, sum_bits)
        room = machine.ternary.result_depth
        m.submodules.queue = queue = StreamQueue(row_group(machine), room, counted=True)
        ahead = self._commands(m, issue)
        connect_streams(m, self.codes, lanes.groups)
        connect_streams(m, queue.o, self.results)

        word = self.weights.payload
        for clock in range(self._word_delay, lanes.word_delay):
            # Flip-flops are idle beside the lanes, look-up tables as shift registers are not.
            later = Signal.like(word, name=f"word_{clock + 1}", reset_less=True,
                                attrs={"shreg_extract": "no"})
            m.d.sync += later.eq(word)
            word = later

        credit = Signal(range(room + 1), init=room)
        has_credit = Signal(init=1)
        given = Signal()
        returned = Signal()
        last = Signal()
        step_taken = Signal()
        # Registers where that is soon enough: the weight memory's enables hang on this.
        m.d["sync" if lanes.settles else "comb"] += last.eq(issue.step.last)
        m.d.comb += [
            lanes.active.eq(issue.active),
            lanes.tile.eq(issue.tile),
            lanes.closing.eq(issue.closing),
            lanes.turn.eq(issue.turn),
            lanes.release.eq(issue.release),
            lanes.advance.eq(step_taken),
            lanes.word.eq(word),
            self.weights.ready.eq(
                (issue.active | int(lanes.settles)) & lanes.ready & (~last | has_credit)),
            step_taken.eq(self.weights.ready & self.weights.valid),
            issue.advance.eq(step_taken),
            given.eq(step_taken & issue.step.last),
        ]
        m.d.sync += [
            returned.eq(self.results.valid & self.results.ready),
            credit.eq(credit - given + returned),
            has_credit.eq((credit > 1) | ((credit == 1) & ~given) | returned),
        ]

        # Registers feed the inverse of ``first``, which every bit of every accumulator hangs on.
        valid, step, again = step_taken, issue.step, ~issue.step.first
        for stage in range(self.latency - 1):
            if weighting is not None and stage == lanes.latency:
                m.d.comb += weighting.power.eq(step.power)
            if machine.ternary.deep_accumulators and stage == self.latency - 1 - READ_CLOCKS:
                m.d.comb += accumulators.soon.eq(step.slot)
            next_valid = Signal(name=f"valid_{stage + 1}")
            next_step = Signal.like(issue.step, name=f"step_{stage + 1}", reset_less=True)
            next_again = Signal(name=f"again_{stage + 1}", reset_less=True)
            m.d.sync += [next_valid.eq(valid), next_step.eq(step), next_again.eq(again)]
            valid, step, again = next_valid, next_step, next_again

        m.d.comb += [
            accumulators.valid.eq(valid),
            accumulators.slot.eq(step.slot),
            accumulators.again.eq(again),
            accumulators.sums.eq(sums),
            accumulators.carries.eq(carries),
            queue.i.valid.eq(valid & step.last),
            queue.i.payload.values.eq(accumulators.values),
            queue.i.payload.destination.eq(step.destination),
            *([queue.i.payload.shift.eq(step.shift)] if weighting is not None else []),
            self.busy.eq(step_taken),
            self.waiting_codes.eq(issue.active & ~lanes.ready),
            self.waiting_weights.eq(issue.active & lanes.ready & ~self.weights.valid),
            self.idle.eq(~issue.active & ~ahead & (credit == room)),
        ]
        return m

    def _commands(self, m: Module, issue: Issue) -> Value:
        """Give the commands to who wants them; returns whether there is one."""
        lanes = self._lanes
        if not lanes.ahead:
            connect_streams(m, self.commands, issue.commands)
            return self.commands.valid
        ahead = give_ahead(m, self.commands, lanes)
        connect_streams(m, ahead, issue.commands)
        return self.commands.valid | ahead.valid
