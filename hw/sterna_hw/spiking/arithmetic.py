"""Saturation, rounding and multiplication, as the neuron's law has them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from amaranth.hdl import Cat, Const, Value, signed
from sterna.law.neuron import Rounding

from sterna_hw.spiking.pipeline import Pipeline, Word, constant

FEW_BITS = 4
"""Operands up to this width are multiplied by shifts and adds."""


def saturate(value: Value, bits: int) -> Value:
    """``value`` in ``-(2**(bits-1) - 1) .. 2**(bits-1) - 1``, signed with at most ``bits``."""
    width = len(value)
    if width < bits:
        return value
    negative, tail = value[-1], value[:bits - 1]
    head = value[bits - 1:-1]
    above = ~negative & head.any() if len(head) else Const(0, 1)
    below = negative & ~(head.all() & tail.any() if len(head) else tail.any())
    limited = Cat(tail[:1] | below, tail[1:] & ~below.replicate(bits - 2))
    return Cat(limited | above.replicate(bits - 1), negative).as_signed()


def over(difference: Value, strict: bool) -> Value:
    """Whether a signed difference is above 0, or at least 0."""
    return ~difference[-1] & difference.any() if strict else ~difference[-1]


def add(left: Value, right: Value, carry: Value) -> Value:
    """``left + right + carry`` (a bit) in one carry chain."""
    total = Cat(carry, left).as_signed() + Cat(carry, right).as_signed()
    return total[1:].as_signed()


@dataclass(frozen=True)
class Shifted:
    """A word to be shifted right; the rounded result is ``quotient + carry``.

    Splitting off the carry leaves the addition to the adder that follows anyway.
    """

    word: Word
    shift: int
    rounding: Rounding

    def quotient(self, value: Value) -> Value:
        """The word without the bits that are dropped."""
        if self.shift == 0:
            return value
        padded = Cat(value, value[-1].replicate(self.shift))
        return padded[self.shift:self.shift + max(2, len(value) - self.shift)].as_signed()

    def carry(self, value: Value) -> Value:
        """One if the dropped bits round the quotient up."""
        shift = self.shift
        if shift == 0 or self.rounding is Rounding.FLOOR:
            return Const(0, 1)
        padded = Cat(value, value[-1].replicate(shift + 1))
        half, rest = padded[shift - 1], padded[:shift - 1]
        if self.rounding is Rounding.HALF_UP:
            return half
        if self.rounding is Rounding.ZERO:
            return value[-1] & padded[:shift].any()
        odd = padded[shift]
        return half & (rest.any() | odd) if shift > 1 else half & odd

    def plus(self, value: Value, addend: Value) -> Value:
        """The rounded word plus an addend."""
        return add(self.quotient(value), addend, self.carry(value))

    def minus(self, value: Value, minuend: Value) -> Value:
        """An addend less the rounded word."""
        return add(minuend, ~self.quotient(value), ~self.carry(value))


def _pieces(word: Word, most: int) -> list[tuple[int, Word]]:
    """The word as a sum of signed pieces of at most so many bits, with their exponents."""
    value, low = word.value, most - 1
    if len(value) <= most:
        return [(0, word)]
    return [
        (0, replace(word, value=Cat(value[:low], Const(0, 1)).as_signed())),
        (low, replace(word, value=value[low:].as_signed())),
    ]


def multiply(pipeline: Pipeline, name: str, left: Word, right: Word) -> Word:
    """The exact product of two signed words.

    Latency: none if ``right`` is a constant 0 or power of two; 1 clock if both fit one hardware
    multiplier; else that of the parts, with registers between them and their sum. A part of
    `FEW_BITS` takes no multiplier.
    """
    number = right.constant
    if number == 0:
        return constant(0)
    if number is not None and number > 0 and number & (number - 1) == 0:
        zeros = Const(0, number.bit_length() - 1)
        return Word(name, Cat(zeros, left.value).as_signed(), left.stage)
    most = pipeline.multiplier_bits
    partial: list[Word] = []
    exponents: list[int] = []
    factors = _pieces(right, most)
    for exponent, piece in _pieces(left, most):
        for more, factor in factors:
            part = f"{name}_part_{exponent}_{more}"
            if len(factor.value) <= FEW_BITS < len(piece.value):
                partial.append(shift_product(pipeline, part, factor, piece))
            else:
                partial.append(pipeline.compute(part, lambda a, b: a * b, piece, factor))
                pipeline.multipliers += 1
            exponents.append(exponent + more)
    if len(partial) == 1:
        return partial[0]
    width = len(left.value) + len(right.value)

    def total(*parts: Value) -> Value:
        result: Value = Const(0, signed(width))
        for part, exponent in zip(parts, exponents, strict=True):
            result = result + (part << exponent)
        return result[:width].as_signed()

    return pipeline.compute(name, total, *partial)


def shift_product(pipeline: Pipeline, name: str, code: Word, weight: Word) -> Word:
    """The exact product of two signed words by shifts and adds; ``code`` has few bits.

    Latency: the levels of a tree over the code's bits, at least 1 clock.
    """
    bits = len(code.value)

    def digit(code: Value, weight: Value, index: int) -> Any:
        """A bit of the code times the weight; the highest bit counts negative."""
        term = select(code[index], weight) << index
        return -term if index == bits - 1 else term

    def pair(low: int) -> Word:
        def total(code: Value, weight: Value) -> Value:
            first = select(code[low], weight) << low
            second = select(code[low + 1], weight) << (low + 1)
            return first - second if low + 1 == bits - 1 else first + second
        return pipeline.compute(f"{name}_{low}", total, code, weight)

    terms = [pair(low) for low in range(0, bits - 1, 2)]
    if bits % 2:
        terms.append(pipeline.compute(
            f"{name}_{bits - 1}", lambda c, w: digit(c, w, bits - 1), code, weight))
    while len(terms) > 1:
        level = [
            pipeline.compute(f"{name}_sum", lambda a, b: a + b, *terms[index:index + 2])
            for index in range(0, len(terms) - 1, 2)
        ]
        terms = level + terms[len(terms) - len(terms) % 2:]
    return terms[0]


def select(condition: Value, value: Value) -> Value:
    """A signed value if the condition (a bit) holds, else 0."""
    return (value.as_unsigned() & condition.replicate(len(value))).as_signed()
