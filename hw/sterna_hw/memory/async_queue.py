"""First in, first out, from one clock to another."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import memory, stream
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component

_SYNCHRONISER = {"ASYNC_REG": "TRUE"}
"""Tells Vivado to keep the stages together."""


class AsyncQueue(Component):
    """A queue whose two ends have clocks that have nothing to do with each other.

    Each end counts its items and shows the count in Gray code, of which one bit changes at a time;
    the other end sees it through two registers, an old count or the new one, never a third. So an
    end may know less of what the other has done, never more: nothing is lost, repeated or read
    before it is written (tests/hw/memory/test_async_queue.py proves it). The bits of a count must
    not arrive further apart than a clock of the end that sends it.

    Throughput: an item a clock of the slower end, with a depth of at least 8. Latency: three to
    four clocks of the reading end. A reset changes nothing, so that one end may be reset alone.

    Members:
        i: In, stream in the domain ``written``. o: Out, stream in the domain ``read``; its payload
            leaves the memory's read register.

    Attributes:
        counts: Gray codes, the seen ones last: of the written end and its two stages in the other
            domain; of the read end and its two stages.

    Args:
        shape: payload shape. depth: items held, a power of two of at least 2.

    Raises:
        ValueError: another depth.
    """

    def __init__(self, shape: Any, depth: int) -> None:
        if depth < 2 or depth & (depth - 1):
            raise ValueError(f"an asynchronous queue of {depth} items: it must be a power of two")
        self._shape, self._depth = shape, depth
        bits = depth.bit_length()
        self.counts = tuple(
            tuple(Signal(bits, name=f"{end}_{place}", reset_less=True,
                         attrs={} if place == "gray" else _SYNCHRONISER)
                  for place in ("gray", "passed", "seen"))
            for end in ("written", "read"))
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        (written, _, written_seen), (read, _, read_seen) = self.counts
        bits = len(written)
        m.submodules.storage = storage = memory.Memory(
            shape=self._shape, depth=self._depth, init=[])
        write_port = storage.write_port(domain="written")
        read_port = storage.read_port(domain="read")
        for domain, (sent, passed, seen) in zip(("read", "written"), self.counts, strict=True):
            m.d[domain] += [passed.eq(sent), seen.eq(passed)]

        # The writing end is full when it is a whole depth ahead: the two highest bits differ.
        put = Signal()
        number = Signal(bits)
        m.d.comb += [
            number.eq(binary(written)),
            self.i.ready.eq(written != read_seen ^ (3 << bits - 2)),
            put.eq(self.i.valid & self.i.ready),
            write_port.addr.eq(number),
            write_port.data.eq(self.i.payload),
            write_port.en.eq(put),
        ]
        with m.If(put):
            m.d.written += written.eq(gray((number + 1)[:bits]))

        held = Signal(reset_less=True)
        get = Signal()
        place = Signal(bits)
        m.d.comb += [
            place.eq(binary(read)),
            self.o.valid.eq(held),
            self.o.payload.eq(read_port.data),
            get.eq((read != written_seen) & (~held | self.o.ready)),
            read_port.addr.eq(place),
            read_port.en.eq(get),
        ]
        with m.If(get):
            m.d.read += [held.eq(1), read.eq(gray((place + 1)[:bits]))]
        with m.Elif(self.o.ready):
            m.d.read += held.eq(0)
        return m


def gray(value: Value) -> Value:
    """The Gray code of a binary number."""
    return value ^ (value >> 1)


def binary(code: Value) -> Value:
    """The number of a Gray code."""
    return Cat(code[place:].xor() for place in range(len(code)))
