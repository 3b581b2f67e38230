"""The k best of the head's stream."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, signed, unsigned
from amaranth.lib import memory, stream
from amaranth.lib.data import ArrayLayout, StructLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine
from sterna.machine.protocol import NO_ROW
from sterna.machine.units.head import CANDIDATES, ROW_BITS

from sterna_hw.component import Component
from sterna_hw.immediate_read import add_with_immediate_read
from sterna_hw.layouts import word_group
from sterna_hw.stream import StreamQueue


class TopK(Component):
    """Keeps the ``top_k`` largest words with their positions in the stream, best first.

    Of equal words the earlier is the better. Words from position ``limit`` on are ignored.

    The sorted list is one small memory, and words are compared with its last entry only,
    ``head_words`` of them in a clock. A word that is better waits in a queue and is then inserted
    from the end of the list, one entry a clock; the stream goes on meanwhile until the queue is
    full; a compact one has no queue. Of N words in random order about ``k * (1 + ln(N / k))`` are
    inserted, so that a long stream costs a clock for each ``head_words`` words.

    Throughput: ``head_words`` words a clock while none of them is better, else one better word a
    clock while the queue has room; a stream that keeps growing costs ``top_k + 2`` clocks a word.
    Latency: ``idle`` returns three clocks after the last word, one more where ``head_words`` is
    above 1, and up to ``top_k + 3`` more for each candidate that waits.

    Members:
        values: In, stream of `word_group`.
        clear: In(1), forget everything and start again at position 0; only while idle.
        limit: In(32), words that count; steady while values flow. At most ``2**ROW_BITS`` count.
        idle: Out(1), every word taken so far is in the list or refused.
        index: In(range(top_k)), entry to show in the next clock; only while idle.
        value: Out(signed word), the entry's word, 0 where there is none.
        row: Out(32), its position, ``NO_ROW`` where there is none.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        word = signed(machine.vector.word_bits)
        super().__init__({
            "values": In(stream.Signature(word_group(machine))),
            "clear": In(1),
            "limit": In(32),
            "idle": Out(1),
            "index": In(range(machine.head.top_k)),
            "value": Out(word),
            "row": Out(32),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        entry = StructLayout({
            "value": signed(self._machine.vector.word_bits),
            "row": unsigned(ROW_BITS),
        })
        count = self._machine.head.head_words
        index_bits = (count - 1).bit_length()
        words = Signal(ArrayLayout(signed(self._machine.vector.word_bits), count), reset_less=True)
        slice_number = Signal(ROW_BITS - index_bits, reset_less=True)
        pending = Signal(count)  # words of the slice that count
        taken = Signal()
        self._cut(m, words, slice_number, pending, taken)

        if self._machine.compact:
            found = stream.Signature(entry).create()
            waiting = found
        else:
            m.submodules.candidates = candidates = StreamQueue(entry, CANDIDATES)
            found, waiting = candidates.i, candidates.o
        first = found
        if count > 1:
            first = stream.Signature(entry).create(path=("first",))
        full = Signal()
        worst = Signal(signed(self._machine.vector.word_bits), reset_less=True)
        # Good words of the slice before that have not been handed on. They were compared when they
        # came here: the list only gets better, and drops those that it had become too good for.
        good = Signal(count)
        compared = Signal.like(words, name="compared", reset_less=True)
        compared_slice = Signal.like(slice_number, name="compared_slice")
        index = Signal(range(max(2, count)))
        rest = Signal(count)
        for number in reversed(range(count)):
            with m.If(good[number]):
                m.d.comb += index.eq(number)
        m.d.comb += [
            # All but the first, which goes to the queue; without a carry, which would be late.
            *(rest[number].eq(good[number] & good[:number].any()) for number in range(1, count)),
            first.payload.value.eq(compared[index] if count > 1 else compared[0]),
            first.payload.row.eq(Cat(index[:index_bits], compared_slice)),
            first.valid.eq(good.any()),
            taken.eq(~good.any() | (first.ready & ~rest.any())),
        ]
        with m.If(taken):
            m.d.sync += [
                # The sign of one subtraction; a comparison would test for equality too.
                good.eq(Cat(pending[number] & (~full | (worst - words[number])[-1])
                            for number in range(count))),
                compared.eq(words),
                compared_slice.eq(slice_number),
            ]
        with m.Elif(first.ready):
            m.d.sync += good.eq(rest)
        chosen = first.valid
        if count > 1:
            # Choosing one of several and writing it into the queue are a clock each.
            m.d.comb += first.ready.eq(~found.valid | found.ready)
            with m.If(first.ready):
                m.d.sync += [found.valid.eq(first.valid), found.payload.eq(first.payload)]
            chosen |= found.valid
        busy = Signal()
        self._insert(m, platform, entry, waiting, full, worst, busy)
        m.d.comb += self.idle.eq(
            ~(self.values.valid | pending.any() | chosen | waiting.valid | busy))
        return m

    def _cut(self, m: Module, words: Any, slice_number: Signal, pending: Signal,
             taken: Signal) -> None:
        """Cut each group into slices; ``pending`` of a new one are its words up to the limit."""
        count = len(pending)
        slices = self._machine.vector.lanes // count
        index_bits = (count - 1).bit_length()
        place = Signal(range(max(2, slices)))
        number = Signal.like(slice_number, name="number", reset_less=False)
        closed = Signal()
        before = Signal()
        last = Signal()
        counting = Signal(count)
        group = Cat(self.values.payload)
        bits = count * self._machine.vector.word_bits
        m.d.comb += [
            before.eq(~closed & (number != self.limit >> index_bits)),
            # The group that the limit is in has its words below it: never the last one of all.
            *(counting[index].eq(before | (~closed & (index < self.limit[:index_bits])))
              for index in range(count - 1)),
            counting[-1].eq(before),
            last.eq(place == slices - 1),
            self.values.ready.eq(taken & last),
        ]
        with m.If(taken):
            m.d.sync += [
                pending.eq(counting & self.values.valid.replicate(count)),
                words.as_value().eq(group.word_select(place, bits) if slices > 1 else group),
                slice_number.eq(number),
            ]
            with m.If(self.values.valid):
                m.d.sync += [
                    number.eq(number + 1),
                    closed.eq(~before | number.all()),
                ]
                if slices > 1:
                    m.d.sync += place.eq(place + 1)
        with m.If(self.clear):
            m.d.sync += [place.eq(0), number.eq(0), closed.eq(0)]

    def _insert(self, m: Module, platform: Any, entry: StructLayout, source: Any, full: Signal,
                worst: Signal, busy: Signal) -> None:
        """Insert candidates into the sorted list and show its entries while idle.

        ``place`` walks from the first free entry towards the front: a worse entry before it moves
        one down, then the candidate takes the place. A candidate that is not better than the last
        entry of a full list is dropped (it was offered before the list was as good).
        """
        depth = self._machine.head.top_k
        entries = memory.Memory(shape=entry, depth=depth, init=[])
        read = add_with_immediate_read(m, platform, "entries", entries)
        write = entries.write_port()

        candidate = Signal(entry, reset_less=True)
        count = Signal(range(depth + 1))
        place = Signal(range(depth + 1))
        # The entry before the place, compared when it was read, in the clock before.
        before = Signal(entry, reset_less=True)
        better = Signal()
        walking = Signal()
        takes = Signal()
        looked_at = Signal(signed(len(self.index) + 1), reset_less=True)  # negative: no entry
        present = Signal()
        shown = Signal.like(self.index, reset_less=True)
        m.d.sync += [
            shown.eq(self.index),
            looked_at.eq(Mux(takes, Mux(source.valid, count - 1, self.index), looked_at - 1)),
            before.eq(read.data),
            better.eq(~looked_at[-1] & (read.data.value - candidate.value)[-1]),
            walking.eq(busy & (~walking | better)),
        ]
        m.d.comb += [
            takes.eq(~busy | (walking & ~better)),
            read.addr.eq(looked_at),
            source.ready.eq(takes),
            write.addr.eq(place),
            present.eq(shown < count),
            self.value.eq(Mux(present, read.data.value, 0)),
            self.row.eq(Mux(present, read.data.row, NO_ROW)),
        ]
        with m.If(takes):
            m.d.sync += [candidate.eq(source.payload), place.eq(count), busy.eq(source.valid)]
        with m.Elif(walking):
            m.d.sync += place.eq(place - 1)
        with m.If(walking):
            m.d.comb += [
                write.en.eq(place != depth),
                write.data.value.eq(Mux(better, before.value, candidate.value)),
                write.data.row.eq(Mux(better, before.row, candidate.row)),
            ]
            with m.If(write.en & (place == depth - 1)):
                m.d.sync += [full.eq(1), worst.eq(write.data.value)]
        with m.Elif(busy & (count != depth)):
            m.d.sync += count.eq(count + 1)
        with m.If(self.clear):
            m.d.sync += [count.eq(0), full.eq(0)]

