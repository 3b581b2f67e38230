"""A model that becomes a program; what tasks do with that, whatever a RUN of it takes and gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from sterna.families.family import OpenedModel
from sterna.families.requests import (
    BenchRequest,
    BuildRequest,
    EstimateRequest,
    EvaluateRequest,
    ExportRequest,
    LoadRequest,
    ProgramRequest,
    ReportRequest,
    RunRequest,
    SimulateRequest,
    VerifyRequest,
)
from sterna.progress import Report, Reports

if TYPE_CHECKING:
    from sterna_boards.board import Board

    from sterna.compiler.rows import Embedding
    from sterna.families.family import Built, Exported, Result
    from sterna.families.loaded import Loaded
    from sterna.families.on_board import BoardOptions
    from sterna.machine.host_side import HostSide
    from sterna.machine.machine import Machine
    from sterna.program.definition import Program


class ProgramModel(OpenedModel, ABC):
    """What machines run: `sterna.families.tokens` and `.steps` say how a RUN is used."""

    board_options: ClassVar[type[BoardOptions]]
    """The options about a machine on a board."""

    @cached_property
    @abstractmethod
    def lowered(self) -> Program:
        """The program. Raises `InputError` for a model that none is made of."""

    @property
    @abstractmethod
    def products(self) -> int:
        """Products of weights and codes in a RUN, as lanes count them."""

    @abstractmethod
    def shaped(self, request: SimulateRequest | ExportRequest) -> tuple[Machine, Embedding]:
        """The machine that the options ask for without a board, and where embedding rows are."""

    def host_side(self) -> HostSide | None:
        """What a host needs beside a memory image, where the program does not say it."""
        return None

    def machine(self, request: SimulateRequest) -> Machine:
        """The machine that the options ask for."""
        return self.shaped(request)[0]

    @abstractmethod
    def run(self, request: RunRequest, report: Report) -> Result:
        """Give it what the options say, and show what it gives."""

    @abstractmethod
    def load(self, request: LoadRequest, reports: Reports) -> Loaded:
        """Keep it open on a device, to be used again and again."""

    @abstractmethod
    def verify(self, request: VerifyRequest, report: Report) -> Result:
        """Compare every value of a machine with the golden's."""

    @abstractmethod
    def bench(self, request: BenchRequest, report: Report) -> Result:
        """Measure a machine."""

    def estimate(self, request: EstimateRequest, report: Report) -> Result:
        """Of a board, or of what the model can be estimated for else."""
        from sterna_boards.catalogue import find_board

        from sterna.families.on_board import estimate

        board = None if request.board is None else find_board(request.board)
        report("making the program", 0, 1)
        program = self.lowered
        report(f"estimating {program.name}", 0, 1)
        if board is None:
            return self.estimate_elsewhere(request, report)
        return estimate(self, request, board)

    @abstractmethod
    def estimate_elsewhere(self, request: EstimateRequest, report: Report) -> Result:
        """Without a board. Raises `InputError` where that is nothing."""

    def report(self, request: ReportRequest, report: Report) -> Result:
        """Numbers and pictures of a board."""
        from sterna.families.reported import report as found

        report("making the program", 0, 1)
        program = self.lowered
        report(f"estimating {program.name}", 0, 1)
        return found(self, request, report)

    @abstractmethod
    def measured(self, request: ReportRequest, report: Report) -> Mapping[str, object]:
        """What the golden shows on inputs: ``ranges`` of values, ``accuracy`` by formats, and
        ``activity`` of populations, where there is such."""

    def build(self, request: BuildRequest, board: Board, report: Report) -> Built:
        """For a board."""
        from sterna.families.on_board import build

        return build(self, request, board, report)

    def export(self, request: ExportRequest, report: Report) -> Exported:
        """The machine and its image."""
        from sterna.families.on_board import export

        return export(self, request, report)

    @abstractmethod
    def program(self, request: ProgramRequest, report: Report) -> Result:
        """The listing."""

    @abstractmethod
    def evaluate(self, request: EvaluateRequest, report: Report) -> Result:
        """Against the float reference."""
