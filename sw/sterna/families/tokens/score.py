"""How well a program predicts a text, beside its float reference on the same segments.

The text is cut into as many segments of equal length as there are token streams; each starts from
the zero state. Both scores of a comparison use the same segments, so that they differ only by
arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from sterna.errors import InputError
from sterna.families.tokens.float_score import Score
from sterna.families.tokens.reference import Reference
from sterna.formats.tokenizer import EncodedText
from sterna.golden.executor import GoldenExecutor
from sterna.program.definition import Program

STREAMS = 64
"""Segments that a text is cut into unless told otherwise."""
_CHUNK = 16

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Comparison:
    """Golden and float reference on the same text."""

    golden: Score
    reference: Score

    @property
    def perplexity_increase(self) -> float:
        """Relative increase of the perplexity; 0.005 is half a percent."""
        return self.golden.perplexity / self.reference.perplexity - 1


@dataclass(frozen=True, eq=False)
class Segments:
    """Inputs and targets, int64 [streams, time]; `counted` marks the targets that are scored."""

    inputs: Tensor
    targets: Tensor
    counted: Tensor


def cut_segments(text: EncodedText, streams: int, begin: int | None) -> Segments:
    """Cut a text; a begin token is never scored, nor is what fills the last segment.

    Raises `InputError` for a text of a single token.
    """
    ids = torch.tensor(text.ids)
    count = len(ids) - 1
    if count < 1:
        raise InputError("the text is too short to score; give at least two tokens")
    streams = max(1, min(streams, count))
    length = -(-count // streams)
    streams = -(-count // length)
    padding = torch.zeros(streams * length - count, dtype=torch.int64)
    inputs = torch.cat([ids[:-1], padding]).view(streams, length)
    targets = torch.cat([ids[1:], padding]).view(streams, length)
    counted = (torch.arange(streams * length) < count).view(streams, length)
    if begin is not None:
        counted &= targets != begin
    return Segments(inputs, targets, counted)


def evaluate(program: Program, tokens: Tensor, progress: Progress | None = None) -> Tensor:
    """Logits float64 [streams, time, vocabulary] of tokens int64 [streams, time].

    `progress` is told the tokens done and in all.
    """
    logits = []
    for step in _steps(program, tokens):
        logits.append(step)
        if progress is not None:
            progress(len(logits) * tokens.shape[0], tokens.numel())
    return torch.stack(logits, 1)


def reference_logits(reference: Reference, tokens: Tensor) -> Tensor:
    """Logits float32 [streams, time, vocabulary] of the float reference, as `evaluate` has them."""
    state, logits = reference.initial_state(tokens.shape[0]), []
    with torch.no_grad():
        for window in tokens.split(_CHUNK, 1):
            part, state = reference(window, state)
            logits.append(part)
    return torch.cat(logits, 1)


def _steps(program: Program, tokens: Tensor) -> Iterator[Tensor]:
    executor = GoldenExecutor(program, streams=tokens.shape[0])
    for column in tokens.T.tolist():
        yield executor.step_streams(column)


def score_program(
    program: Program,
    text: EncodedText,
    begin: int | None,
    streams: int = STREAMS,
    progress: Progress | None = None,
) -> Score:
    """Score a text with the golden executor; `progress` is told tokens done and in all."""
    segments = cut_segments(text, streams, begin)
    total = segments.inputs.numel()
    nats = 0.0
    for time, logits in enumerate(_steps(program, segments.inputs)):
        losses = functional.cross_entropy(logits, segments.targets[:, time], reduction="none")
        nats += float(losses[segments.counted[:, time]].sum())
        if progress is not None:
            progress((time + 1) * len(losses), total)
    return Score(nats / math.log(2), int(segments.counted.sum()), text.byte_count)


def score_reference(
    reference: Reference,
    text: EncodedText,
    begin: int | None,
    streams: int = STREAMS,
    progress: Progress | None = None,
) -> Score:
    """Score a text with the float reference on the segments of `score_program`."""
    segments = cut_segments(text, streams, begin)
    state = reference.initial_state(segments.inputs.shape[0])
    total, nats = segments.inputs.shape[1], 0.0
    with torch.no_grad():
        for start in range(0, total, _CHUNK):
            window = slice(start, start + _CHUNK)
            logits, state = reference(segments.inputs[:, window], state)
            losses = functional.cross_entropy(
                logits.flatten(0, 1), segments.targets[:, window].flatten(), reduction="none"
            )
            nats += float(losses.double()[segments.counted[:, window].flatten()].sum())
            if progress is not None:
                progress(min(start + _CHUNK, total) * len(state[0]), total * len(state[0]))
    return Score(nats / math.log(2), int(segments.counted.sum()), text.byte_count)


def compare(
    program: Program,
    reference: Reference,
    text: EncodedText,
    begin: int | None,
    streams: int = STREAMS,
    progress: Progress | None = None,
) -> Comparison:
    """Score a text with both; `progress` is told of the golden, which takes longer."""
    return Comparison(
        golden=score_program(program, text, begin, streams, progress),
        reference=score_reference(reference, text, begin, streams),
    )
