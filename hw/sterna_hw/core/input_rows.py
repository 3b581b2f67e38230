"""Input rows of several token streams out of one memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Array, Module, Shape, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space, space_number

from sterna_hw.component import Component
from sterna_hw.layouts import WriteChunk, word_group
from sterna_hw.memory import LoadableMemory
from sterna_hw.stream import connect_streams


class InputRows(Component):
    """The input memory, whose one read port serves the streams in turn.

    After ``restart`` every stream gets the words from its ``base`` on, without end. Throughput: a
    word in as many clocks as there are streams (in 4 with two), for each of them. Latency: the
    first word is offered at most ``streams + 2`` clocks after the restart.

    Members:
        restart: In(1), start again; only while nobody takes words.
        base_<n>: In(range(input_depth)), first word of a stream, looked at while ``restart``.
        words_<n>: Out, stream of `word_group`, one for each token stream; leaves a register.
        writes: In, stream of `WriteChunk`, always ready; takes space INPUT.

    Args:
        initial: words at power up, from word 0 on.
    """

    def __init__(self, machine: Machine, initial: Sequence[int] = ()) -> None:
        self._machine = machine
        self._initial = initial
        words = stream.Signature(word_group(machine))
        streams = range(machine.streams)
        super().__init__({
            "restart": In(1),
            **{f"base_{number}": In(range(machine.vector.input_depth)) for number in streams},
            **{f"words_{number}": Out(words) for number in streams},
            "writes": In(stream.Signature(WriteChunk)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        depth, count = self._machine.vector.input_depth, self._machine.streams
        width = Shape.cast(word_group(self._machine)).width
        m.submodules.memory = memory = LoadableMemory(
            width, depth, space_number(self._machine, Space.INPUT), self._initial)
        connect_streams(m, self.writes, memory.writes)

        addresses = Array(Signal(range(depth), name=f"address_{number}", reset_less=True)
                          for number in range(count))
        wanted = Array(Signal(name=f"wanted_{number}") for number in range(count))
        running = Signal()
        fetched = Signal()
        turn = Signal(range(max(2, count)))
        fetched_for = Signal(range(max(2, count)))
        address = addresses[turn]
        m.d.comb += [memory.address.eq(address), memory.enable.eq(1)]
        with m.If(turn == count - 1):
            m.d.sync += turn.eq(0)
        with m.Else():
            m.d.sync += turn.eq(turn + 1)
        m.d.sync += [fetched.eq(running & wanted[turn]), fetched_for.eq(turn)]
        with m.If(running & wanted[turn]):
            m.d.sync += [wanted[turn].eq(0), address.eq(address + 1)]
        for number in range(count):
            words = getattr(self, f"words_{number}")
            with m.If(words.valid & words.ready):
                m.d.sync += [words.valid.eq(0), wanted[number].eq(1)]
            with m.If(fetched & (fetched_for == number)):
                m.d.sync += [words.valid.eq(1), words.payload.eq(memory.data)]
            with m.If(self.restart):
                m.d.sync += [
                    words.valid.eq(0),
                    wanted[number].eq(1),
                    addresses[number].eq(getattr(self, f"base_{number}")),
                ]
        with m.If(self.restart):
            m.d.sync += [running.eq(1), fetched.eq(0)]
        return m
