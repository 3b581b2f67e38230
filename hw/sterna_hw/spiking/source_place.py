"""Where the targets of a source of a window are: its place in three axes, and what these say."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, unsigned
from amaranth.lib import stream
from amaranth.lib.data import ArrayLayout, StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.units.neurons import history_bits
from sterna.machine.units.synapses import WINDOW_HEADS
from sterna.machine.units.vector import LENGTH_BITS

from sterna_hw.component import Component
from sterna_hw.layouts import accumulate_command
from sterna_hw.spiking.code_scanner import address_range, source_event

EVENT_CLOCKS = 5
"""Fewest clocks of an event; one more for every row, or map, that lies between it and the last."""


def window_word(machine: Machine) -> StructLayout:
    """A word of the memory of windows."""
    return StructLayout({name: unsigned(bits) for name, bits in machine.synapses.window_fields})


def target_set(machine: Machine) -> StructLayout:
    """An event's first weight word and target, and how many hits it has along each axis."""
    fields = dict(machine.synapses.window_fields)
    return StructLayout({
        "history": unsigned(history_bits(machine)), "weights": unsigned(fields["weights"]),
        "targets": unsigned(fields["targets"]), "counts": ArrayLayout(LENGTH_BITS, 3)})


class SourcePlace(Component):
    """Takes events of ascending sources; hands on those that meet targets, with their first one.

    An event's place follows from that of the one before. Throughput: see `EVENT_CLOCKS`.

    Members:
        start: In(1), a window begins with ``command``; only while ``idle``.
        command: In, `accumulate_command`.
        events: In, stream of `source_event` whose ``column`` is the number of the source.
        address: Out, data: In; the read port of the memory of windows (latency 1), always read.
        o: Out, stream of `target_set`.
        weight_steps, target_steps: Out, from one hit to the next along each axis. phase: Out; see
            `Synapses.window_fields`. Steady from the first event until ``idle``.
        idle: Out(1), nothing is held.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        fields = dict(machine.synapses.window_fields)
        super().__init__({
            "start": In(1),
            "command": In(accumulate_command(machine)),
            "events": In(stream.Signature(source_event(machine))),
            "address": Out(address_range(machine.synapses.window_depth)),
            "data": In(window_word(machine)),
            "o": Out(stream.Signature(target_set(machine))),
            "weight_steps": Out(ArrayLayout(fields["weights"], 3)),
            "target_steps": Out(ArrayLayout(fields["targets"], 3)),
            "phase": Out(LENGTH_BITS),
            "idle": Out(1),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        sizes = [Signal(LENGTH_BITS, name=f"size_{axis}", reset_less=True) for axis in range(3)]
        bases = [Signal.like(self.address, name=f"base_{axis}", reset_less=True)
                 for axis in range(3)]
        places = [Signal(LENGTH_BITS, name=f"place_{axis}", reset_less=True) for axis in range(3)]
        elements = [Signal(window_word(self._machine), name=f"element_{axis}", reset_less=True)
                    for axis in range(3)]
        stale = Signal(3)  # axes whose element is still to be read
        reading = Signal(3)  # and whose element is in the memory's register
        source_bits = self._machine.synapses.source_bits(self._machine)
        left = Signal(source_bits, reset_less=True)  # sources up to that of the event
        room = Signal(LENGTH_BITS, reset_less=True)  # of the last axis
        at = Signal(source_bits, reset_less=True)
        head = Signal(range(WINDOW_HEADS + 1))
        word = Signal.like(self.address, name="word", reset_less=True)
        first = Signal.like(self.command.weights, name="first", reset_less=True)
        result = self.o.payload
        source = self.events.payload.column[:source_bits]
        history = Signal.like(result.history, name="history", reset_less=True)
        above = Signal(StructLayout({"weights": len(result.weights),
                                     "targets": len(result.targets)}), reset_less=True)
        m.d.sync += [
            above.weights.eq(first + elements[0].weights + elements[1].weights),
            above.targets.eq(elements[0].targets + elements[1].targets),
        ]
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.FSM(init="EVENT"):
            with m.State("HEADS"):
                # Word `head` is asked for; the one before it is there.
                m.d.comb += self.address.eq(word)
                m.d.sync += [word.eq(word + 1), head.eq(head + 1)]
                for axis in range(3):
                    with m.If(head == axis + 1):
                        if axis:
                            m.d.sync += bases[axis].eq(bases[axis - 1] + sizes[axis - 1])
                        m.d.sync += [
                            sizes[axis].eq(self.data.count),
                            self.weight_steps[axis].eq(self.data.weights),
                            self.target_steps[axis].eq(self.data.targets),
                        ]
                with m.If(head == WINDOW_HEADS):
                    m.d.sync += [self.phase.eq(self.data.count), room.eq(sizes[2]), at.eq(0),
                                 stale.eq(0b111), *(place.eq(0) for place in places)]
                    m.next = "EVENT"
            with m.State("EVENT"):
                m.d.comb += [self.events.ready.eq(1), self.idle.eq(~self.o.valid)]
                m.d.sync += [left.eq(source - at), history.eq(self.events.payload.history)]
                with m.If(self.events.valid):
                    m.d.sync += [at.eq(source), stale[2].eq(1)]
                    m.next = "SEEK"
                with m.If(self.start):
                    m.d.sync += [
                        head.eq(0), first.eq(self.command.weights),
                        word.eq(self.command.window - 1),
                        bases[0].eq(self.command.window + (WINDOW_HEADS - 1)),
                    ]
                    m.next = "HEADS"
            with m.State("SEEK"):
                with m.If(left < room):
                    m.d.sync += [places[2].eq(places[2] + left), room.eq(room - left)]
                    m.next = "READ"
                with m.Else():
                    m.d.sync += [left.eq(left - room), places[2].eq(0), room.eq(sizes[2]),
                                 places[1].eq(places[1] + 1), stale[1].eq(1)]
                    with m.If(places[1] + 1 == sizes[1]):
                        m.d.sync += [places[1].eq(0), places[0].eq(places[0] + 1), stale[0].eq(1)]
            with m.State("READ"):
                with m.If(stale[0]):
                    m.d.comb += self.address.eq(bases[0] + places[0])
                    m.d.sync += stale[0].eq(0)
                with m.Elif(stale[1]):
                    m.d.comb += self.address.eq(bases[1] + places[1])
                    m.d.sync += stale[1].eq(0)
                with m.Elif(stale[2]):
                    m.d.comb += self.address.eq(bases[2] + places[2])
                    m.d.sync += stale[2].eq(0)
                m.d.sync += reading.eq(Cat(stale[0], stale[1] & ~stale[0], stale == 0b100))
                for axis in range(3):
                    with m.If(reading[axis]):
                        m.d.sync += elements[axis].eq(self.data)
                with m.If(reading[2]):
                    m.next = "GIVE"
            with m.State("GIVE"):
                with m.If(~self.o.valid | self.o.ready):
                    m.d.sync += [
                        self.o.valid.eq(Cat(
                            element.count.any() for element in elements).all()),
                        result.history.eq(history),
                        result.weights.eq(above.weights + elements[2].weights),
                        result.targets.eq(above.targets + elements[2].targets),
                        *(count.eq(element.count)
                          for count, element in zip(result.counts, elements, strict=True)),
                    ]
                    m.next = "EVENT"
        return m
