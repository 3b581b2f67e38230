"""Ties, saturation at both ends, and the ends of every range."""

from __future__ import annotations

import random

import pytest
from sterna.machine.machine import Machine
from sterna.machine.presets import token_machine
from sterna.machine.units.scalar import ScalarCode
from sterna.machine.units.vector import MultiplierSelect, SourceA, Wait

from tests.hw.vector.bench import Workload, random_tables, run
from tests.hw.vector.model import as_multiplier, code_scale, normalise


def machine(bits: int, lanes: int = 4) -> Machine:
    return token_machine(rows=lanes, columns=lanes, vector_lanes=lanes, word_bits=bits,
                                 code_depth=64, vector_depth=64)


def groups(values: list[int], lanes: int) -> list[list[int]]:
    padded = values + [0] * (-len(values) % lanes)
    return [padded[start:start + lanes] for start in range(0, len(padded), lanes)]


@pytest.mark.parametrize("bits", [18, 16])
def test_every_shift_at_its_ties(bits: int) -> None:
    """Products just below, at and above halves of each shift, with and without addend, as codes."""
    shape = machine(bits)
    limit, work = shape.vector.word_limit, Workload(shape)
    extremes = [limit, -limit, limit, 0, 1, -1, limit - 1, 1 - limit]
    work.inputs += groups(extremes, 4)
    work.vector(length=2, a_source=SourceA.INPUT, multiplier=MultiplierSelect.ONE, write=1)
    for steps in range(9):
        half = 1 << max(0, 4 * steps - 1)
        pairs = [(1, 1), (-1, 1), (limit, limit), (limit, -limit), (-limit, -limit)]
        for odd in (1, -1, 3, -3, 255, -255, 253, -253):
            product = odd * half
            factor = 1 << min(bits - 2, 4 * steps)
            pairs += [(product // factor, factor)] if abs(product // factor) <= limit else []
            pairs += [((product + near) // factor + near, factor) for near in (-1, 1)
                      if abs((product + near) // factor + near) <= limit]
        first, second = (groups([pair[side] for pair in pairs], 4) for side in (0, 1))
        for add_b in (0, 1):
            work.accumulators += first
            work.constants += second
            for group in range(len(first)):
                work.vector(length=1, a_source=SourceA.ACCUMULATORS, codes=1, shift=steps,
                            multiplier=MultiplierSelect.CONSTANT, add_b=add_b,
                            b_address=group % 2, wait=Wait.DRAIN)
    run(work)


@pytest.mark.parametrize("bits", [18, 16])
def test_sums_at_the_word_limit(bits: int) -> None:
    """Sums of limit - 1 to limit + 2 and their negatives; reductions see the saturated words."""
    shape = machine(bits, lanes=2)
    limit, work = shape.vector.word_limit, Workload(shape)
    work.inputs += [[limit, -limit]]
    work.vector(length=1, a_source=SourceA.INPUT, multiplier=MultiplierSelect.ONE, write=1)
    for register, small in enumerate((0, -1, 1, 2)):
        work.accumulators += [[small, -small]] * 2
        work.vector(length=1, a_source=SourceA.ACCUMULATORS, multiplier=MultiplierSelect.ONE,
                    add_b=1, absmax=1, absmax_register=register, squares=1, codes=1,
                    wait=Wait.DRAIN)
        work.vector(length=1, a_source=SourceA.ACCUMULATORS, multiplier=MultiplierSelect.MINUS_ONE,
                    add_b=1, absmax=1, absmax_register=register, squares=1, squares_register=1)
        work.scalar(operation=ScalarCode.ABSMAX, a=register, result=register)
    work.scalar(operation=ScalarCode.SQUARES, a=0, result=8)
    work.scalar(operation=ScalarCode.SQUARES, a=1, result=9)
    work.scalar(operation=ScalarCode.SQUARES, a=1, result=10)
    trace = run(work)
    assert trace.scalars[0] == normalise(limit)
    assert trace.scalars[-1] == (0, 0)


def test_codes_around_their_limit() -> None:
    shape = machine(18)
    work = Workload(shape)
    values = [*range(-131, -123), *range(123, 131), -1, 0, 1, 255, 256, -256, -255, 2**17 - 1]
    work.inputs += groups(values, 4)
    work.vector(length=6, a_source=SourceA.INPUT, multiplier=MultiplierSelect.ONE, codes=1)
    run(work, code_density=0.5)


@pytest.mark.parametrize("bits", [18, 16, 12])
def test_look_up_over_the_whole_range(bits: int) -> None:
    rng = random.Random(bits)
    shape = machine(bits)
    limit = shape.vector.word_limit
    work = Workload(shape, tables=random_tables(rng, shape))
    work.tables[0] = [(limit, limit), (-limit, -limit), *work.tables[0][2:-1], (-limit, limit)]
    segment = 2 ** (bits - 9)
    edges = [-limit, limit, -segment - 1, -segment, -segment + 1, -1, 0, 1, segment - 1, segment]
    values = edges + [rng.randint(-limit, limit) for _ in range(150)]
    work.inputs += groups(values, 4)
    work.vector(length=40, a_source=SourceA.INPUT, multiplier=MultiplierSelect.TABLE, add_b=1,
                shift=5)
    run(work)


@pytest.mark.parametrize("bits", [18, 16])
def test_scalar_multipliers_of_every_exponent(bits: int) -> None:
    """Mantissa extremes with exponents from overflow to vanishing, positive and negative."""
    shape = machine(bits, lanes=2)
    limit, work = shape.vector.word_limit, Workload(shape)
    exponents = [-512, -100, *range(-40, 5), 100, 511]
    for exponent in exponents:
        for mantissa in (2**16, 2**17 - 1):
            work.constants.append([mantissa >> (18 - bits), exponent])
            work.accumulators += [[limit, -limit], [12345 >> (18 - bits), -1]] * 2
            work.scalar(operation=ScalarCode.CONSTANT, result=3)
            for multiplier in (MultiplierSelect.SCALAR, MultiplierSelect.SCALAR_NEGATIVE):
                work.vector(length=2, a_source=SourceA.ACCUMULATORS, multiplier=multiplier,
                            scalar=3, shift=1)
    trace = run(work)
    assert as_multiplier((2**16, 511), bits) == (limit, 0)
    assert trace.results[-4] == [limit, -limit] and trace.results[0] == [0, 0]


def test_scalars_at_the_ends_of_their_range() -> None:
    """Products beyond both ends, sums that carry at the end, roots and code scales of the ends."""
    work = Workload(machine(18, lanes=2))
    scalars = [(0, 0), (2**16, -512), (2**17 - 1, -512), (2**16, 511), (2**17 - 1, 511),
               (2**16, 0), (2**17 - 1, -1), (70000, -264), (70000, -265), (70000, 247),
               (70000, 248)]
    for index, (mantissa, exponent) in enumerate(scalars):
        work.constants.append([mantissa, exponent])
        work.scalar(operation=ScalarCode.CONSTANT, result=index)
    for a in range(len(scalars)):
        for b in range(len(scalars)):
            work.scalar(operation=ScalarCode.MULTIPLY, a=a, b=b, result=14)
            work.scalar(operation=ScalarCode.ADD, a=a, b=b, result=15)
        work.scalar(operation=ScalarCode.RSQRT, a=a, result=14)
        work.scalar(operation=ScalarCode.CODE_SCALE, a=a, result=0 if a == 10 else 15)
    trace = run(work)
    assert {(0, 0), (2**17 - 1, 511)} <= set(trace.scalars[len(scalars):])


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_sums(sign: int) -> None:
    """Zero, one, and as many words as an instruction names, all at the limit; then their product
    with a sum, whose sign decides that of a vector."""
    shape = machine(18, lanes=2).having(vector_sums=True)
    limit, work, groups = sign * shape.vector.word_limit, Workload(shape), 8191
    summed = {"a_source": SourceA.INPUT, "multiplier": MultiplierSelect.ONE, "squares": 1, "sum": 1}
    for values in ([1, -1], [sign, 0]):
        work.inputs.append(values)
        work.vector(length=1, **summed)
        work.scalar(operation=ScalarCode.SQUARES, a=0, b=1, result=2)
    work.inputs += [[limit, limit]] * groups
    work.vector(length=groups, **summed)
    work.scalar(operation=ScalarCode.SQUARES, a=0, b=1, result=3)
    work.scalar(operation=ScalarCode.MULTIPLY, a=2, b=3, result=4)
    work.inputs += [[5, -7]] * 2
    for scalar in (2, 4):
        work.vector(length=1, a_source=SourceA.INPUT, multiplier=MultiplierSelect.SCALAR,
                    scalar=scalar)
    trace = run(work)
    whole = normalise(2 * groups * abs(limit))
    assert trace.scalars[:2] == [(0, 0), (sign * 2**16, -16)]
    assert trace.scalars[2] == (sign * whole[0], whole[1])
    assert trace.scalars[3][0] > 0, "of two negative ones"
    assert trace.results[-2:] == [[5 * sign, -7 * sign], [131071, -131071]]


def test_absmax_and_squares_of_nothing_and_of_everything() -> None:
    """Zero, one, and the largest sums: 2048 elements at the limit."""
    shape = machine(18, lanes=8)
    limit, work = shape.vector.word_limit, Workload(shape)
    for values in ([0] * 8, [0] * 7 + [1], [-1] + [0] * 7):
        work.inputs.append(values)
        work.vector(length=1, a_source=SourceA.INPUT, multiplier=MultiplierSelect.ONE, absmax=1,
                    squares=1)
        work.scalar(operation=ScalarCode.ABSMAX, a=0, result=1)
        work.scalar(operation=ScalarCode.CODE_SCALE, a=1, result=2)
        work.scalar(operation=ScalarCode.SQUARES, a=0, result=3)
        work.scalar(operation=ScalarCode.RSQRT, a=3, result=4)
    work.inputs += [[limit, -limit] * 4] * 256
    work.vector(length=256, a_source=SourceA.INPUT, multiplier=MultiplierSelect.ONE, absmax=1,
                squares=1)
    work.scalar(operation=ScalarCode.SQUARES, a=0, result=5)
    work.scalar(operation=ScalarCode.ABSMAX, a=0, result=6)
    trace = run(work)
    assert trace.scalars[:4] == [(0, 0)] * 4
    assert trace.scalars[4:6] == [(2**16, -16), code_scale((2**16, -16))]
    assert trace.scalars[-2:] == [normalise(2048 * limit**2), normalise(limit)]
