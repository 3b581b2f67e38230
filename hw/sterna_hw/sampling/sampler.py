"""Chooses one of the head's candidates by the law of sampling."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import memory, stream
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out
from sterna.law.sampling import (
    DISTANCE_FRACTION,
    FRACTION_BITS,
    NUMBER_BITS,
    POWER_BITS,
    POWER_INDEX_BITS,
    POWER_TABLE,
    RATE_BITS,
    RATE_FRACTION,
    SHARE_BITS,
    WEIGHT_BITS,
)

from sterna_hw.component import Component
from sterna_hw.vector.command import SCALAR

FACTOR_BITS = 18
"""Of the multiplier, unsigned."""
SLOPE_BITS = max(slope for _, slope in POWER_TABLE).bit_length()
CHOICE = StructLayout({
    "scale": SCALAR, "sharpness": SCALAR, "share": unsigned(SHARE_BITS + 1),
    "number": unsigned(NUMBER_BITS)})
"""What a choice depends on beside the candidates, named as in `sterna.law.sampling`."""


def candidate(word_bits: int) -> StructLayout:
    """A word of the head; ``last`` marks the last that counts."""
    return StructLayout({"value": signed(word_bits), "last": unsigned(1)})


class Sampler(Component):
    """The law of `sterna.law.sampling` with one multiplier of 18 by 18 bits.

    A candidate takes three products: its difference to the best times both halves of the rate, and
    the line through its segment of the power table. Running sums of the weights wait in a memory
    that is searched twice: for the last that is kept, and for the one that is chosen.

    Latency, of k candidates that come without a gap: up to 16 clocks for the rate, 3 k + 11 for the
    sums, up to k + 8 and k + 12 for the two searches; 2 clocks of a single one, which needs none of
    this. Throughput: the next choice may begin when one is taken.

    Members:
        choices: In, stream of `CHOICE`; taken when the place is known. Its scalars are zero or
            normalised.
        candidates: In, stream of `candidate`, best first, at most ``most``.
        places: Out, stream of unsigned: the place of the candidate that is chosen.

    Args:
        word_bits: of a candidate's word, up to 18.
        most: candidates of a choice, up to 64.
    """

    def __init__(self, word_bits: int, most: int) -> None:
        self._word_bits, self._most = word_bits, most
        super().__init__({
            "choices": In(stream.Signature(CHOICE)),
            "candidates": In(stream.Signature(candidate(word_bits))),
            "places": Out(stream.Signature(range(max(2, most)))),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        choice, item = self.choices.payload, self.candidates.payload
        one, other = (Signal(FACTOR_BITS, name=name, reset_less=True) for name in ("one", "other"))
        product = Signal(2 * FACTOR_BITS, reset_less=True)
        m.d.sync += product.eq(one * other)

        def multiply(left: Value, right: Value) -> None:
            """Begin a product, which is there two clocks later."""
            m.d.sync += [one.eq(left), other.eq(right)]

        # A total is below 2**(WEIGHT_BITS + 1) * most.
        total_bits = WEIGHT_BITS + self._most.bit_length()
        sums = memory.Memory(shape=unsigned(total_bits), depth=self._most, init=[])
        m.submodules.sums = sums
        read = sums.read_port()
        write = sums.write_port()
        total = Signal(total_bits)
        rate = Signal(RATE_BITS, reset_less=True)
        # Products of halves are added up: one over the upper part of those before, or beside them.
        partial = Signal(signed(2 * FACTOR_BITS + 2), reset_less=True)
        together = Signal(signed(2 * FACTOR_BITS + 3))
        whole = Cat(partial[:FACTOR_BITS], together)
        # Known a clock ahead: nothing but the sum lies between two registers.
        begins, ones, beside = (Signal(name=name) for name in ("begins", "ones", "beside"))
        upper = Mux(begins, 0, partial >> FACTOR_BITS)
        addend = Mux(beside, partial, upper) | ones.replicate(2 * FACTOR_BITS + 2).as_signed()
        m.d.comb += together.eq(product + addend)
        m.d.sync += [partial.eq(together), begins.eq(0), ones.eq(0), beside.eq(0)]

        def begin_sum(less: int = 0) -> None:
            """In the next clock: a product alone, or one less."""
            m.d.sync += [begins.eq(1), ones.eq(less)]

        added = self._add_weights(m, rate, multiply, begin_sum, whole, product, total, write)

        place = Signal(range(self._most))
        looked_at = Signal(range(self._most))
        found_at = Signal(range(self._most))
        sum_there = Signal(total_bits, reset_less=True)
        looking = Signal()
        searching = Signal()
        bound = Signal(total_bits, reset_less=True)
        found = Signal()
        second = Signal()
        m.d.comb += read.addr.eq(place)
        m.d.sync += [
            looked_at.eq(place), looking.eq(searching & ~found), place.eq(place + 1),
            found.eq(looking & ~found & (read.data > bound)),
            found_at.eq(looked_at), sum_there.eq(read.data),
        ]
        with m.If(~searching):
            m.d.sync += place.eq(0)

        shifted = Signal(RATE_BITS + 1, reset_less=True)
        steps = Signal(signed(13), reset_less=True)
        step = Signal(range(6))
        low, high = total[:FACTOR_BITS], total[FACTOR_BITS:]
        number = choice.number
        with m.If(self.places.ready):
            m.d.sync += self.places.valid.eq(0)
        with m.FSM():
            with m.State("wait"):
                m.d.sync += [total.eq(0), step.eq(0), second.eq(0)]
                multiply(choice.scale.mantissa, choice.sharpness.mantissa)
                with m.If(self.choices.valid & self.candidates.valid & ~self.places.valid):
                    with m.If(item.last):  # the only one
                        m.d.comb += [self.candidates.ready.eq(1), self.choices.ready.eq(1)]
                        m.d.sync += [self.places.valid.eq(1), self.places.payload.eq(0)]
                    with m.Else():
                        m.next = "rate"
            with m.State("rate"):
                # The product is shifted left by RATE_BITS - 33, then right by so many places.
                m.d.sync += [
                    step.eq(step + 1),
                    steps.eq(RATE_BITS - 33 - RATE_FRACTION
                             - choice.scale.exponent - choice.sharpness.exponent),
                    shifted.eq(product << RATE_BITS - 33),
                ]
                with m.If(step == 1):
                    m.next = "shift"
            with m.State("shift"):
                m.d.sync += [steps.eq(steps - 1), shifted.eq(shifted >> 1)]
                with m.If(steps >= 4):
                    m.d.sync += [steps.eq(steps - 4), shifted.eq(shifted >> 4)]
                with m.If((steps <= 0) | ~shifted.any()):
                    m.d.sync += rate.eq(shifted)
                    with m.If(shifted.any() & ((steps < 0) | shifted[-1])):
                        m.d.sync += rate.eq(~0)
                    m.next = "add"
            with m.State("add"):
                m.d.comb += added.enable.eq(1)
                m.d.sync += step.eq(0)
                with m.If(added.done):
                    m.next = "share"
            with m.State("share"):  # bound: what the sum of those that are kept must exceed
                m.d.sync += step.eq(step + 1)
                with m.Switch(step):
                    with m.Case(0):
                        multiply(choice.share, low)
                    with m.Case(1):
                        multiply(choice.share, high)
                        begin_sum(1)
                    with m.Case(3):
                        m.d.sync += bound.eq(whole[SHARE_BITS:])
                        m.next = "search"
            with m.State("search"):
                m.d.comb += searching.eq(1)
                m.d.sync += step.eq(0)
                with m.If(found):
                    m.d.sync += total.eq(sum_there)
                    m.next = "point"
                    with m.If(second):
                        m.d.comb += self.choices.ready.eq(1)
                        m.d.sync += [
                            self.places.valid.eq(1), self.places.payload.eq(found_at)]
                        m.next = "wait"
            with m.State("point"):  # bound: one below what the sum must exceed again
                m.d.sync += [step.eq(step + 1), second.eq(1)]
                with m.Switch(step):
                    with m.Case(0):
                        multiply(number[:FACTOR_BITS], low)
                    with m.Case(1):
                        multiply(number[:FACTOR_BITS], high)
                        begin_sum()
                    with m.Case(2):
                        multiply(number[FACTOR_BITS:], low)
                    with m.Case(3):
                        multiply(number[FACTOR_BITS:], high)
                        m.d.sync += beside.eq(1)
                    with m.Case(5):
                        m.d.sync += bound.eq(whole[NUMBER_BITS - FACTOR_BITS:])
                        m.next = "search"
        return m

    def _add_weights(self, m: Module, rate: Value, multiply: Any, begin_sum: Any, whole_sum: Value,
                     product: Value, total: Value, write: Any) -> _Adding:
        """Take candidates, one in three clocks, and write the running sums of their weights."""
        adding = _Adding()
        item, given = self.candidates.payload, self.candidates
        phase = Signal(range(3))
        place = Signal(range(self._most))
        held = Signal()
        best = Signal(signed(self._word_bits), reset_less=True)
        difference = Signal(FACTOR_BITS, reset_less=True)
        first = Signal(init=1)
        # A bit walks beside each candidate: what is to be done with it in which clock.
        stages = Signal(10)
        lasts = Signal(10)
        taken = Signal()
        m.d.comb += [
            given.ready.eq(adding.enable & (phase == 0) & ~held),
            taken.eq(given.valid & given.ready & adding.enable),
            adding.done.eq(stages[9] & lasts[9]),
        ]
        m.d.sync += [
            stages.eq(Cat(taken, stages)), lasts.eq(Cat(item.last, lasts)),
            phase.eq(Mux(phase == 2, 0, phase + 1)),
        ]
        with m.If(~adding.enable):
            m.d.sync += [phase.eq(0), first.eq(1), held.eq(0), place.eq(0)]
        with m.If(taken):
            m.d.sync += [
                first.eq(0), held.eq(item.last),
                difference.eq(Mux(first, 0, best - item.value)),
            ]
            with m.If(first):
                m.d.sync += best.eq(item.value)
        half = FACTOR_BITS
        with m.If(stages[0]):
            multiply(difference, rate[:half])
        with m.If(stages[1]):
            multiply(difference, rate[half:])
            begin_sum()
        distance = Signal(2 * half + 4, reset_less=True)
        with m.If(stages[3]):
            m.d.sync += distance.eq(whole_sum[RATE_FRACTION - DISTANCE_FRACTION:])
        whole = Signal(5)
        base = Signal(POWER_BITS + 1)
        shift = Signal(5)
        slope = Signal(SLOPE_BITS)
        gone = Signal()
        dropped = Signal()
        index = distance[FRACTION_BITS:DISTANCE_FRACTION]
        table = Array(Const(start | fall << POWER_BITS + 1, POWER_BITS + 1 + SLOPE_BITS)
                      for start, fall in POWER_TABLE)
        assert len(POWER_TABLE) == 1 << POWER_INDEX_BITS
        line = Signal(POWER_BITS + 1 + SLOPE_BITS)
        m.d.comb += line.eq(table[index])
        fraction = Signal(FRACTION_BITS)
        with m.If(stages[4]):
            m.d.sync += [
                base.eq(line[:POWER_BITS + 1]), slope.eq(line[POWER_BITS + 1:]),
                fraction.eq(distance[:FRACTION_BITS]),
                whole.eq(distance[DISTANCE_FRACTION:]),
                gone.eq((distance >> DISTANCE_FRACTION) >= WEIGHT_BITS),
            ]
        with m.If(stages[5]):
            multiply(slope, fraction)
        power = Signal(POWER_BITS + 1)
        weight = Signal(WEIGHT_BITS + 1)
        with m.If(stages[7]):
            m.d.sync += [
                power.eq(base - (product >> FRACTION_BITS)), shift.eq(whole), dropped.eq(gone)]
        with m.If(stages[8]):
            m.d.sync += weight.eq(
                Mux(dropped, 0, (power << WEIGHT_BITS - POWER_BITS) >> shift))
        m.d.comb += [
            write.en.eq(stages[9]), write.addr.eq(place), write.data.eq(total + weight)]
        with m.If(stages[9]):
            m.d.sync += [total.eq(total + weight), place.eq(place + 1)]
        return adding


class _Adding:
    """What the steps of a choice and the adding of weights tell each other."""

    def __init__(self) -> None:
        self.enable, self.done = Signal(name="adding"), Signal(name="added")
