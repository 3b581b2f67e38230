"""A model that becomes a program of a token; families derive theirs from it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from sterna.families.model import ProgramModel
from sterna.families.requests import (
    BenchRequest,
    ChatRequest,
    EstimateRequest,
    EvaluateRequest,
    ExportRequest,
    LoadRequest,
    ProgramRequest,
    ReportRequest,
    RunRequest,
    ServeRequest,
    SimulateRequest,
    VerifyRequest,
)
from sterna.families.tokens.board_shape import BoardShape
from sterna.families.tokens.shape import TokenShape
from sterna.formats.chat import ChatTemplate
from sterna.formats.generation import Generation
from sterna.options import Options
from sterna.progress import Report, Reports

if TYPE_CHECKING:
    from sterna.chat.session import Session
    from sterna.compiler.rows import Embedding
    from sterna.families.family import Result
    from sterna.families.tokens.loaded import LanguageModel
    from sterna.families.tokens.reference import Reference
    from sterna.formats.tokenizer import Tokenizer
    from sterna.machine.machine import Machine
    from sterna.program.definition import Program
    from sterna.serve.service import Service


class TokenModel(ProgramModel):
    """A RUN of its program is a token; what the tasks do with it is the same in every family."""

    board_options = BoardShape

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
    def products(self) -> int:
        """Of trits: a plane is a pass."""
        return self.lowered.trits()

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

    @property
    def chat_template(self) -> ChatTemplate | None:
        """The template of its conversations."""
        return None

    @abstractmethod
    def reference(self) -> Reference:
        """The model in real numbers."""

    @abstractmethod
    def tokenizer(self) -> Tokenizer:
        """Its tokenizer. Raises `InputError` when it has none."""

    def in_other_formats(self, ids: Sequence[int]) -> Iterable[tuple[str, Callable[[], Program]]]:
        """Programs of the model in other number formats by name, some of them chosen on ``ids``."""
        del ids
        return ()

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

    def shaped(self, request: SimulateRequest | ExportRequest) -> tuple[Machine, Embedding]:
        """The accelerator that the options ask for."""
        shape = self.shape(request.options)
        return shape.fitted(self.lowered), shape.place

    def run(self, request: RunRequest, report: Report) -> Result:
        """Continue prompts."""
        from sterna.families.tokens.run import run

        return run(self, request, report)

    def load(self, request: LoadRequest, reports: Reports) -> LanguageModel:
        """Keep it open."""
        from sterna.families.tokens.loaded import LanguageModel

        return LanguageModel(self, request, reports)

    def converse(self, request: ChatRequest, report: Report) -> Session:
        """Keep the device open for a conversation."""
        from sterna.families.tokens.talk import converse

        return converse(self, request, report)

    def served(self, request: ServeRequest, report: Report) -> Service:
        """Keep the device open for many clients."""
        from sterna.families.tokens.talk import served

        return served(self, request, report)

    def verify(self, request: VerifyRequest, report: Report) -> Result:
        """Compare random tokens."""
        from sterna.families.tokens.verify import verify

        return verify(self, request, report)

    def measured(self, request: ReportRequest, report: Report) -> Mapping[str, object]:
        """Ranges of its values, and what formats cost, on a text."""
        from sterna.families.tokens.measured import measured

        return measured(self, request, report)

    def bench(self, request: BenchRequest, report: Report) -> Result:
        """Measure random tokens."""
        from sterna.families.tokens.bench import bench

        return bench(self, request, report)

    def estimate_elsewhere(self, request: EstimateRequest, report: Report) -> Result:
        """Of a memory outside."""
        from sterna.families.tokens.plan import plan_memory

        del report
        return plan_memory(self.lowered, self.shape(request.options))

    def program(self, request: ProgramRequest, report: Report) -> Result:
        """The listing."""
        from sterna.families.tokens.program import listing

        del report
        return listing(self, request)

    def evaluate(self, request: EvaluateRequest, report: Report) -> Result:
        """On a text or on token ids."""
        from sterna.families.tokens.evaluate import evaluate

        return evaluate(self, request, report)
