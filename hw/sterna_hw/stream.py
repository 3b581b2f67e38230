"""Streams: checked connection, register slice and queue."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Module, Mux, Shape, Signal, signed, unsigned
from amaranth.lib import data, memory, stream
from amaranth.lib.wiring import In, Out

from sterna_hw.component import Component
from sterna_hw.immediate_read import add_with_immediate_read


def is_layout(shape: Any) -> bool:
    """Whether payloads of that shape have fields (structures and arrays)."""
    is_struct = isinstance(shape, type) and issubclass(shape, data.Struct)
    return is_struct or isinstance(shape, data.Layout)


def _canonical(shape: Any) -> Any:
    """A value that is equal for two shapes exactly if they mean the same."""
    if is_layout(shape):
        fields = data.Layout.cast(shape)
        return tuple((key, field.offset, _canonical(field.shape)) for key, field in fields)
    plain = Shape.cast(shape)
    return signed(plain.width) if plain.signed else unsigned(plain.width)


def connect_streams(m: Module, source: Any, sink: Any) -> None:
    """Connect a stream that comes out of one component to one that goes into another.

    ``source`` is an output of a submodule or an input of the component itself, ``sink`` an input
    of a submodule or an output of the component itself.

    Raises:
        TypeError: the payloads differ in width, signedness or layout, or one end relies on
            ``valid`` or ``ready`` being constant where the other end's is not.
    """
    given, wanted = source.payload.shape(), sink.payload.shape()
    if _canonical(given) != _canonical(wanted):
        raise TypeError(f"stream of {given!r} does not fit a stream of {wanted!r}")
    m.d.comb += sink.payload.eq(source.payload)
    for driven, driver, name in ((sink.valid, source.valid, "valid"),
                                 (source.ready, sink.ready, "ready")):
        if not isinstance(driven, Const):
            m.d.comb += driven.eq(driver)
        elif not isinstance(driver, Const):
            raise TypeError(f"one end of the stream is always {name}, the other is not")


class StreamBuffer(Component):
    """Register slice: payload, ``valid`` and ``ready`` all leave registers.

    Latency 1 clock, one item a clock, holds two items.

    Args:
        shape: payload shape.
    """

    def __init__(self, shape: Any) -> None:
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        spare = Signal.like(self.i.payload, name="spare", reset_less=True)
        spare_valid = Signal()

        m.d.comb += self.i.ready.eq(~spare_valid)
        with m.If(self.i.ready):
            m.d.sync += spare.eq(self.i.payload)
        with m.If(self.o.ready | ~self.o.valid):
            m.d.sync += [
                self.o.valid.eq(self.i.valid | spare_valid),
                spare_valid.eq(0),
            ]
            with m.If(spare_valid):
                m.d.sync += self.o.payload.eq(spare)
            with m.Else():
                m.d.sync += self.o.payload.eq(self.i.payload)
        with m.Elif(self.i.valid & self.i.ready):
            m.d.sync += spare_valid.eq(1)
        return m


class StreamRegister(Component):
    """A single register: payload, ``valid`` and ``ready`` all leave flip-flops, without logic.

    Latency 1 clock, one item in two clocks.

    Args:
        shape: payload shape.
    """

    def __init__(self, shape: Any) -> None:
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.d.comb += self.i.ready.eq(~self.o.valid)
        with m.If(~self.o.valid):
            m.d.sync += [self.o.valid.eq(self.i.valid), self.o.payload.eq(self.i.payload)]
        with m.Elif(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        return m


class StreamQueue(Component):
    """First in, first out, in look-up table memory.

    Latency 1 clock, one item a clock. ``valid`` and ``ready`` leave registers; the payload is read
    asynchronously. ``level`` is the number of items held.

    Args:
        shape: payload shape.
        depth: items held; the memory is cheapest at 16 or 32.
        counted: whoever fills the queue counts what it holds and never offers an item too many;
            ``ready`` is then always high.

    Raises:
        ValueError: depth is below 1.
    """

    def __init__(self, shape: Any, depth: int, counted: bool = False) -> None:
        if depth < 1:
            raise ValueError(f"a queue holds at least one item, not {depth}")
        self._counted = counted
        self._shape = shape
        self._depth = depth
        super().__init__({
            "i": In(stream.Signature(shape)),
            "o": Out(stream.Signature(shape)),
            "level": Out(range(depth + 1)),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        storage = memory.Memory(
            shape=self._shape, depth=self._depth, init=[])
        write = storage.write_port()
        read = add_with_immediate_read(m, platform, "storage", storage)

        push = self.i.valid & self.i.ready
        pop = self.o.valid & self.o.ready
        # What takes items decides late: it chooses between sums, and the bits do without them.
        m.d.sync += [
            self.level.eq(Mux(pop, self.level - ~push, self.level + push)),
            self.o.valid.eq(push | (self.o.valid & ~(pop & (self.level == 1)))),
        ]
        full = Signal()
        if not self._counted:
            m.d.sync += full.eq(~pop & (full | (push & (self.level == self._depth - 1))))
        m.d.comb += [
            self.i.ready.eq(~full),
            write.data.eq(self.i.payload),
            write.en.eq(push),
            self.o.payload.eq(read.data),
        ]
        for pointer, step in ((write.addr, push), (read.addr, pop)):
            with m.If(step):
                with m.If(pointer == self._depth - 1):
                    m.d.sync += pointer.eq(0)
                with m.Else():
                    m.d.sync += pointer.eq(pointer + 1)
        return m
