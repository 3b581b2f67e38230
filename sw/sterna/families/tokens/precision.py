"""What number formats cost a language model: perplexity on a text, or logits on random ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from sterna.families.precision import Measured
from sterna.families.tokens.score import cut_segments, evaluate, reference_logits
from sterna.formats.tokenizer import EncodedText
from sterna.program.definition import Program

if TYPE_CHECKING:
    from sterna.families.tokens.reference import Reference

TEXT_TOKENS, RANDOM_TOKENS = 2048, 512
"""That are measured on, at most."""
MOST_LOGITS = 1 << 25
"""In memory at a time."""
MOST_INCREASE, MOST_RMS = 0.005, 0.06
"""Targets unless told otherwise: of perplexity, and of the logits' difference over their standard
deviation."""
_STREAMS = {True: 128, False: 32}
"""With a text, and without."""


class Measure:
    """Holds programs of a model against its float reference, on the same segments of ``ids``.

    Of a text the loss is the mean divergence of the distributions in nats (Kullback and Leibler),
    and the figure the larger one of the perplexity's increase and of what that loss is as one:
    it is that increase on the model's own texts, and has less chance in it. Of random ids the loss
    is the square of the figure, the rms of the logits' difference over their deviation.
    """

    def __init__(self, reference: Reference, ids: list[int], begin: int | None, text: bool) -> None:
        self.text, self.tokens = text, len(ids) - 1
        self._segments = cut_segments(EncodedText(ids, 0), _STREAMS[text], begin)
        self._exact = reference_logits(reference, self._segments.inputs)
        self.deviation = float(self._exact.std()) or 1.0
        self._nats = self._loss(self._exact)

    @property
    def usual_target(self) -> float:
        """Unless told otherwise."""
        return MOST_INCREASE if self.text else MOST_RMS

    def __call__(self, program: Program) -> Measured:
        """Of a program."""
        logits = evaluate(program, self._segments.inputs).float()
        counted = self._segments.counted
        if not self.text:
            square = float((logits - self._exact)[counted].double().square().mean())
            loss = square / self.deviation**2
            return Measured(loss, loss**0.5)
        exact = self._exact[counted].log_softmax(-1)
        found = logits[counted].log_softmax(-1)
        loss = float((exact.exp() * (exact - found)).sum(-1).double().mean())
        increase = torch.tensor([self._loss(logits) - self._nats, loss]).expm1()
        return Measured(loss, float(increase.max()))

    @property
    def what(self) -> str:
        """The figure in words."""
        return "perplexity" if self.text else "rms of logits over their deviation"

    def told(self, figure: float) -> str:
        """A figure."""
        return f"{figure:+.2%}" if self.text else f"{figure:.4f}"

    def _loss(self, logits: torch.Tensor) -> float:
        """Mean nats of the targets."""
        counted = self._segments.counted
        targets = self._segments.targets[counted].unsqueeze(-1)
        return -float(logits[counted].log_softmax(-1).gather(-1, targets).double().mean())


def most_tokens(vocabulary: int, text: bool) -> int:
    """That are measured on, of models of so many logits."""
    return max(2, min(TEXT_TOKENS if text else RANDOM_TOKENS, MOST_LOGITS // vocabulary))
