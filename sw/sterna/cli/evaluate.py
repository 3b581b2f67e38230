"""`sterna eval`: how well the integers do, beside the float reference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import typer

from sterna.cli.device_options import TIMEOUT
from sterna.cli.logits import write_logits
from sterna.cli.model_argument import MODEL_HELP, open_model
from sterna.cli.terminal import ProgressReport, print_json, print_table
from sterna.errors import InputError


def evaluate(
    model: str = typer.Argument(..., metavar="MODEL", help=MODEL_HELP),
    text: Path | None = typer.Option(
        None, "--text", help="UTF-8 text; <|end|> lines part documents. Language models need one."
    ),
    ids: Path | None = typer.Option(
        None, "--ids", metavar="FILE.npy",
        help="Instead of a text: token ids, whole numbers [sequences, tokens]."),
    logits: Path | None = typer.Option(
        None, "--logits", metavar="OUT.npz",
        help="With --ids: logits to write, arrays `float` and `golden` "
        "[sequences, tokens, vocabulary]."),
    tokens: int | None = typer.Option(None, help="Score only so many tokens of the text."),
    streams: int = typer.Option(64, help="Segments of the text that are scored side by side."),
    samples: int = typer.Option(500, help="Samples to classify; trained spiking networks."),
    seed: int = typer.Option(0, help="Seed of the samples; spiking networks."),
    device: str | None = typer.Option(
        None, help="Trained spiking networks: classify on sim or a board too."),
    timeout: float | None = TIMEOUT,
    json: bool = typer.Option(False, "--json", help="One JSON object."),
) -> None:
    """Golden integers against the float reference.

    Bits per byte and perplexity of a language model on a text; spikes that differ, and accuracy
    where there is a task, of a spiking network. With --ids the logits of a language model on token
    ids, to hold against those of another implementation; it needs no tokenizer.
    """
    from sterna.cli.spiking import evaluate_spiking, open_spiking

    if (spiking := open_spiking(model)) is not None:
        if ids is not None or logits is not None:
            raise InputError(f"{model}: --ids and --logits are for language models")
        evaluate_spiking(spiking, samples, seed, device, json, timeout)
        return
    if device is not None:
        raise InputError(f"{model}: --device is for spiking networks; language models are scored "
                         "by the golden")
    if ids is not None or logits is not None:
        if ids is None or logits is None or text is not None or tokens is not None:
            raise InputError("give --ids and --logits together, and neither --text nor --tokens")
        write_logits(model, ids, logits, json)
        return
    if text is None:
        raise InputError(f"{model}: give a text to score with --text, or --ids and --logits")
    from sterna.families.matmul_free.conversion import float_reference
    from sterna.families.matmul_free.lowering import lower
    from sterna.families.matmul_free.score import compare
    from sterna.formats.tokenizer import encode_documents, read_text

    opened = open_model(model)
    tokenizer = opened.tokenizer()
    encoded = encode_documents(tokenizer, read_text(text), opened.begin, opened.end)
    if tokens is not None:
        if tokens < 1:
            raise InputError(f"tokens is {tokens}; it must be at least 1")
        scored = encoded.ids[: tokens + 1]
        encoded = replace(encoded, ids=scored, byte_count=len(tokenizer.decode(scored).encode()))
    if streams < 1:
        raise InputError(f"streams is {streams}; it must be at least 1")
    program = lower(opened.model, name=opened.name)
    with ProgressReport() as report:
        result = compare(
            program, float_reference(opened.model), encoded, streams,
            lambda done, parts: report("scoring tokens", done, parts),
        )
    values: dict[str, object] = {
        "model": opened.name,
        "text": str(text),
        "bytes": encoded.byte_count,
        "tokens": result.golden.tokens,
        "float_bits_per_byte": result.reference.bits_per_byte,
        "golden_bits_per_byte": result.golden.bits_per_byte,
        "float_perplexity": result.reference.perplexity,
        "golden_perplexity": result.golden.perplexity,
        "perplexity_increase": result.perplexity_increase,
    }
    if json:
        print_json(values)
        return
    print_table([
        ("text", f"{encoded.byte_count} bytes, {result.golden.tokens} tokens"),
        ("float", _line(result.reference.bits_per_byte, result.reference.perplexity)),
        ("golden", _line(result.golden.bits_per_byte, result.golden.perplexity)),
        ("increase", f"{result.perplexity_increase:+.3%} of the perplexity"),
    ])


def _line(bits_per_byte: float, perplexity: float) -> str:
    return f"{bits_per_byte:.5f} bits per byte, perplexity {perplexity:.4f}"
