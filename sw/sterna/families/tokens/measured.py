"""What a report tells of a language model on a text: ranges of values, and what formats cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sterna.errors import InputError
from sterna.families.ranged import range_values
from sterna.families.requests import ReportRequest
from sterna.families.tokens.options import MeasuredText
from sterna.families.tokens.random_tokens import random_tokens
from sterna.families.tokens.score import cut_segments, score_program, score_reference
from sterna.formats.text import read_text
from sterna.formats.tokenizer import EncodedText, encode_documents
from sterna.golden.executor import GoldenExecutor
from sterna.golden.ranges import Ranges
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.tokens.model import TokenModel

SAMPLE = Path(__file__).with_name("sample.txt")
STREAMS = 8
"""Segments of the text whose values are looked at side by side."""
MOST_PRODUCTS = 1e11
"""Weights times tokens that other formats than the model's are scored for: about a minute."""


def measured(model: TokenModel, request: ReportRequest, report: Report) -> dict[str, Any]:
    """``ranges``, and ``accuracy`` where the model takes text; nothing for 0 tokens.

    Raises `InputError` for a text that cannot be read, or that the model does not take.
    """
    wanted = request.options.take(MeasuredText)
    if not wanted.tokens:
        return {}
    text = _text(model, wanted)
    name = SAMPLE.name if wanted.text is None else wanted.text.name
    if text is None:
        ids = random_tokens(model, wanted.tokens, 0)
        return {"ranges": _ranges(model, EncodedText(ids, 0), f"{len(ids)} random ids", report)}
    data = f"{len(text.ids) - 1} tokens of {name}"
    return {"ranges": _ranges(model, text, data, report),
            "accuracy": _accuracy(model, text, data, report)}


def _text(model: TokenModel, wanted: MeasuredText) -> EncodedText | None:
    """The first tokens; None where none was given to a model that has no tokenizer."""
    try:
        tokenizer = model.tokenizer()
    except InputError:
        if wanted.text is not None:
            raise
        return None
    source = wanted.text or SAMPLE
    encoded = encode_documents(tokenizer, read_text(source), model.begin, model.end)
    ids = encoded.ids[:wanted.tokens + 1]
    if len(ids) < 2:
        raise InputError(f"{source}: is too short to score; give at least two tokens")
    return replace(encoded, ids=ids, byte_count=len(tokenizer.decode(ids).encode()))


def _ranges(model: TokenModel, text: EncodedText, data: str, report: Report) -> dict[str, Any]:
    segments, ranges = cut_segments(text, STREAMS, model.begin).inputs, Ranges()
    golden = GoldenExecutor(model.lowered, streams=len(segments), ranges=ranges)
    for done, column in enumerate(segments.T.tolist()):
        golden.step_streams(column)
        report("looking at values", done + 1, segments.shape[1])
    return range_values(model.lowered, ranges, data)


def _accuracy(model: TokenModel, text: EncodedText, data: str, report: Report) -> dict[str, Any]:
    exact = score_reference(model.reference(), text, model.begin)
    programs = [("as the model is", lambda: model.lowered)]
    others = [*model.in_other_formats(text.ids)]
    affordable = model.lowered.trits() * len(text.ids) * len(others) <= MOST_PRODUCTS
    rows: list[dict[str, Any]] = []
    for done, (name, program) in enumerate([*programs, *(others if affordable else ())]):
        report("scoring formats", done, len(others) + 1)
        golden = score_program(program(), text, model.begin)
        rows.append({"formats": name, "bits_per_byte": golden.bits_per_byte,
                     "perplexity": golden.perplexity,
                     "increase": golden.perplexity / exact.perplexity - 1})
    return {"data": data, "float_perplexity": exact.perplexity,
            "float_bits_per_byte": exact.bits_per_byte, "rows": rows,
            "left_out": 0 if affordable else len(others)}
