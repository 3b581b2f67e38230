"""The simulated accelerator against the golden, every value of a file's steps or random ones."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sterna_sim.comparison import Difference, Differing
from sterna_sim.verification import Verifier
from sterna_sim.waves import Waves, check_waves_file, write_waves

from sterna.families.emulated import emulated
from sterna.families.requests import VerifyRequest
from sterna.families.spiking.lowering import lower
from sterna.families.steps.inputs import TakenOptions, wide_enough
from sterna.families.steps.options import Skip, Steps
from sterna.families.steps.shape import StepShape
from sterna.progress import Report
from sterna.shown import Shown

if TYPE_CHECKING:
    from sterna.families.steps.model import StepModel


@dataclass(frozen=True, kw_only=True, repr=False)
class StepVerification(Shown):
    """What was compared, what differed, and which populations gave nothing to see."""

    model: str
    device: str
    steps: int
    lanes: int
    neuron_lanes: int
    skip: bool
    values_compared: int
    differences: int
    first_difference: str | None
    silent: tuple[str, ...]
    cycles: int

    differing: tuple[Differing, ...] = ()
    """The first values that differ, with what is around."""
    waves: Waves | None = None
    """Where signals can be looked at, if that was asked for."""

    @property
    def failure(self) -> str | None:
        """The first difference."""
        if self.first_difference is None:
            return None
        return (f"{self._summary}, {self.differences} differ; the first: {self.first_difference}"
                + ("" if self.waves is None else f"; waves in {self.waves}"))

    @property
    def _summary(self) -> str:
        return f"{self.steps} steps, {self.values_compared} sums, outputs and state words"

    def to_dict(self) -> dict[str, object]:
        return {
            "model": self.model, "device": self.device, "steps": self.steps, "lanes": self.lanes,
            "neuron_lanes": self.neuron_lanes, "skip": self.skip,
            "values_compared": self.values_compared, "differences": self.differences,
            "first_difference": self.first_difference,
            "differing": [one.to_dict() for one in self.differing], "silent": list(self.silent),
            "cycles": self.cycles,
            "waves": None if self.waves is None else str(self.waves.file),
        }

    def text(self) -> list[str | tuple[str, object]]:
        if self.failure is not None:
            return []
        return [f"{self.model}: {self._summary} compared, no difference",
                *([] if self.waves is None else [f"waves in {self.waves}"])]


def verify(model: StepModel, request: VerifyRequest, report: Report) -> StepVerification:
    """Compare every sum, output and state word, and what the accelerator sends back.

    Each of a batch comes after a reset, and of four or more random steps the last quarter.
    """
    options = request.options
    inputs, shape = options.take(TakenOptions), options.take(StepShape)
    skip, steps = options.take(Skip).skip, options.take(Steps).steps
    taken = inputs.take(model.network, steps, request.seed, shape.config is not None, report)
    program = lower(taken.network)
    runs = list(taken.codes.swapaxes(0, 1))
    if inputs.input is None and steps >= 4:
        runs = [runs[0][: steps - steps // 4], runs[0][steps - steps // 4:]]
    steps = sum(map(len, runs))
    if shape.config is None:
        shape = replace(shape, code_bits=wide_enough(shape.code_bits, taken.codes, program))
    machine = shape.fitted(program)
    kind = None if request.waves is None else check_waves_file(request.waves)

    def begin() -> Verifier:
        return Verifier(program, machine, skip=skip, stall_permille=request.stalls,
                        seed=request.seed, progress=report,
                        board=emulated(request.device, machine, request.stalls), waves=kind)

    verifier = begin()
    try:
        outcome = verifier.verify(runs, lambda done: report("comparing steps", done, steps))
    finally:
        verifier.close()
    waves = request.waves and write_waves(
        request.waves, outcome, begin, lambda again, told: again.verify(runs, told))
    first = outcome.first_difference
    silent = tuple(population.name for population in taken.network.populations
                   if not outcome.loud[f"{population.name}.output"])
    if silent and first is None:
        report.note(f"{model.name}: {', '.join(silent)} gave nothing but 0, so little of what "
                    "follows was seen; give livelier inputs with --input")
    return StepVerification(
        model=model.name, device=request.device, steps=steps, lanes=machine.synapses.lanes,
        neuron_lanes=machine.neurons.lanes, skip=skip, values_compared=outcome.elements,
        differences=outcome.different_elements,
        first_difference=None if first is None else _told(first, runs), silent=silent,
        cycles=outcome.counters.cycles, differing=tuple(outcome.differing), waves=waves)


def _told(first: Difference, runs: Sequence[Sized]) -> str:
    """The step among all, the population, and what differs of a neuron."""
    step = sum(map(len, runs[:first.text])) + first.token
    population, kind = first.name.rsplit(".", 1)
    found, golden = ("missing" if value is None else value
                     for value in (first.simulated, first.golden))
    return (f"step {step}, {population}, neuron {first.element}: {kind} is {found}, golden "
            f"{golden}")
