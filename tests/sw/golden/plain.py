"""Programs in plain Python integers, one element after the other, for those of `random_mixture`.

Written from the law and from the definition of programs, for one stream.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sterna.law.neuron import Current, Decay, NeuronDefinition, Reset, Rounding
from sterna.program.definition import Program
from sterna.program.instructions import (
    Constant,
    Element,
    Kernel,
    Quantise,
    Scalar,
    ScalarOperation,
    Unit,
)
from sterna.program.neurons import Neurons


def clamp(value: int, bits: int) -> int:
    limit = 2 ** (bits - 1) - 1
    return max(-limit, min(limit, value))


def shifted(value: int, shift: int, rounding: Rounding = Rounding.HALF_UP) -> int:
    if shift and rounding is Rounding.HALF_UP:
        value += 2 ** (shift - 1)
    return value // 2**shift


def multiplier_of(mantissa: int, exponent: int) -> tuple[int, int]:
    """Of 18-bit words, of scalars with a shift in the range."""
    drop = -exponent % 4
    return mantissa >> drop, -exponent - drop


class Plain:
    """Runs a program; ``run`` gives the carried vectors at the end."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.states: dict[Any, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        self.neurons: dict[Any, int] = defaultdict(int)
        self.past: dict[Any, list[list[int]]] = defaultdict(list)

    def run(self, words: list[int]) -> dict[str, list[int]]:
        carried: dict[str, list[int]] = {"input": words}
        for section in self.program.sections:
            for repetition in range(section.repeat):
                self.place = section.name, repetition
                self.local: dict[str, list[int]] = {}
                self.codes: dict[str, list[int]] = {}
                self.scalars: dict[str, tuple[int, int]] = {}
                self.carried = carried
                for item in section.items:
                    getattr(self, f"_{type(item).__name__}")(item)
                for name, values in self.codes.items():
                    self.past[self.place, name].insert(0, values)
        return carried

    def _read(self, name: str, index: int) -> int:
        for where in (self.local, self.carried):
            if name in where:
                return where[name][index]
        return self.states[self.place, name][index]

    def _write(self, name: str, index: int, value: int) -> None:
        lifetime = self.program.vectors[name].lifetime
        if lifetime == "state":
            self.states[self.place, name][index] = value
        else:
            where = self.local if lifetime == "local" else self.carried
            where.setdefault(name, [0] * self.program.vectors[name].length)[index] = value

    def _ScalarOperation(self, item: ScalarOperation) -> None:
        value = self.program.parameters.scalar(*self.place, item.operands[0])
        self.scalars[item.result] = value.mantissa, value.exponent

    def _Quantise(self, item: Quantise) -> None:
        factor, shift = multiplier_of(*self.scalars[item.scale])
        self.codes[item.result] = [
            clamp(shifted(self._read(item.a, index) * factor, shift), 8)
            for index in range(item.length)]

    def _Kernel(self, item: Kernel) -> None:
        for matmul in item.matmuls:
            sums = [0] * item.length
            for plane in self.program.parameters.planes(*self.place, matmul.matrix).tolist():
                for row, trits in enumerate(plane):
                    sums[row] = 3 * sums[row] + sum(
                        trit * code for trit, code in
                        zip(trits, self.codes[matmul.codes], strict=True))
            self.local[matmul.result] = [clamp(shifted(total, matmul.shift), 18)
                                         for total in sums]
        for operation in item.body:
            assert isinstance(operation, Element)
            for index in range(item.length):
                self._element(operation, index)

    def _element(self, operation: Element, index: int) -> None:
        chosen, shift = operation.multiplier, operation.shift
        if isinstance(chosen, Unit):
            factor = int(chosen.value)
        elif isinstance(chosen, Constant):
            factor = int(self.program.parameters.vector(*self.place, chosen.name)[index])
        elif isinstance(chosen, Scalar):
            factor, shift = multiplier_of(*self.scalars[chosen.name])
        else:
            factor = self._read(chosen.name, index)
        value = shifted(self._read(operation.a, index) * factor, shift)
        if operation.addend is not None:
            value += self._read(operation.addend, index)
        assert operation.result is not None
        self._write(operation.result, index, clamp(value, 18))

    def _back(self, name: str, back: int, index: int) -> int:
        """A code of so many RUNs back; before the first they are 0."""
        if not back:
            return self.codes[name][index]
        # What this repetition made now is not among the past yet.
        past = self.past[self.place, name]
        return past[back - 1][index] if back <= len(past) else 0

    def _Neurons(self, item: Neurons) -> None:
        sums = [0 if item.current is None else self._read(item.current, neuron)
                for neuron in range(item.length)]
        source = self.program.parameters
        for synapses in item.synapses:
            format_ = self.program.matrix(self.place[0], synapses.matrix)
            planes = source.planes(*self.place, synapses.matrix).tolist()
            delays = (source.delays(*self.place, synapses.matrix).tolist()
                      if format_.delay else None)
            for row in range(format_.rows):
                for column in range(format_.columns):
                    weight = 0
                    for plane in planes:
                        weight = 3 * weight + plane[row][column]
                    back = synapses.previous + (delays[row][column] if delays else 0)
                    sums[row] += weight * self._back(synapses.codes, back, column)
        numbers = dict(source.neurons(*self.place, item.name).expanded(item.length).items())
        assert item.codes is not None
        self.codes[item.codes] = [
            self._neuron(item.definition, (self.place, item.name, neuron), sums[neuron],
                         {name: int(values[neuron]) for name, values in numbers.items()})
            for neuron in range(item.length)]

    def _neuron(self, d: NeuronDefinition, key: Any, x: int, p: dict[str, int]) -> int:
        """Steps 1 to 9 of the law, of the flags that `random_mixture` chooses; spikes."""
        def over(value: int, level: int) -> bool:
            return value > level if d.strict else value >= level

        def times(value: int, factor: int) -> int:
            return shifted(value * factor, d.factor_fraction, d.rounding)

        v = self.neurons[key, "v"]
        pending = d.reset is Reset.SOFT_LATE and over(v, p["threshold"])
        drive = clamp(shifted(x * p["gain"], d.gain_shift, d.rounding) + p["bias"],
                      d.membrane_bits)
        if d.current is Current.NEW:
            drive = clamp(times(self.neurons[key, "i"], p["current_factor"]) + drive,
                          d.current_bits)
            self.neurons[key, "i"] = drive
        away = times(v - p["leak"], p["factor"])
        base = p["leak"] + away if d.decay is Decay.MULTIPLY else v - away
        u = clamp(base + drive - (p["threshold"] if pending else 0), d.membrane_bits)
        count = sum(over(u, p["threshold"] * level) for level in range(1, d.max_count + 1))
        if count and d.reset is Reset.HARD:
            u = p["reset"]
        elif d.reset is Reset.SOFT:
            u -= count * p["threshold"]
        v = clamp(u, d.membrane_bits)
        self.neurons[key, "v"] = max(v, p["floor"]) if d.clamped else v
        return count
