"""The generated Verilog against the golden, every value of random tokens."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sterna_sim.comparison import Differing
from sterna_sim.verification import Verifier
from sterna_sim.waves import Waves, check_waves_file, write_waves

from sterna.families.emulated import emulated
from sterna.families.requests import VerifyRequest
from sterna.families.tokens.options import Tokens
from sterna.families.tokens.random_tokens import random_tokens
from sterna.progress import Report
from sterna.shown import Shown

if TYPE_CHECKING:
    from sterna.families.tokens.model import TokenModel


@dataclass(frozen=True, kw_only=True, repr=False)
class TokenVerification(Shown):
    """What was compared, and what differed."""

    model: str
    device: str
    streams: int
    tokens: int
    vectors_compared: int
    differences: int
    seconds: float
    first_difference: Any

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
        return f"{self.tokens} tokens, {self.vectors_compared} vectors compared"

    def to_dict(self) -> dict[str, object]:
        first = self.first_difference
        return {
            "model": self.model, "device": self.device, "streams": self.streams,
            "tokens": self.tokens, "vectors_compared": self.vectors_compared,
            "differences": self.differences, "seconds": self.seconds,
            "first_difference": None if first is None else asdict(first),
            "differing": [one.to_dict() for one in self.differing],
            "waves": None if self.waves is None else str(self.waves.file),
        }

    def text(self) -> list[str | tuple[str, object]]:
        if self.failure is not None:
            return []
        return [f"{self.model}: {self._summary}, no difference, in {self.seconds:.1f} s",
                *([] if self.waves is None else [f"waves in {self.waves}"])]


def verify(model: TokenModel, request: VerifyRequest, report: Report) -> TokenVerification:
    """Compare every vector, scalar and accumulator of random tokens in every stream."""
    shape, tokens = model.shape(request.options), request.options.take(Tokens).tokens
    outside, program = shape.outside, model.lowered
    machine = shape.fitted(program)
    texts = []
    for stream in range(machine.streams):
        ids = random_tokens(model, tokens, request.seed + stream)
        texts += [ids] if tokens < 4 else [ids[: -(tokens // 4)], ids[-(tokens // 4) :]]
    kind = None if request.waves is None else check_waves_file(request.waves)

    def begin() -> Verifier:
        return Verifier(
            program, machine, shape.place, stall_permille=request.stalls, seed=request.seed,
            progress=report, memory=outside.timing() if outside else None,
            board=emulated(request.device, machine, request.stalls), waves=kind)

    verifier = begin()
    start = time.monotonic()
    try:
        outcome = verifier.verify(
            texts, lambda done: report("comparing tokens", done, sum(map(len, texts))))
    finally:
        verifier.close()
    waves = request.waves and write_waves(
        request.waves, outcome, begin, lambda again, told: again.verify(texts, told))
    return TokenVerification(
        model=model.name, device=request.device, streams=machine.streams,
        tokens=outcome.tokens, vectors_compared=outcome.vectors_compared,
        differences=outcome.differences, seconds=time.monotonic() - start,
        first_difference=outcome.first_difference, differing=tuple(outcome.differing), waves=waves)
