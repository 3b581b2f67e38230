"""From the words of the head to an id."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, unsigned
from amaranth.lib import memory, stream
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS
from sterna.machine.units.head import BEST_WORDS, SCALE_WORDS

from sterna_hw.component import Component
from sterna_hw.generate.texts import ID_BITS, POSITION_BITS, choice_layout
from sterna_hw.sampling.cipher import RandomNumbers
from sterna_hw.sampling.sampler import Sampler


class Choice(Component):
    """Keeps the head's words of each token stream after its last RUN, and chooses from them.

    Latency, from ``start`` to ``ids.valid``: a clock for the best, else those of the cipher and
    the sampler, and 5 more. Throughput: one at a time.

    Members:
        write: In(1), place: In, data: In(32): word ``place`` of the head of ``stream``.
        stream: In, whose words are meant; steady from ``start`` on.
        start: In(1), choose. choice: In, `choice_layout`, steady from ``start`` on, with a count
            that is at least 1 and at most that of the candidates. position: In(32), tokens read.
        ids: Out, stream of unsigned.
        index: In, a word to read while nothing is chosen; word: Out(32), it, in the clock after.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._words = machine.head.result_words(machine)
        index = range(self._words)
        super().__init__({
            "write": In(1), "place": In(index), "data": In(CHUNK_BITS),
            "stream": In(range(max(2, machine.streams))),
            "start": In(1), "choice": In(choice_layout(machine)), "position": In(POSITION_BITS),
            "ids": Out(stream.Signature(ID_BITS)),
            "index": In(index), "word": Out(CHUNK_BITS),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        machine = self._machine
        m.submodules.cipher = cipher = RandomNumbers()
        m.submodules.sampler = sampler = Sampler(machine.vector.word_bits, machine.head.top_k)
        bits = (self._words - 1).bit_length()
        m.submodules.heads = heads = memory.Memory(
            shape=unsigned(CHUNK_BITS), depth=machine.streams << bits, init=[])
        read = heads.read_port()
        write = heads.write_port()
        index = Signal(bits)
        upper = self.stream if machine.streams > 1 else Const(0, 0)
        m.d.comb += [
            index.eq(self.index),
            read.addr.eq(Cat(index, upper)), self.word.eq(read.data),
            write.addr.eq(Cat(self.place, upper)), write.data.eq(self.data),
            write.en.eq(self.write),
        ]
        choice, asked = self.choice, sampler.choices.payload
        alone = Signal()
        number = Signal(range(machine.head.top_k + 1))
        following = Signal(bits)
        fresh = Signal()
        m.d.comb += [
            alone.eq(choice.count == 1),
            cipher.places.payload.seed.eq(choice.seed),
            cipher.places.payload.text.eq(choice.text),
            cipher.places.payload.position.eq(self.position),
            asked.sharpness.eq(choice.sharpness), asked.share.eq(choice.share),
            asked.number.eq(cipher.numbers.payload),
            sampler.choices.valid.eq(cipher.numbers.valid),
            cipher.numbers.ready.eq(sampler.choices.ready),
            sampler.candidates.payload.value.eq(read.data),
            sampler.candidates.payload.last.eq(number == choice.count),
        ]
        scale = asked.scale
        mantissa = Signal.like(scale.mantissa, name="mantissa", reset_less=True)
        exponent = Signal.like(scale.exponent, name="exponent", reset_less=True)
        m.d.comb += [scale.mantissa.eq(mantissa), scale.exponent.eq(exponent)]
        chosen = Cat(Const(1, 1), sampler.places.payload + SCALE_WORDS // 2)
        with m.FSM():
            with m.State("wait"):
                m.d.sync += number.eq(1)
                with m.If(self.start):
                    m.d.comb += index.eq(Mux(alone, BEST_WORDS - 1, 0))
                    m.next = "mantissa"
                    with m.If(alone):
                        m.next = "best"
            with m.State("mantissa"):
                m.d.comb += [index.eq(1), cipher.places.valid.eq(1)]
                m.d.sync += mantissa.eq(read.data)
                m.next = "exponent"
            with m.State("exponent"):
                m.d.comb += index.eq(SCALE_WORDS)
                m.d.sync += [exponent.eq(read.data), following.eq(SCALE_WORDS), fresh.eq(1)]
                m.next = "candidates"
            with m.State("candidates"):
                # A word is there in the clock behind that of its address.
                m.d.comb += [index.eq(following), sampler.candidates.valid.eq(fresh)]
                m.d.sync += fresh.eq(1)
                with m.If(fresh & sampler.candidates.ready):
                    m.d.sync += [
                        fresh.eq(0), following.eq(following + 2), number.eq(number + 1)]
                    with m.If(sampler.candidates.payload.last):
                        m.next = "place"
            with m.State("place"):
                m.d.comb += [index.eq(chosen), sampler.places.ready.eq(1)]
                with m.If(sampler.places.valid):
                    m.next = "id"
            for state, held in (("id", chosen), ("best", BEST_WORDS - 1)):
                with m.State(state):
                    m.d.comb += [
                        index.eq(held), self.ids.valid.eq(1), self.ids.payload.eq(read.data)]
                    with m.If(self.ids.ready):
                        m.next = "wait"
        return m
