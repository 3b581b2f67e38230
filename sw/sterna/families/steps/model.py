"""A model that becomes a network of time steps; families derive theirs from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

from sterna.errors import InputError
from sterna.families.family import OpenedModel
from sterna.families.requests import (
    BenchRequest,
    BuildRequest,
    EstimateRequest,
    EvaluateRequest,
    ExportRequest,
    ProgramRequest,
    RunRequest,
    SimulateRequest,
    VerifyRequest,
)
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna_boards.board import Board

    from sterna.families.family import Built, Exported, Result
    from sterna.families.spiking.integers import SpikingNetwork
    from sterna.machine.machine import Machine
    from sterna.program.definition import Program


class StepModel(OpenedModel, ABC):
    """What the tasks do with its network is the same in every family."""

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

    def machine(self, request: SimulateRequest | ExportRequest) -> Machine:
        """The accelerator that the options ask for."""
        from sterna.families.steps.shape import StepShape

        return request.options.take(StepShape).fitted(self.lowered)

    def run(self, request: RunRequest, report: Report) -> Result:
        """Take the steps of a file, or of random inputs."""
        from sterna.families.steps.run import run

        return run(self, request, report)

    def verify(self, request: VerifyRequest, report: Report) -> Result:
        """Compare steps of a file, or of random inputs."""
        from sterna.families.steps.verify import verify

        return verify(self, request, report)

    def bench(self, request: BenchRequest, report: Report) -> Result:
        """Measure steps of random inputs."""
        from sterna.families.steps.bench import bench

        return bench(self, request, report)

    def estimate(self, request: EstimateRequest, report: Report) -> Result:
        """Of a board."""
        from sterna.families.steps.board import estimate

        del report
        return estimate(self, request)

    def build(self, request: BuildRequest, board: Board, report: Report) -> Built:
        """For a board."""
        from sterna.families.steps.board import build

        return build(self, request, board, report)

    def export(self, request: ExportRequest, report: Report) -> Exported:
        """The accelerator and its image."""
        from sterna.families.steps.board import export

        if request.board is not None:
            raise InputError(f"{request.board}: projects for vendors' tools hold language models; "
                             "without --board there is the Verilog alone")
        return export(self, request, report)

    def program(self, request: ProgramRequest, report: Report) -> Result:
        """The listing."""
        from sterna.families.listing import ProgramListing

        del request, report
        return ProgramListing.of(self.name, self.lowered)

    @abstractmethod
    def evaluate(self, request: EvaluateRequest, report: Report) -> Result:
        """Against the float reference."""
