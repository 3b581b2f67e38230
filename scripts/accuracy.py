"""Print how much perplexity each number format costs, as a Markdown table.

    python scripts/accuracy.py demo --text tales.txt README.md

Every row changes formats of the defaults; a column is the increase of the golden executor's
perplexity over the float reference on one text. Also with formats calibrated on the first text.

    python scripts/accuracy.py --random

takes checkpoints as the official code initialises them, and prints how far the golden's logits are
from the float reference's, with the default formats and with those that `sterna import` chooses.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.conversion import float_reference
from sterna.families.matmul_free.lowering import Formats, lower
from sterna.families.matmul_free.lowering.calibration import (
    CALIBRATION_TOKENS,
    calibrate,
    import_ids,
)
from sterna.families.matmul_free.lowering.variations import variations
from sterna.families.matmul_free.random_checkpoint import initial_model
from sterna.families.matmul_free.store import load_model
from sterna.families.tokens.score import (
    evaluate,
    reference_logits,
    score_program,
    score_reference,
)
from sterna.formats.text import read_text
from sterna.formats.tokenizer import EncodedText, Tokenizer, encode_documents

RANDOM_CHECKPOINTS = ((64, 2, 0.02), (256, 3, 0.02), (512, 2, 0.05))
"""Hidden size, layers, standard deviation of the weights."""


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", nargs="?", help="model folder or name of a shipped model")
    parser.add_argument("--text", type=Path, nargs="+", default=[], help="texts to score")
    parser.add_argument("--random", action="store_true", help="instead: random checkpoints")
    parser.add_argument("--tokens", type=int, help="score only so many tokens of each text")
    parser.add_argument("--streams", type=int, default=64, help="segments scored side by side")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--defaults", action="store_true", help="only the default formats")
    return parser.parse_args()


def score_random() -> None:
    """Print the errors on ids that calibration has not seen, of three random checkpoints."""
    print("| hidden size, layers, deviation | formats | error, deviations | same best token |")
    print("|--|--|--|--|")
    for hidden, layers, deviation in RANDOM_CHECKPOINTS:
        config = ModelConfig(vocab_size=1000, hidden_size=hidden, num_hidden_layers=layers)
        model = initial_model(config, deviation, seed=0)
        ids = torch.from_numpy(np.random.default_rng(1).integers(0, 1000, (4, 12)))
        exact = reference_logits(float_reference(model), ids)
        chosen = calibrate(model, import_ids(config)).formats
        for name, formats in (("defaults", Formats()), ("import", chosen)):
            golden = evaluate(lower(model, formats), ids)
            error = (golden - exact).square().mean().sqrt() / exact.std()
            same = int((golden.argmax(-1) == exact.argmax(-1)).sum())
            print(f"| {hidden}, {layers}, {deviation} | {name} | {error:.3f} | "
                  f"{same} of {ids.numel()} |", flush=True)


def main() -> None:
    """Score every text with every format."""
    options = arguments()
    if options.threads < 1 or options.streams < 1 or (options.tokens or 1) < 1:
        raise InputError("--threads, --streams and --tokens must be at least 1")
    torch.set_num_threads(options.threads)
    if options.random:
        score_random()
        return
    if options.model is None or not options.text:
        raise InputError("give a model and --text, or --random")
    model = load_model(options.model)
    if model.tokenizer_path is None:
        raise InputError(f"{options.model}: has no tokenizer; give a model with one")
    tokenizer = Tokenizer.from_file(model.tokenizer_path)
    begin, end = model.config.bos_token_id, model.config.end_token
    texts: list[EncodedText] = []
    for path in options.text:
        encoded = encode_documents(tokenizer, read_text(path), begin, end)
        if options.tokens is not None:
            ids = encoded.ids[: options.tokens + 1]
            encoded = EncodedText(ids, len(tokenizer.decode(ids).encode()))
        texts.append(encoded)
    reference = float_reference(model)
    scores = [score_reference(reference, text, begin, options.streams) for text in texts]

    print(f"| formats | {' | '.join(path.name for path in options.text)} |")
    print(f"|--|{'--|' * len(texts)}")
    float_cells = " | ".join(f"perplexity {score.perplexity:.3f}" for score in scores)
    print(f"| float reference | {float_cells} |", flush=True)

    def row(name: str, formats: Formats) -> None:
        program = lower(model, formats)
        cells = []
        for text, score in zip(texts, scores, strict=True):
            golden = score_program(program, text, begin, options.streams)
            cells.append(f"{golden.perplexity / score.perplexity - 1:+.3%}")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)

    for word_bits in (18, 16):
        formats = Formats.default(word_bits)
        names = [(f"{word_bits} bits, defaults", formats)]
        for name, changed in names if options.defaults else variations(formats):
            row(name, changed)
        calibrated = calibrate(model, texts[0].ids[:CALIBRATION_TOKENS], word_bits).formats
        row(f"{word_bits} bits, calibrated", calibrated)


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        print(f"accuracy: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
