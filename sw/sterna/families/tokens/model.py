"""A model that becomes a program of a token; families derive theirs from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

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
from sterna.families.tokens.shape import TokenShape
from sterna.formats.generation import Generation
from sterna.options import Options
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna_boards.board import Board

    from sterna.families.family import Built, Exported, Result
    from sterna.formats.tokenizer import Tokenizer
    from sterna.machine.host_side import HostSide
    from sterna.machine.machine import Machine
    from sterna.program.definition import Program


class TokenModel(OpenedModel, ABC):
    """What the tasks do with its program is the same in every family."""

    default_memory: str | None = None
    """Where the weights of a model lie that no chip holds, unless a shape is given."""

    @abstractmethod
    def lower(self) -> Program:
        """The program. Raises `InputError` for a model that none is made of."""

    @property
    @abstractmethod
    def vocabulary(self) -> int:
        """Token ids are below this."""

    @property
    def begin(self) -> int | None:
        """The token that opens every text."""
        return None

    @property
    def end(self) -> int | None:
        """The token that ends a text, and stands between documents."""
        return None

    @property
    def generation(self) -> Generation:
        """How texts begin, end and go on, unless a user says otherwise."""
        return Generation(self.begin, () if self.end is None else (self.end,))

    @abstractmethod
    def tokenizer(self) -> Tokenizer:
        """Its tokenizer. Raises `InputError` when it has none."""

    def host_side(self) -> HostSide | None:
        """What a host needs beside a memory image; None when the model takes no text."""
        return None

    @cached_property
    def lowered(self) -> Program:
        """What `lower` gives, once."""
        return self.lower()

    def shape(self, options: Options) -> TokenShape:
        """The accelerator's shape that the options ask for, in `default_memory` if in no other."""
        shape = options.take(TokenShape)
        if self.default_memory is None or shape.memory is not None or shape.config is not None:
            return shape
        return replace(shape, memory=self.default_memory)

    def machine(self, request: SimulateRequest) -> Machine:
        """The accelerator that the options ask for."""
        return self.shape(request.options).fitted(self.lowered)

    def run(self, request: RunRequest, report: Report) -> Result:
        """Continue prompts."""
        from sterna.families.tokens.run import run

        return run(self, request, report)

    def verify(self, request: VerifyRequest, report: Report) -> Result:
        """Compare random tokens."""
        from sterna.families.tokens.verify import verify

        return verify(self, request, report)

    def bench(self, request: BenchRequest, report: Report) -> Result:
        """Measure random tokens."""
        from sterna.families.tokens.bench import bench

        return bench(self, request, report)

    def estimate(self, request: EstimateRequest, report: Report) -> Result:
        """Of a board, or of a memory outside."""
        from sterna.families.tokens.estimate import estimate

        del report
        return estimate(self, request)

    def build(self, request: BuildRequest, board: Board, report: Report) -> Built:
        """For a board."""
        from sterna.families.tokens.build import build

        return build(self, request, board, report)

    def export(self, request: ExportRequest, report: Report) -> Exported:
        """The accelerator and its image."""
        from sterna.families.tokens.build import export

        return export(self, request, report)

    def program(self, request: ProgramRequest, report: Report) -> Result:
        """The listing."""
        from sterna.families.tokens.listing import listing

        del report
        return listing(self, request)

    @abstractmethod
    def evaluate(self, request: EvaluateRequest, report: Report) -> Result:
        """Against the float reference."""
