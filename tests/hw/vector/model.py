"""The vector unit in plain integers, written from the arithmetic and apart from the hardware."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from sterna.law.arithmetic import (
    CODE_SCALE_TABLE,
    RSQRT_EVEN_TABLE,
    RSQRT_ODD_TABLE,
)
from sterna.machine.machine import Machine
from sterna.machine.units.scalar import ScalarCode
from sterna.machine.units.vector import MultiplierSelect, SourceA

ScalarValue = tuple[int, int]
LARGEST: ScalarValue = (2**17 - 1, 511)


def round_shift(value: int, shift: int) -> int:
    return (value + (1 << (shift - 1))) >> shift if shift else value


def saturate(value: int, limit: int) -> int:
    return max(-limit, min(limit, value))


def in_range(mantissa: int, exponent: int) -> ScalarValue:
    if mantissa == 0 or exponent < -512:
        return 0, 0
    return LARGEST if exponent > 511 else (mantissa, exponent)


def normalise(number: int, exponent: int = 0) -> ScalarValue:
    if number == 0:
        return 0, 0
    excess = number.bit_length() - 17
    mantissa = number >> excess if excess > 0 else number << -excess
    return in_range(mantissa, exponent + excess)


def multiply(a: ScalarValue, b: ScalarValue) -> ScalarValue:
    return normalise(a[0] * b[0], a[1] + b[1])


def add(a: ScalarValue, b: ScalarValue) -> ScalarValue:
    if a[0] == 0 or b[0] == 0:
        return a if b[0] == 0 else b
    small, large = sorted((a, b), key=lambda scalar: scalar[1])
    return normalise(large[0] + (small[0] >> (large[1] - small[1])), large[1])


def interpolate(table: Sequence[tuple[int, int]], mantissa: int) -> int:
    index, fraction = divmod(mantissa - 2**16, 256)
    base, slope = table[index]
    return base - (slope * fraction >> 8)


def code_scale(a: ScalarValue) -> ScalarValue:
    if a[0] == 0:
        return 0, 0
    return in_range(interpolate(CODE_SCALE_TABLE, a[0]), -26 - a[1])


def rsqrt(a: ScalarValue) -> ScalarValue:
    if a[0] == 0:
        return 0, 0
    half, odd = divmod(a[1], 2)
    table = RSQRT_ODD_TABLE if odd else RSQRT_EVEN_TABLE
    return in_range(interpolate(table, a[0]), -25 - half)


def as_multiplier(scalar: ScalarValue, word_bits: int) -> tuple[int, int]:
    """Multiplier and shift of an element operation."""
    mantissa, exponent = scalar
    if mantissa < 0:
        factor, shift = as_multiplier((-mantissa, exponent), word_bits)
        return -factor, shift
    drop = 18 - word_bits
    if mantissa == 0:
        return 0, 0
    if -exponent < drop:
        return 2 ** (word_bits - 1) - 1, 0
    lost = drop + (-exponent - drop) % 4
    shift = -exponent - lost
    return (0, 0) if shift > 32 else (mantissa >> lost, shift)


class VectorModel:
    """Executes commands given as dictionaries of fields; streams are queues of lists.

    ``results`` has every group's words, ``scalar_results`` every scalar result, ``codes`` pairs of
    code list and last flag, ``ranked`` the groups for the head.
    """

    def __init__(self, machine: Machine,
                 tables: Sequence[Sequence[tuple[int, int]]]) -> None:
        self.machine = machine
        self.tables = tables
        self.memory = [[0] * machine.vector.lanes for _ in range(machine.vector.depth)]
        self.scalars: list[ScalarValue] = [(0, 0)] * 16
        self.absmax, self.squares = [0] * 4, [0] * 2
        self.accumulators: deque[list[int]] = deque()
        self.inputs: deque[list[int]] = deque()
        self.constants: deque[list[int]] = deque()
        self.results: list[list[int]] = []
        self.scalar_results: list[ScalarValue] = []
        self.codes: list[tuple[list[int], int]] = []
        self.ranked: list[list[int]] = []

    def run(self, command: Mapping[str, Any]) -> None:
        if command["which"]:
            self._scalar(command["scalar"])
            return
        for group in range(command["vector"]["length"]):
            self._group(command["vector"], group)

    def _scalar(self, operation: Mapping[str, int]) -> None:
        a, b = operation.get("a", 0), operation.get("b", 0)
        kind = operation["operation"]
        if kind == ScalarCode.ABSMAX:
            result, self.absmax[a] = normalise(self.absmax[a]), 0
        elif kind == ScalarCode.SQUARES:
            total, self.squares[a] = self.squares[a], 0
            mantissa, exponent = normalise(abs(total))
            result = (-mantissa if total < 0 else mantissa), exponent
        elif kind == ScalarCode.CONSTANT:
            words = [word for _ in range(self.machine.vector.scalar_groups)
                     for word in self.constants.popleft()]
            result = (words[0] << (18 - self.machine.vector.word_bits), words[1])
        elif kind == ScalarCode.MULTIPLY:
            (left, first), (right, second) = self.scalars[a], self.scalars[b]
            mantissa, exponent = multiply((abs(left), first), (abs(right), second))
            result = (-mantissa if (left < 0) != (right < 0) else mantissa), exponent
        elif kind == ScalarCode.ADD:
            result = add(self.scalars[a], self.scalars[b])
        elif kind == ScalarCode.CODE_SCALE:
            result = code_scale(self.scalars[a])
        else:
            result = rsqrt(self.scalars[a])
        self.scalars[operation["result"]] = result
        self.scalar_results.append(result)

    def _group(self, vector: Mapping[str, int], group: int) -> None:
        lanes, bits = self.machine.vector.lanes, self.machine.vector.word_bits
        depth = self.machine.vector.depth
        limit = self.machine.vector.word_limit

        def field(name: str) -> int:
            return vector.get(name, 0)

        b = self.memory[(field("b_address") + group) % depth]
        source = field("a_source")
        if source == SourceA.MEMORY:
            a = self.memory[(field("a_address") + group) % depth]
        else:
            a = (self.accumulators if source == SourceA.ACCUMULATORS else self.inputs).popleft()
        select = field("multiplier")
        addend = b if field("add_b") else [0] * lanes
        shift = 4 * field("shift")
        unit = (select == MultiplierSelect.ONE) - (select == MultiplierSelect.MINUS_ONE)
        factors = [unit] * lanes
        if select == MultiplierSelect.MEMORY:
            factors = b
        elif select == MultiplierSelect.CONSTANT:
            factors = self.constants.popleft()
        elif select in (MultiplierSelect.SCALAR, MultiplierSelect.SCALAR_NEGATIVE):
            factor, shift = as_multiplier(self.scalars[field("scalar")], bits)
            factors = [-factor if select == MultiplierSelect.SCALAR_NEGATIVE else factor] * lanes
        elif select == MultiplierSelect.TABLE:
            table, shift = self.tables[field("table")], 12
            segment, a = zip(*(divmod(x + 2 ** (bits - 1), 2 ** (bits - 9)) for x in a),
                             strict=True)
            addend = [table[index][0] for index in segment]
            factors = [table[index][1] for index in segment]
        words = [saturate(round_shift(x * factor, shift) + y, limit)
                 for x, factor, y in zip(a, factors, addend, strict=True)]

        self.results.append(words)
        if field("write"):
            self.memory[(field("result_address") + group) % depth] = words
        if field("codes"):
            last = group == field("length") - 1
            self.codes.append(([saturate(word, 127) for word in words], int(last)))
        if field("rank"):
            self.ranked.append(words)
        if field("absmax"):
            register = field("absmax_register")
            self.absmax[register] = max(self.absmax[register], *map(abs, words))
        if field("squares"):
            self.squares[field("squares_register")] += sum(
                word if field("sum") else word * word for word in words)
