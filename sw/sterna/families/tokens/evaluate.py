"""How well the integers do on a text, beside the float reference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sterna.errors import InputError
from sterna.families.requests import EvaluateRequest
from sterna.families.tokens.logits import LogitsWritten, write_logits
from sterna.families.tokens.options import Logits, ScoredText
from sterna.families.tokens.score import Comparison, compare
from sterna.formats.text import read_text
from sterna.formats.tokenizer import encode_documents
from sterna.progress import Report
from sterna.shown import Shown

if TYPE_CHECKING:
    from sterna.families.tokens.model import TokenModel


@dataclass(frozen=True, repr=False)
class TextScore(Shown):
    """Golden and float reference on the same text."""

    model: str
    source: Path
    byte_count: int
    found: Comparison

    def to_dict(self) -> dict[str, object]:
        found = self.found
        return {
            "model": self.model,
            "text": str(self.source),
            "bytes": self.byte_count,
            "tokens": found.golden.tokens,
            "float_bits_per_byte": found.reference.bits_per_byte,
            "golden_bits_per_byte": found.golden.bits_per_byte,
            "float_perplexity": found.reference.perplexity,
            "golden_perplexity": found.golden.perplexity,
            "perplexity_increase": found.perplexity_increase,
        }

    def text(self) -> list[str | tuple[str, object]]:
        golden, reference = self.found.golden, self.found.reference
        return [
            ("text", f"{self.byte_count} bytes, {golden.tokens} tokens"),
            ("float", _line(reference.bits_per_byte, reference.perplexity)),
            ("golden", _line(golden.bits_per_byte, golden.perplexity)),
            ("increase", f"{self.found.perplexity_increase:+.3%} of the perplexity"),
        ]


def evaluate(model: TokenModel, request: EvaluateRequest, report: Report
             ) -> TextScore | LogitsWritten:
    """Bits per byte and perplexity on a text, or the logits on token ids."""
    given, wanted = request.options.take(Logits), request.options.take(ScoredText)
    if given.ids is not None or given.logits is not None:
        if given.ids is None or given.logits is None:
            raise InputError("give --ids and --logits together")
        return write_logits(model, given.ids, given.logits, report)
    if wanted.text is None:
        raise InputError(f"{model.name}: give a text to score with --text, or --ids and --logits")
    tokenizer = model.tokenizer()
    encoded = encode_documents(tokenizer, read_text(wanted.text), model.begin, model.end)
    if wanted.tokens is not None:
        scored = encoded.ids[: wanted.tokens + 1]
        encoded = replace(encoded, ids=scored, byte_count=len(tokenizer.decode(scored).encode()))
    found = compare(
        model.lowered, model.reference(), encoded, model.begin, wanted.streams,
        lambda done, parts: report("scoring tokens", done, parts))
    return TextScore(model.name, wanted.text, encoded.byte_count, found)


def _line(bits_per_byte: float, perplexity: float) -> str:
    return f"{bits_per_byte:.5f} bits per byte, perplexity {perplexity:.4f}"
