"""What makes texts, between the link and the units."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS, FAILURE_BITS

from sterna_hw.component import Component
from sterna_hw.generate.choice import Choice
from sterna_hw.generate.frame_bytes import FrameBytes
from sterna_hw.generate.id_store import IdStore
from sterna_hw.generate.loop import Loop
from sterna_hw.generate.requests import Requests
from sterna_hw.generate.slots import Slots
from sterna_hw.generate.texts import Texts
from sterna_hw.layouts import write_chunk
from sterna_hw.link.frames import run_request
from sterna_hw.link.generation_ports import generation_members
from sterna_hw.state_layouts import read_request
from sterna_hw.stream import StreamRegister, connect_streams


class Generation(Component):
    """Answers GENERATE and STOP (`sterna.machine.generation`), and asks for RUNs as the link does.

    The units do not know who asks. Frames of the link that need them wait until the token is done
    that is being computed.

    Members:
        Those of `sterna_hw.link.generation_ports.generation_members`, of the link.
        link_runs: In, link_result: Out, link_reads: In, link_words: Out, link_writes: In: as in
            `Link`, and runs, result, reads, words, writes the other way round, to the units.
        more: Out(1), as in `StateAccess`. makes: Out(1), it asks for the RUN and not the link: no
            counters are wanted in the result. best_alone: Out(1), of every head only the words up
            to the best are wanted.
        failure: In, failure_taken: Out(1): as in `AxiFailures`; only where a memory can fail.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        shapes = {"runs": run_request(machine), "reads": read_request(machine),
                  "writes": write_chunk(machine)}
        answers = {"result": CHUNK_BITS, "words": CHUNK_BITS}
        fails = {"failure": In(FAILURE_BITS), "failure_taken": Out(1)}
        super().__init__({
            **{name: member.flip() for name, member in generation_members(machine).items()},
            **{name: Out(stream.Signature(shape)) for name, shape in shapes.items()},
            **{f"link_{name}": In(stream.Signature(shape)) for name, shape in shapes.items()},
            **{name: In(stream.Signature(shape)) for name, shape in answers.items()},
            **{f"link_{name}": Out(stream.Signature(shape)) for name, shape in answers.items()},
            "more": Out(1), "makes": Out(1), "best_alone": Out(1),
            **(fails if machine.memory.can_fail else {}),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine
        m.submodules.choice = choice = Choice(machine)
        m.submodules.ids = ids = IdStore(machine)
        m.submodules.frame = frame = FrameBytes(machine)
        m.submodules.slots = slots = Slots(machine)
        texts = Texts(machine)
        loop = Loop(m, machine, texts, choice, ids)
        requests = Requests(m, machine, self, texts, loop, frame, ids, slots, choice)
        connect_streams(m, self.made_bytes, frame.bytes)
        m.d.comb += [
            frame.clear.eq(self.made_end), self.more.eq(slots.more), loop.forget.eq(self.forget),
            loop.hold.eq(self.hold | requests.holds),
            self.held.eq(loop.held & ~requests.holds), self.makes.eq(~self.held),
            self.best_alone.eq(loop.best_alone & ~self.held),
        ]
        self._join(m, self.held, self.link_runs, loop.runs, self.runs)
        self._part(m, self.held, self.result, self.link_result, loop.result)
        self._join(m, requests.holds, slots.reads, self.link_reads, self.reads)
        self._part(m, requests.holds, self.words, slots.words, self.link_words)
        # They are spread over all memories.
        m.submodules.register = register = StreamRegister(write_chunk(machine))
        self._join(m, requests.holds, slots.writes, self.link_writes, register.i)
        connect_streams(m, register.o, self.writes)
        if machine.memory.can_fail:
            m.d.comb += [
                loop.failure.eq(self.failure),
                self.failure_taken.eq(loop.failure_taken),
            ]
        # Of what runs otherwise no request is right any more.
        ran = Signal(machine.streams)
        m.d.comb += ran.eq(self.forget.replicate(machine.streams))
        with m.If(self.link_runs.valid & self.link_runs.ready):
            m.d.comb += ran.eq(self.link_runs.payload.active if machine.streams > 1 else 1)
        for number in range(machine.streams):
            with m.If(ran[number]):
                m.d.sync += texts.texts[number].active.eq(0)
        return m

    @staticmethod
    def _join(m: Module, first: Value, one: Any, other: Any, sink: Any) -> None:
        """Connect one of two streams to a sink: ``one`` while ``first``."""
        for holds, source in ((first, one), (~first, other)):
            m.d.comb += source.ready.eq(sink.ready & holds)
        m.d.comb += [
            sink.payload.eq(Mux(first, one.payload, other.payload)),
            sink.valid.eq(Mux(first, one.valid, other.valid)),
        ]

    @staticmethod
    def _part(m: Module, first: Value, source: Any, one: Any, other: Any) -> None:
        """Connect a stream to one of two sinks: ``one`` while ``first``."""
        for holds, sink in ((first, one), (~first, other)):
            m.d.comb += [sink.payload.eq(source.payload), sink.valid.eq(source.valid & holds)]
        m.d.comb += source.ready.eq(Mux(first, one.ready, other.ready))
