"""A network of time steps that stays open: runs of inputs, in real numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sterna.errors import InputError
from sterna.families.common import Image, Timeout
from sterna.families.loaded import Loaded
from sterna.families.requests import LoadRequest
from sterna.families.spiking.input_file import given_input
from sterna.families.spiking.lowering import lower
from sterna.families.steps.image import OUTPUT, run_probed
from sterna.families.steps.inputs import TakenInputs, TakenOptions, wide_enough
from sterna.families.steps.options import RunSteps, Seed
from sterna.families.steps.run import check_room, opened, saturation_line
from sterna.families.steps.shape import StepShape
from sterna.families.steps.signals import Signal, signal
from sterna.host.address import GOLDEN
from sterna.host.spiking_device import SpikingDevice
from sterna.options import Options, Reading, declared
from sterna.progress import Report, Reports
from sterna.shown import Shown
from sterna.suggest import did_you_mean

if TYPE_CHECKING:
    from sterna.families.steps.model import StepModel

Integers = NDArray[np.integer]


@dataclass(frozen=True, repr=False)
class NetworkRun(Shown):
    """What a network made of its inputs, in real numbers.

    ``probes`` are what populations gave: all of them on the golden, else that which a device sends
    back. Every device gives the same integers (`sterna.verify`).
    """

    model: str
    device: str
    inputs: Signal
    probes: dict[str, Signal]
    output: str

    @property
    def outputs(self) -> Signal:
        """What the network gives out."""
        return self.probes[self.output]

    def probe(self, population: str) -> Signal:
        """What a population gave. Raises `InputError` for one that was not seen."""
        if population not in self.probes:
            there = ", ".join(self.probes)
            way = "" if self.device == GOLDEN else (
                "; device golden shows every population, in the same integers")
            raise InputError(f"probe {population!r}: {self.device} shows {there}"
                             f"{way}{did_you_mean(population, self.probes)}")
        return self.probes[population]

    def to_dict(self) -> dict[str, object]:
        return {"model": self.model, "device": self.device, "steps": len(self.inputs),
                "output": self.output,
                "probes": {name: found.to_dict() for name, found in self.probes.items()}}

    def text(self) -> list[str | tuple[str, object]]:
        return [("model", f"{self.model} on {self.device}"), ("inputs", self.inputs),
                *((name + (" (output)" if name == self.output else ""), found)
                  for name, found in self.probes.items())]


@dataclass(frozen=True)
class _Options(RunSteps, Seed, TakenOptions):
    """What a run takes beside its inputs."""


class Network(Loaded):
    """Runs inputs from a reset on, as `sterna run` does, on every device."""

    def __init__(self, model: StepModel, request: LoadRequest, reports: Reports) -> None:
        super().__init__(model, request)
        self._steps, self._reports = model, reports
        self._open: tuple[object, SpikingDevice] | None = None

    @property
    def populations(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(item.name for item in self._steps.network.populations)

    def run(self, inputs: ArrayLike | None = None, **options: object) -> NetworkRun:
        """What the network makes of inputs, real numbers [steps, inputs] or [steps, batch, inputs].

        Without inputs they are made: ``steps`` (100) of spikes at random places, of a ``seed`` (0).
        ``input_fraction`` and ``allow_rounding`` are those of `sterna run`. Raises `InputError` for
        inputs that do not fit and for other options, `LinkError` of a board.
        """
        if inputs is not None:
            for name in ("steps", "seed"):
                if name in options:
                    raise InputError(f"{name}: is of random inputs, and inputs were given")
        given = Options(**options)
        groups = (RunSteps, Seed, TakenOptions)
        given.check(Reading(groups), [item for group in groups for item in declared(group)],
                    self.name)
        with self._reports() as report:
            taken = self._taken(inputs, given.take(_Options), report)
            network, codes = taken.network, taken.codes
            check_room(f"network {network.name}", network, codes.shape[:2], self.device)
            if self.device == GOLDEN:
                from sterna.families.spiking.golden import GoldenNetwork  # and with it PyTorch

                golden = GoldenNetwork(network, codes.shape[1])
                outputs = golden.run(codes, report)
                for name, count in golden.saturated().items():
                    report.note(f"{self.name}: {name}: {saturation_line(count)}")
            else:
                outputs = run_probed(self._machine(taken, report), codes, report)
                outputs = {network.output: outputs.pop(OUTPUT), **outputs}
        alone = inputs is None or np.ndim(inputs) == 2

        def shaped(values: Integers) -> Integers:
            return values[:, 0] if alone else values

        return NetworkRun(
            self.name, self.device,
            Signal("inputs", shaped(codes), network.input_fraction, "inputs"),
            {name: signal(network.population(name), shaped(values))
             for name, values in outputs.items()}, network.output)

    def close(self) -> None:
        """Give back the device and the model."""
        if self._open is not None:
            self._open[1].close()
        self._open = None
        super().close()

    def _taken(self, inputs: ArrayLike | None, wanted: _Options, report: Report) -> TakenInputs:
        network = self._steps.network
        if inputs is None:
            return wanted.take(network, wanted.steps, wanted.seed, self._fixed, report)
        return wanted.of(given_input(inputs, network.inputs), network, self._fixed, report)

    @property
    def _fixed(self) -> bool:
        """Whether the accelerator is there already."""
        return ("config" in self.request.options or "image" in self.request.options
                or "://" in self.device)

    def _machine(self, taken: TakenInputs, report: Report) -> SpikingDevice:
        """The open device; another one for inputs of other codes."""
        options, network = self.request.options, taken.network
        shape = options.take(StepShape)
        if not self._fixed:
            bits = wide_enough(shape.code_bits, taken.codes, lower(network))
            shape = replace(shape, code_bits=bits)
        key = (network.input_fraction, shape)
        if self._open is None or self._open[0] != key:
            if self._open is not None:
                self._open[1].close()
                self._open = None
            self._open = key, opened(self.device, network, shape, report,
                                     options.take(Image).image, options.take(Timeout).timeout)
        return self._open[1]
