"""The sampler and its random numbers against the law."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sterna.law.sampling import (
    CIPHER_ROUNDS,
    Parameters,
    Sampling,
    chosen,
    kept_totals,
    random_number,
)
from sterna_hw.sampling.cipher import RandomNumbers
from sterna_hw.sampling.sampler import Sampler
from sterna_sim.streams import Receiver, sender, simulate


@dataclass(frozen=True)
class Choice:
    """What is chosen from, and by which number."""

    values: list[int]
    scale: tuple[int, int]
    parameters: Parameters
    number: int

    def place(self) -> int:
        """By the law."""
        return chosen(kept_totals(self.values, self.scale, self.parameters), self.number)

    def payload(self) -> dict[str, object]:
        scalars = {"scale": self.scale, "sharpness": self.parameters.sharpness}
        return {**{name: {"mantissa": mantissa, "exponent": exponent}
                   for name, (mantissa, exponent) in scalars.items()},
                "share": self.parameters.share, "number": self.number}

    def candidates(self) -> list[dict[str, int]]:
        words = self.values[:self.parameters.count]
        return [{"value": value, "last": place == len(words) - 1}
                for place, value in enumerate(words)]


def choices(most: int, word_bits: int, count: int, seed: int) -> Iterator[Choice]:
    """Ordinary ones, ties, extremes of scale and temperature, a single candidate."""
    draw = random.Random(seed)
    top = (1 << word_bits - 1) - 1
    for number in range(count):
        spread = draw.choice([3, 40, 1000, top])
        values = sorted((draw.randint(-min(spread, top), min(spread, top))
                         for _ in range(draw.randint(1, most))), reverse=True)
        if number % 4 == 0:
            values = [values[0]] * len(values)
        if number % 9 == 0:
            values = [top, *[-top] * (most - 1)]
        exponent = draw.choice([-17 - spread.bit_length() + draw.randint(-2, 4),
                                draw.randint(-512, 511)])
        scale = draw.choice([(draw.randint(1 << 16, (1 << 17) - 1), exponent)] * 9 + [(0, 0)])
        sampling = Sampling(draw.choice([0.1, 0.7, 1.0, 3.0, 10.0, 1e-300, 0.0]),
                            top_p=draw.choice([1.0, 0.5, 0.25, 0.9, 1e-6, draw.random() or 1]))
        yield Choice(values, scale, sampling.parameters(len(values)),
                     draw.choice([0, (1 << 32) - 1, draw.getrandbits(32), draw.getrandbits(32)]))


@pytest.mark.parametrize(("sent", "taken"), [(1.0, 1.0), (0.2, 1.0), (1.0, 0.02)])
def test_numbers_are_those_of_the_law(sent: float, taken: float) -> None:
    draw = random.Random(5)
    places = [(draw.getrandbits(64), draw.getrandbits(32), draw.getrandbits(64))
              for _ in range(20)] + [(0, 0, 0), ((1 << 64) - 1, (1 << 32) - 1, (1 << 64) - 1)]
    dut = RandomNumbers()
    numbers = Receiver(dut.numbers, len(places), seed=1, density=taken)
    offered = [dict(zip(("seed", "text", "position"), place, strict=True)) for place in places]
    simulate(dut, sender(dut.places, offered, density=sent), numbers,
             deadline=100_000 if taken < 1 or sent < 1 else len(places) * (CIPHER_ROUNDS + 1) + 4)
    assert numbers.values == [random_number(*place) for place in places]


@pytest.mark.parametrize(("most", "word_bits"), [(8, 18), (1, 18), (2, 12), (64, 18), (5, 16)])
@pytest.mark.parametrize(("sent", "taken"), [(1.0, 1.0), (0.3, 0.1)])
def test_choices_are_those_of_the_law(
        most: int, word_bits: int, sent: float, taken: float) -> None:
    wanted = list(choices(most, word_bits, 100 if most < 64 else 30, most))
    dut = Sampler(word_bits, most)
    places = Receiver(dut.places, len(wanted), seed=2, density=taken)
    simulate(dut, sender(dut.choices, [choice.payload() for choice in wanted], seed=3,
                         density=sent),
             sender(dut.candidates, [item for choice in wanted for item in choice.candidates()],
                    seed=4, density=sent), places, deadline=60_000)
    assert places.values == [choice.place() for choice in wanted]


@pytest.mark.parametrize("most", [1, 2, 8, 64])
def test_a_choice_takes_no_longer_than_is_said(most: int) -> None:
    """With the longest rate, and the last candidate twice."""
    values = [3] * most
    scale, sampling = (1 << 16, -60), Sampling(1.0)
    choice = Choice(values, scale, sampling.parameters(most), (1 << 32) - 1)
    assert choice.place() == most - 1
    dut = Sampler(18, most)
    places = Receiver(dut.places, 1)
    simulate(dut, sender(dut.choices, [choice.payload()]),
             sender(dut.candidates, choice.candidates()), places,
             deadline=3 if most == 1 else 16 + 3 * most + 11 + (most + 8) + (most + 12))
