"""Train a small language model on text files and write it as a Sterna model folder.

    python scripts/train.py --text tales.txt --valid more-tales.txt -o my-model

The tokenizer (byte-level BPE) is trained first. The same options and seed give the same model
on the same machine. With --checkpoint an interrupted training is taken up where it stopped.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sterna.errors import InputError
from sterna.families.matmul_free.configuration import CHANNEL_MIXERS
from sterna.families.tokens.float_score import score_text
from sterna.formats.text import read_text, split_documents
from sterna.formats.tokenizer import Tokenizer, encode_documents
from train_data import BEGIN_ID, END_ID, LEAST_VOCABULARY, TokenStreams, train_tokenizer
from train_families import FAMILIES
from train_loop import Recipe, train

LINE_INTERVAL = 50
SMOOTHING = 0.95


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--text", type=Path, nargs="+", required=True, help="training text")
    parser.add_argument("--valid", type=Path, nargs="*", default=[], help="validation text")
    parser.add_argument("-o", "--output", type=Path, required=True, help="model folder to write")
    parser.add_argument("--family", choices=FAMILIES, default="matmul-free")
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--intermediate", type=int, default=0,
                        help="384, or four times the hidden size of other families, unless given")
    parser.add_argument("--channel-mixer", choices=CHANNEL_MIXERS, default="glu",
                        help="of matmul-free: gated linear unit, or leaky integrate-and-fire "
                        "neurons")
    parser.add_argument("--vocabulary", type=int, default=512)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--batch", type=int, default=16, help="token streams a step")
    parser.add_argument("--context", type=int, default=128, help="tokens a stream and step")
    parser.add_argument("--learning-rate", type=float, default=6e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--checkpoint", type=Path, help="file that keeps the state of training")
    options = parser.parse_args()
    for name in ("steps", "batch", "context", "threads"):
        if getattr(options, name) < 1:
            raise InputError(f"--{name} must be at least 1")
    if not options.learning_rate > 0:
        raise InputError("--learning-rate must be positive")
    if options.vocabulary < LEAST_VOCABULARY:
        raise InputError(f"--vocabulary must be at least {LEAST_VOCABULARY}, the bytes included")
    return options


def run_training(
    model: Any, streams: TokenStreams, recipe: Recipe, checkpoint: Path | None
) -> None:
    """Train with a progress bar, or with a line now and then where there is no terminal."""
    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, disable=not sys.stdout.isatty()) as progress:
        task = progress.add_task("training", total=recipe.steps, loss="")
        mean = 0.0

        def report(step: int, loss: float) -> None:
            nonlocal mean
            mean = SMOOTHING * mean + (1 - SMOOTHING) * loss if mean else loss
            progress.update(task, completed=step, loss=f"loss {mean:.3f}")
            if progress.disable and (step % LINE_INTERVAL == 0 or step == recipe.steps):
                print(f"step {step} of {recipe.steps}, loss {mean:.4f} nats a token", flush=True)

        train(model, streams, recipe, checkpoint, report)


def main() -> None:
    """Train, write the folder, tell the bits per byte."""
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    text = "".join(read_text(path) for path in options.text)
    tokenizer_file = train_tokenizer(split_documents(text), options.vocabulary)
    tokenizer = Tokenizer(tokenizer_file)
    trainee = FAMILIES[options.family](options)
    encoded = encode_documents(tokenizer, text, BEGIN_ID, END_ID)
    print(
        f"{trainee.weights} weights of matrices; {encoded.byte_count} bytes of text, "
        f"{len(encoded.ids)} tokens",
        flush=True,
    )
    trainee.initialise(options.seed)
    recipe = Recipe(
        steps=options.steps,
        batch=options.batch,
        context=options.context,
        learning_rate=options.learning_rate,
        seed=options.seed,
    )
    streams = TokenStreams(encoded.ids, options.batch, options.context)
    run_training(trainee.module, streams, recipe, options.checkpoint)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokenizer.json"
        tokenizer_file.save(str(path))
        trainee.save(path, options.output, encoded.ids)
    print(f"wrote {options.output}")
    reference = trainee.stored(options.output)
    for path in options.valid:
        valid = encode_documents(tokenizer, read_text(path), BEGIN_ID, END_ID)
        score = score_text(reference, valid, BEGIN_ID)
        print(f"{path}: {score.bits_per_byte:.4f} bits per byte ({score.tokens} tokens)")
        for line in trainee.told(reference, valid):
            print(line)


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        print(f"train: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stdout.flush()
        os._exit(130)
