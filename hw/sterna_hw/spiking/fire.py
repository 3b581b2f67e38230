"""How many thresholds the membrane has passed: steps 5 and 6 of the neuron's law."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Mux, Value
from sterna.law.neuron import Count, NeuronDefinition

from sterna_hw.spiking.arithmetic import over
from sterna_hw.spiking.pipeline import Pipeline, Word


def spike(pipeline: Pipeline, definition: NeuronDefinition, membrane: Word, threshold: Word,
          waiting: Word | None) -> tuple[Word, Word]:
    """One threshold: the bit ``c``, and ``u - first``, both as words.

    ``waiting`` is the refractory counter; a neuron that waits does not fire.
    """
    half = definition.count is Count.COUNT_ROUND
    above = pipeline.compute(
        "above_first", lambda u, h: u - (h >> 1 if half else h), membrane, threshold)

    def fires(difference: Value, *left: Value) -> Value:
        fired = over(difference, definition.strict)
        return fired & ~left[0].any() if left else fired

    return pipeline.compute("fired", fires, above, *([waiting] if waiting else [])), above


def spike_count(pipeline: Pipeline, definition: NeuronDefinition, membrane: Word,
                threshold: Word, waiting: Word | None) -> Word:
    """The bounded count ``c``, unsigned, of ``max_count`` levels for any sign of the threshold.

    A binary search, one bit of the count every two clocks: levels that rise with ``k`` are passed
    up to the count. With a negative threshold they fall; then those that are not passed come first,
    and the search counts them.
    """
    most = definition.max_count

    left = membrane
    if definition.count is Count.COUNT_ROUND:
        left = pipeline.compute("search", lambda u, h: u + h - (h >> 1), membrane, threshold)
    found: Word | None = None
    for bit in reversed(range(most.bit_length())):
        trial = pipeline.compute(
            f"trial_{bit}", lambda u, h, bit=bit: u - (h << bit), left, threshold)

        def passes(difference: Value, h: Value, *count: Value, bit: int = bit) -> Value:
            passed = over(difference, definition.strict) ^ h[-1]
            if not count:
                return passed
            return passed & (_with_bit(count[0], bit) <= most)

        words = [found] if found else []
        passed = pipeline.compute(f"passed_{bit}", passes, trial, threshold, *words)
        if bit:
            left = pipeline.compute(f"left_{bit}", Mux, passed, trial, left)
        if found is None:
            found = pipeline.compute(f"count_{bit}", lambda p, bit=bit: p << bit, passed)
        else:
            found = pipeline.compute(
                f"count_{bit}", lambda p, n, bit=bit: n | (p << bit), passed, found)
    assert found is not None

    def count(n: Value, h: Value, *left: Value) -> Value:
        down = h[-1].replicate(len(n))
        counted = ((most - n)[:len(n)] & down) | (n & ~down)
        return counted & ~left[0].any().replicate(len(n)) if left else counted

    return pipeline.compute("fired", count, found, threshold, *([waiting] if waiting else []))


def _with_bit(count: Value, bit: int) -> Value:
    """The count with a bit set that is still clear, wide enough to compare."""
    return Cat(count[:bit], Const(1, 1), count[bit + 1:])
