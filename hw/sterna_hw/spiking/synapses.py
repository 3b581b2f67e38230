"""Events times their columns of weights, added to the accumulators of the targets."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value, signed, unsigned
from amaranth.lib import memory, stream
from amaranth.lib.data import ArrayLayout, StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.units.neurons import history_bits
from sterna.machine.units.synapses import GROUP_BITS

from sterna_hw.after_reset import take_all_after_reset
from sterna_hw.component import Component
from sterna_hw.spiking.arithmetic import shift_product
from sterna_hw.spiking.code_scanner import address_range, source_event
from sterna_hw.spiking.pipeline import Pipeline, Word
from sterna_hw.spiking.target_walk import word_ask

ROUND_TRIP = 4
"""Clocks from the read of an accumulator to the first that sees what was added."""


def weight_word(machine: Machine) -> StructLayout:
    """The synapses from a source to ``lanes`` targets."""
    taps = {"taps": ArrayLayout(unsigned(machine.synapses.tap_bits), machine.synapses.lanes)}
    return StructLayout({
        "weights": ArrayLayout(signed(machine.synapses.weight_bits), machine.synapses.lanes),
        **(taps if machine.synapses.tap_bits else {}),
    })


def accumulator_group(machine: Machine) -> ArrayLayout:
    """The sums of ``lanes`` targets."""
    return ArrayLayout(signed(machine.synapses.accumulator_bits), machine.synapses.lanes)


class SynapseArray(Component):
    """Reads an event's weight words and adds code times weight to ``lanes`` accumulators a clock.

    With several taps each lane takes the code of the step that its synapse names. Where there are
    windows `TargetWalk` says what is asked for, and an ask waits until its accumulators are
    written. Throughput: one weight word a clock; an event takes ``max(groups, ROUND_TRIP)`` clocks,
    because an accumulator must be written before it is read again. Latency from an event to its
    last sum: ``latency`` clocks after its last word is asked for. Sums wrap; the compiler knows
    that they fit.

    Members:
        events: In, stream of `source_event`. groups: In, weight words of each; steady from the
            first event on until ``idle``. Only without windows.
        asks: In, stream of `word_ask`. Only with windows.
        address, enable: Out, data: In; the read port of the weight memory (latency 1).
        take: In, structure of ``valid`` and ``group``: read the accumulators of a group, which are
            0 afterwards; only while ``idle``.
        sums: Out, `accumulator_group`, what was taken in the last clock that had ``take.valid``.
        busy: Out(1), a weight word is asked for in this clock.
        idle: Out(1), all sums are written.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        group = address_range(machine.synapses.accumulator_depth)
        given: dict[str, Any] = {"events": In(stream.Signature(source_event(machine))),
                                 "groups": In(GROUP_BITS)}
        if machine.synapses.window_depth:
            given = {"asks": In(stream.Signature(word_ask(machine)))}
        super().__init__({
            **given,
            "address": Out(address_range(machine.synapses.weight_depth)),
            "enable": Out(1),
            "data": In(machine.synapses.weight_word_bits),
            "take": In(StructLayout({"valid": 1, "group": group})),
            "sums": Out(accumulator_group(machine)),
            "busy": Out(1),
            "idle": Out(1),
        })
        self._pipeline = Pipeline()
        # The words of all lanes two clocks after their address: weights in a register.
        self._weights = Signal(weight_word(machine), reset_less=True)
        self._history = Word("history", Signal(history_bits(machine)), 0)
        self._products = [self._lane(lane) for lane in range(machine.synapses.lanes)]
        self.latency = 2 + self._products[0].stage + 1
        self.pipeline_bits = self._pipeline.bits

    def _lane(self, lane: int) -> Word:
        """The product of a lane; stage 0 is that of the registered weight word."""
        machine, pipeline = self._machine, self._pipeline
        bits = machine.neurons.code_bits
        weight = Word(f"weight_{lane}", self._weights.weights[lane], 0)
        code = Word(f"code_{lane}", self._history.value[:bits].as_signed(), 0)
        if machine.synapses.tap_bits:
            tap = Word(f"tap_{lane}", self._weights.taps[lane], 0)
            code = pipeline.compute(
                f"code_{lane}", lambda history, tap: history.word_select(tap, bits).as_signed(),
                self._history, tap)
        return shift_product(pipeline, f"product_{lane}", code, weight)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine, stage = self._machine, self._products[0].stage
        windows = machine.synapses.window_depth > 0
        active, asking, group, history = self._asks(m) if windows else self._walk(m)
        m.d.comb += self._history.value.eq(self._delays(m, history, 2)[2])
        m.d.sync += [self._weights.as_value().eq(self.data), *self._pipeline.statements]
        # What is asked for in a clock is in the register of weights two clocks later. The sum
        # before is there when the product is, and the new sum goes to the memory a clock later.
        asked = self._delays(m, asking, stage + 3)
        groups = self._delays(m, group, stage + 3)
        read_at, write_at = stage, stage + 3
        if windows:
            m.d.comb += self.asks.ready.eq(~Cat(
                asked[clock] & (groups[clock] == group) for clock in range(1, ROUND_TRIP)).any())

        m.submodules.storage = storage = memory.Memory(
            shape=accumulator_group(machine), depth=max(2, machine.synapses.accumulator_depth),
            init=[], attrs={"no_rw_check": "1"})
        read = storage.read_port()
        write = storage.write_port()
        before = Signal.like(self.sums, name="before", reset_less=True)
        m.d.sync += before.eq(read.data)
        m.d.comb += [
            read.addr.eq(groups[read_at]),
            read.en.eq(asked[read_at] | self.take.valid),
            self.sums.eq(read.data),
        ]
        taken_now = Signal()
        group_now = Signal.like(self.take.group)
        take_all_after_reset(m, self.take.valid, self.take.group, taken_now, group_now)
        taken, taken_group = (self._delays(m, value, 1) for value in (taken_now, group_now))
        with m.If(self.take.valid):
            m.d.comb += read.addr.eq(self.take.group)
        m.d.comb += [
            write.addr.eq(groups[write_at]), write.en.eq(asked[write_at] | taken[1])]
        with m.If(taken[1]):
            m.d.comb += write.addr.eq(taken_group[1])
        for lane, word in enumerate(self._products):
            total = Signal(signed(machine.synapses.accumulator_bits), name=f"total_{lane}",
                           reset_less=True)
            m.d.sync += total.eq(before[lane] + word.value)
            with m.If(taken[0]):
                m.d.sync += total.eq(0)
            m.d.comb += write.data[lane].eq(total)
        moving = Cat(*asked[1:], *taken).any()
        m.d.comb += self.idle.eq(~moving & ~active)
        return m

    def _asks(self, m: Module) -> tuple[Value, Value, Value, Value]:
        """As `_walk`, of what is asked for."""
        ask = self.asks.payload
        asking = Signal()
        m.d.comb += [
            asking.eq(self.asks.valid & self.asks.ready), self.address.eq(ask.address),
            self.enable.eq(asking), self.busy.eq(asking),
        ]
        return self.asks.valid, asking, ask.group, ask.history

    def _walk(self, m: Module) -> tuple[Signal, Signal, Signal, Signal]:
        """Ask for an event's weight words one after the other.

        Whether there is an event, whether a word is asked for, its group, the event's history.
        """
        active = Signal()
        asking = Signal()
        history = Signal(history_bits(self._machine), reset_less=True)
        count = Signal(GROUP_BITS, reset_less=True)
        last = Signal(GROUP_BITS)
        short = Signal()
        m.d.sync += [short.eq(self.groups < ROUND_TRIP), last.eq(self.groups - 1)]
        with m.If(short):
            m.d.sync += last.eq(ROUND_TRIP - 1)
        ends = Signal()
        m.d.comb += [
            ends.eq(count == last),
            asking.eq(active & (~short | (count < self.groups))),
            self.events.ready.eq(~active | ends),
            self.enable.eq(asking),
            self.busy.eq(asking),
        ]
        m.d.sync += [count.eq(count + 1), self.address.eq(self.address + 1)]
        with m.If(self.events.ready):
            event = self.events.payload
            m.d.sync += [
                active.eq(self.events.valid), count.eq(0), history.eq(event.history),
                self.address.eq(event.column),
            ]
        group = Signal(len(self.take.group))
        m.d.comb += group.eq(count)
        return active, asking, group, history

    def _delays(self, m: Module, value: Value, clocks: int) -> list[Value]:
        """The value as it was 0, 1, … ``clocks`` clocks before."""
        values = [value]
        for clock in range(1, clocks + 1):
            later = Signal(value.shape(), name=f"after_{clock}")
            m.d.sync += later.eq(values[-1])
            values.append(later)
        return values
