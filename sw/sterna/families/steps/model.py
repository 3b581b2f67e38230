"""A model that becomes a network of time steps; families derive theirs from it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

from sterna.errors import InputError
from sterna.families.model import ProgramModel
from sterna.families.requests import (
    BenchRequest,
    EstimateRequest,
    ExportRequest,
    LoadRequest,
    ProgramRequest,
    ReportRequest,
    RunRequest,
    SimulateRequest,
    VerifyRequest,
)
from sterna.families.steps.board_shape import BoardShape
from sterna.progress import Report, Reports

if TYPE_CHECKING:
    from sterna.compiler.rows import Embedding
    from sterna.families.family import Result
    from sterna.families.spiking.integers import SpikingNetwork
    from sterna.families.steps.loaded import Network
    from sterna.machine.machine import Machine
    from sterna.program.definition import Program


class StepModel(ProgramModel):
    """A RUN of its program is a time step; what the tasks do with it is the same in every family.
    """

    board_options = BoardShape

    @abstractmethod
    def lower(self) -> SpikingNetwork:
        """The network of integers. Raises `InputError` for a model that none is made of."""

    @cached_property
    def network(self) -> SpikingNetwork:
        """What `lower` gives, once."""
        return self.lower()

    @cached_property
    def lowered(self) -> Program:
        """What machines execute."""
        from sterna.families.spiking.lowering import lower

        return lower(self.network)

    @property
    def products(self) -> int:
        """Of whole weights, if no source is silent; of windows as if there were no border."""
        matrices = [self.lowered.matrix(*place) for place in self.lowered.matrices]
        return sum(matrix.rows * (matrix.columns if matrix.window is None
                                  else prod(matrix.window.shape[1:])) for matrix in matrices)

    def shaped(self, request: SimulateRequest | ExportRequest) -> tuple[Machine, Embedding]:
        """The accelerator that the options ask for."""
        from sterna.families.steps.shape import StepShape

        return request.options.take(StepShape).fitted(self.lowered), "host"

    def run(self, request: RunRequest, report: Report) -> Result:
        """Take the steps of a file, or of random inputs."""
        from sterna.families.steps.run import run

        return run(self, request, report)

    def load(self, request: LoadRequest, reports: Reports) -> Network:
        """Keep it open."""
        from sterna.families.steps.loaded import Network

        return Network(self, request, reports)

    def verify(self, request: VerifyRequest, report: Report) -> Result:
        """Compare steps of a file, or of random inputs."""
        from sterna.families.steps.verify import verify

        return verify(self, request, report)

    def measured(self, request: ReportRequest, report: Report) -> Mapping[str, object]:
        """What values reach, and populations do, on inputs."""
        from sterna.families.steps.activity import measured

        return measured(self, request, report)

    def agreement(self, request: ReportRequest, network: SpikingNetwork, report: Report
                  ) -> Mapping[str, object]:
        """How the integers agree with real numbers, for the network that takes the inputs; ``why``
        nothing is known of that."""
        return {"why": f"{self.name}: its family compares no report with real numbers"}

    def bench(self, request: BenchRequest, report: Report) -> Result:
        """Measure steps of random inputs."""
        from sterna.families.steps.bench import bench

        return bench(self, request, report)

    def estimate_elsewhere(self, request: EstimateRequest, report: Report) -> Result:
        """Nothing."""
        raise InputError(f"{self.name}: give a --board")

    def program(self, request: ProgramRequest, report: Report) -> Result:
        """The listing."""
        from sterna.families.listing import ProgramListing

        del request, report
        return ProgramListing.of(self.name, self.lowered)
