"""A core with every kind of cell that accelerators on an iCE40 UltraPlus are made of."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib import memory, stream
from amaranth.lib.wiring import In, Out
from sterna_hw.component import Component
from sterna_hw.immediate_read import add_with_immediate_read
from sterna_hw.memory.single_port import SinglePortBank

SHAPES = ((512, 8), (1024, 4), (2048, 2))
"""Words and bits of memories that are block RAMs in each of their narrow modes."""


def contents(depth: int, width: int) -> list[int]:
    """What a memory holds at power up."""
    return [(index * 7 + index // 5 + 3) % (1 << width) for index in range(depth)]


class EveryCell(Component):
    """Answers each byte with one that depends on all memories, and on products of what came before.

    Four clocks a byte.

    Members:
        link_in: In, stream of unsigned(8). link_out: Out, stream of unsigned(8).
    """

    def __init__(self) -> None:
        super().__init__({"link_in": In(stream.Signature(8)), "link_out": Out(stream.Signature(8))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        byte, count, mixed = Signal(8), Signal(8), Signal(8)
        writing = Signal()
        recent = memory.Memory(shape=8, depth=64, init=contents(64, 8))
        at_once = add_with_immediate_read(m, platform, "recent", recent)
        put = recent.write_port()
        m.submodules.bank = bank = SinglePortBank(16, 256)
        m.d.comb += [
            put.addr.eq(count[:6]), put.data.eq(byte), put.en.eq(writing),
            at_once.addr.eq(byte[2:]), at_once.en.eq(1),
            bank.write_address.eq(count), bank.write_data.eq(Cat(byte, ~byte)),
            bank.write_enable.eq(writing), bank.address.eq(count), bank.enable.eq(~writing),
        ]
        words = []
        for depth, width in SHAPES:
            store = memory.Memory(shape=width, depth=depth, init=contents(depth, width))
            m.submodules[f"store_{width}"] = store
            write, read = store.write_port(), store.read_port()
            m.d.comb += [
                write.addr.eq(Cat(count, byte)), write.data.eq(byte), write.en.eq(writing),
                read.addr.eq(Cat(byte, count)), read.en.eq(1),
            ]
            words.append(read.data)
        first, second = Signal(signed(16)), Signal(signed(16))
        product = Signal(signed(32))
        m.d.sync += product.eq(first * second)

        with m.FSM():
            with m.State("wait"):
                m.d.comb += self.link_in.ready.eq(1)
                m.d.sync += byte.eq(self.link_in.payload)
                with m.If(self.link_in.valid):
                    m.next = "write"
            with m.State("write"):
                m.d.comb += writing.eq(1)
                m.next = "read"
            with m.State("read"):
                m.d.sync += [
                    first.eq(Cat(byte, at_once.data)), second.eq(first),
                    mixed.eq(at_once.data),
                ]
                m.next = "multiply"
            with m.State("multiply"):
                m.d.sync += mixed.eq(((mixed ^ words[0]) + bank.data[:8]) ^ bank.data[8:])
                m.next = "answer"
            with m.State("answer"):
                m.d.comb += [
                    self.link_out.valid.eq(1),
                    self.link_out.payload.eq(mixed ^ product[5:13] ^ product[24:]
                                             ^ Cat(words[1], words[2], words[2])),
                ]
                with m.If(self.link_out.ready):
                    m.d.sync += count.eq(count + 1)
                    m.next = "wait"
        return m


def answers(data: bytes) -> list[int]:
    """What `EveryCell` answers, in whole numbers."""
    recent = contents(64, 8)
    stores = [contents(depth, width) for depth, width in SHAPES]
    first, found = 0, []
    for number, byte in enumerate(data):
        count = number % 256
        recent[count % 64] = byte
        for store, (depth, width) in zip(stores, SHAPES, strict=True):
            store[(count | byte << 8) % depth] = byte % (1 << width)
        eight, four, two = (store[(byte | count << 8) % depth]
                            for store, (depth, _) in zip(stores, SHAPES, strict=True))
        second, first = first, _signed(byte | recent[byte >> 2] << 8)
        mixed = ((recent[byte >> 2] ^ eight) + byte) % 256 ^ (byte ^ 0xFF)
        product = first * second
        found.append(mixed ^ product >> 5 & 0xFF ^ product >> 24 & 0xFF
                     ^ (four | two << 4 | two << 6))
    return found


def _signed(value: int) -> int:
    return value - (value >> 15 << 16)
