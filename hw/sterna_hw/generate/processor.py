"""A small processor: what would be wide registers and comparisons is a program in a block RAM."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, unsigned
from amaranth.lib.wiring import In, Out
from sterna.machine.units.generate import TEXT_WORDS

from sterna_hw.component import Component
from sterna_hw.generate.assembler import (
    NUMBER_BITS,
    WORD_BITS,
    Assembled,
    Op,
    instruction,
)
from sterna_hw.memory.storage import Storage


class Processor(Component):
    """Runs a program of `assemble` with one accumulator of 32 bits.

    Instructions, constants and variables are words of one memory with a read port. Of the four
    clocks of an instruction it executes in the last, which asks for the next; a register is
    between the memory, which is slow where it is large, and what its words go through.

    Throughput: an instruction in four clocks, BYTES in seven. What an OUT changes in a register is
    seen by the next.

    Members:
        byte: In(8), the next of the frame; take_byte: Out(1), the one behind it is wanted in the
            clock after.
        waits: In(1), what an OUT began takes its time.
        stream: In, whose region ``.words`` are in.
        number: Out, of the port that is read; value: In(32), what it has, in the same clock, the
            first behind that in which the instruction is known.
        conditions: In, a bit each, from the third on: always, whether the accumulator is zero and
            whether a subtraction borrowed are the processor's own.
        out: Out(1), port ``number`` takes ``accumulator``, Out(32).

    Args:
        program: what it runs.
        streams: token streams, each with a region.
        conditions: how many there are, its own included.
    """

    OWN = ("always", "zero", "borrow")

    def __init__(self, program: Assembled, streams: int, conditions: int) -> None:
        self._program, self._streams = program, streams
        super().__init__({
            "byte": In(8), "take_byte": Out(1), "waits": In(1),
            "stream": In(range(max(2, streams))),
            "number": Out(NUMBER_BITS), "value": In(WORD_BITS),
            "conditions": In(conditions - len(self.OWN)),
            "out": Out(1), "accumulator": Out(WORD_BITS),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        program = self._program
        bits = program.address_bits
        m.submodules.storage = storage = Storage(
            WORD_BITS, program.depth, program.words, block=True)
        layout = instruction(bits)
        # The word that was asked for two clocks before.
        word = Signal(WORD_BITS, reset_less=True)
        fetched = Signal(layout)
        op = Signal(Op)
        address = Signal(bits)
        # The first executes a jump that is not taken, to address 0.
        turn = Signal(2)
        executes, decodes, ends = (Signal(name=name) for name in ("executes", "decodes", "ends"))
        taken = Signal()
        inverted = Signal()
        counter = Signal(bits, init=-1)
        place = Signal(range(WORD_BITS // 8))
        following = Signal(bits)
        operand = Signal(bits)
        region = TEXT_WORDS.bit_length() - 1
        ones = Const(-1, bits - region)
        upper: Value = Cat(~self.stream, ones)[:len(ones)] if self._streams > 1 else ones
        m.d.comb += [
            executes.eq(turn == 0), decodes.eq(turn == 2),
            fetched.eq(word[:layout.size]),
            operand.eq(Mux(fetched.own, Cat(fetched.address[:region], upper), fetched.address)),
            following.eq(Mux(taken, address, counter + 1)),
            storage.enable.eq(executes | (decodes & ~self.waits)),
            storage.address.eq(Mux(executes, following, operand)),
            storage.write_address.eq(address), storage.write_data.eq(self.accumulator),
            storage.write_enable.eq(executes & (op == Op.KEEP)),
            self.take_byte.eq(executes & (op == Op.BYTES) & (place <= self.number)),
            self.out.eq(executes & (op == Op.OUT)),
        ]
        accumulator = self.accumulator
        borrow = Signal()
        # As they were when the instruction was fetched.
        known = Signal(len(self.OWN) + len(self.conditions))
        m.d.sync += known.eq(Cat(Const(1, 1), ~accumulator.any(), borrow, self.conditions))
        m.d.comb += [
            taken.eq((op == Op.JUMP) & (known.bit_select(self.number, 1) ^ inverted)),
            ends.eq((op != Op.BYTES) | (place == WORD_BITS // 8 - 1)),
        ]
        with m.If(executes & ends):
            m.d.sync += counter.eq(following)
        with m.If(~((executes & ~ends) | (decodes & self.waits))):
            m.d.sync += turn.eq(turn + 1)
        with m.If(decodes & ~self.waits):
            m.d.sync += [
                op.eq(fetched.op), address.eq(operand), self.number.eq(fetched.number),
                inverted.eq(fetched.inverted),
            ]
        m.d.sync += word.eq(Mux((turn == 3) & (op == Op.IN), self.value, storage.data))
        difference = Signal(unsigned(WORD_BITS + 1))
        m.d.comb += difference.eq(accumulator - word)
        shifted = Cat(accumulator[8:], Mux(self.take_byte, self.byte, 0))
        with m.If(executes):
            with m.Switch(op):
                with m.Case(Op.LOAD, Op.IN):
                    m.d.sync += accumulator.eq(word)
                with m.Case(Op.LESS):
                    m.d.sync += [accumulator.eq(difference), borrow.eq(difference[-1])]
                with m.Case(Op.BYTES):
                    m.d.sync += [accumulator.eq(shifted), place.eq(place + 1)]
        return m
