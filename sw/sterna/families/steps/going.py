"""Time steps that go on from where an earlier run of them ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sterna.errors import InputError
from sterna.families.saved import Going, Named
from sterna.families.steps.options import RunSteps, Seed
from sterna.machine.snapshot import State
from sterna.options import Options


class Kept(Protocol):
    """What has run the steps."""

    def snapshot(self) -> State:
        """What it has kept."""
        ...


@dataclass(frozen=True)
class GoingSteps:
    """The files of a command, and the random inputs that it takes: ``before`` of them were."""

    going: Going
    seed: int
    before: int
    steps: int

    @classmethod
    def of(cls, options: Options, going: Going) -> GoingSteps:
        """Inputs that are random go on from those before, unless another seed is given."""
        seed, before = options.take(Seed).seed, 0
        if going.start is not None and "seed" not in options:
            seed, before = going.start.seed, going.start.drawn
        return cls(going, seed, before, options.take(RunSteps).steps)

    def start(self, program: Named, shape: Sequence[int]) -> State | None:
        """Where steps of a batch [steps, batch, inputs] begin. Raises `InputError` for another
        program, and for several sequences."""
        if self.going.asked and shape[1] != 1:
            raise InputError(f"{self.going.flag}: is of one sequence; the input has {shape[1]}")
        self.going.check(program)
        return None if self.going.start is None else self.going.start.state

    def prepare(self, device: Kept) -> None:
        """Raise `InputError` before the work for a machine of which nothing can be saved."""
        if self.going.save is not None:
            device.snapshot()

    def write(self, program: Named, device: Kept, random: bool) -> None:
        """Save what was kept, if that was asked for."""
        if self.going.save is not None:
            drawn = self.before + (self.steps if random else 0)
            self.going.write(program, device.snapshot(), self.seed, drawn)
