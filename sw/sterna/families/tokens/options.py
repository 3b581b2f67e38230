"""Options of models that run token by token, and of the accelerators for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sterna.machine.machine import MOST_STREAMS
from sterna.machine.texts import TEXTS
from sterna.machine.unit import one_of
from sterna.options import Group, Options, option, seed

EMBEDDINGS = ("auto", "host", "chip", "memory")
LANE_KINDS = ("adders", "tables", "twin_tables")
MEMORIES = ("ddr4x4-77", "kv260-16", "ddr3-1.6", "hbm-460", "sdram-ulx3s", "sdram-i9",
            "sdram-tang20k")
PROMPT = "Once upon a time"
MOST_TOKENS, MOST_RANDOM = 10**9, 10**6
"""Of a text, and of a simulation, which would take days."""
MOST_LANES = 1 << 14
"""Rows, and columns, of a machine."""


def released(sizes: Iterable[str]) -> type[Any]:
    """The group of a family with released sizes: ``shape``, one of them, in place of MODEL."""

    @dataclass(frozen=True)
    class Size:
        shape: str | None = option(
            None, f"Instead of MODEL: random weights of a released size: {', '.join(sizes)}.",
            metavar="SIZE", for_model=True, values=tuple(sizes))

    return Size


@dataclass(frozen=True)
class Prompt:
    prompt: list[str] | None = option(
        None, f"Text to continue ('{PROMPT}'); each of several starts anew.")


@dataclass(frozen=True)
class Prompts:
    prompts: Path | None = option(
        None, "Instead of --prompt: each line of a file, or of standard input for '-'.",
        metavar="FILE", reads=True, or_standard_input=True)


@dataclass(frozen=True)
class PromptFile:
    prompt_file: Path | None = option(
        None, "Instead of --prompt: one prompt, all lines of a file, or of standard input for "
        "'-'; a line end after the last line is no part of it.",
        metavar="FILE", reads=True, or_standard_input=True)


def unread_prompts(options: Options) -> dict[type[Group], str]:
    """Of several ways to give prompts only one is read."""
    unread: dict[type[Group], str] = {}
    for name, others in (("prompts", (Prompt, PromptFile)), ("prompt_file", (Prompt,))):
        if name in options:
            flag = f"--{name.replace('_', '-')}"
            unread |= dict.fromkeys(others, f"gives prompts, and so does {flag}; give one of them")
    return unread


@dataclass(frozen=True)
class Texts:
    """How a text goes on."""

    max_tokens: int = option(64, "Most tokens to add to a prompt (64).", least=0, most=MOST_TOKENS)
    temperature: float | None = option(
        None, "0 takes the best token; above, sample. When not given, this and the next two are "
        "those of the model's generation_config.json, or 0.", least=0, most=100)
    top_p: float | None = option(
        None, "Sample from the fewest tokens that reach this; else 1.", least=0, above=True, most=1)
    top_k: int | None = option(
        None, "Sample from this many tokens at most; else all there are.", least=1, most=1 << 16)
    seed: int = seed("Seed of the sampling; the same on every device.")
    stats: bool = option(False, "Tell speed and counters afterwards.")


@dataclass(frozen=True)
class Answers(Texts):
    """How answers of a conversation go on."""

    max_tokens: int = option(256, "Most tokens of an answer (256).", least=0, most=MOST_TOKENS)
    system: str | None = option(None, "What the model is told before the conversation.")


@dataclass(frozen=True)
class Turn:
    chat: bool = option(
        False, "Let the prompt be what a user says, by the model's chat template, and print the "
        "answer alone.")


@dataclass(frozen=True)
class Config:
    config: str | None = option(
        None, "Shape to start from: tiny, small, standard, or the configuration.json of a build.",
        metavar="PRESET|FILE", project="shape.config")


@dataclass(frozen=True)
class ConfigAlone(Config):
    config: str | None = option(
        None, "Shape to start from: tiny, small, standard, or the configuration.json of a build; "
        "without MODEL it is written as it is.", metavar="PRESET|FILE", for_model=True,
        beside_model=True)


@dataclass(frozen=True)
class Lanes:
    """The shape of the engine."""

    rows: int | None = option(
        None, "Weight rows accumulated in parallel.", least=1, most=MOST_LANES,
        project="shape.rows")
    columns: int | None = option(
        None, "Activation codes consumed in parallel.", least=1, most=MOST_LANES,
        project="shape.columns")
    vector_lanes: int | None = option(None, "Elements of a vector group.", least=1, most=1 << 10,
                                     project="shape.vector-lanes")
    lane: str | None = option(None, f"What a lane is made of: {one_of(LANE_KINDS)}.",
                             project="shape.lane", choices=LANE_KINDS)
    embedding: str = option(
        "auto", "Where embedding rows are kept: auto (usual), host, chip, or memory: the SDRAM of "
        "the board, or the memory outside that has the weights.", project="shape.embedding",
        choices=EMBEDDINGS)
    generate: bool | None = option(
        None, "Let the board make texts by itself (its unit `generate`): it has the rows, and "
        "feeds itself with the tokens that it chooses.",
        "--generate/--no-generate", project="shape.generate")


@dataclass(frozen=True)
class Streams:
    streams: int | None = option(
        None, f"Token streams that share every fetched weight, up to {MOST_STREAMS}.", least=1,
        most=MOST_STREAMS, project="shape.streams")
    texts: int | None = option(
        None, "Token streams that take turns on one engine instead, "
        f"{' or '.join(map(str, TEXTS))}.", least=1, most=max(TEXTS),
        project="shape.texts")


@dataclass(frozen=True)
class OutsideMemory:
    memory: str | None = option(
        None, f"Weights in a memory outside, with the accelerator for it: {one_of(MEMORIES)}.",
        metavar="NAME", choices=MEMORIES)


@dataclass(frozen=True)
class ChipSize:
    chip_mbit: float | None = option(
        None, "With --memory: how much the chip holds; objects are placed by size, the rest "
        "outside.", metavar="MBIT", least=0, above=True, most=1e6)


@dataclass(frozen=True)
class Tokens:
    tokens: int = option(8, "Tokens of each stream to compute; `bench` takes 4, `verify` 8, and "
                         "of four or more some in another text.", least=1, most=MOST_RANDOM)


@dataclass(frozen=True)
class BenchTokens(Tokens):
    tokens: int = option(4, "Tokens to compute, of each stream (4).", least=1, most=MOST_RANDOM)


@dataclass(frozen=True)
class LongPrompt:
    prompt: int = option(
        64, "With several streams: tokens of a prompt that one of them reads (64).", least=1,
        most=MOST_RANDOM)


@dataclass(frozen=True)
class ScoredText:
    text: Path | None = option(
        None, "UTF-8 text to score; <|end|> lines part documents.", reads=True)
    tokens: int | None = option(
        None, "Score only so many tokens of the text.", least=1, most=MOST_TOKENS)
    streams: int = option(
        64, "Segments of the text that are scored side by side (64).", least=1, most=1 << 16)


@dataclass(frozen=True)
class MeasuredText:
    text: Path | None = option(
        None, "UTF-8 text on which ranges of values, and what formats cost, are told; else a short "
        "tale that comes with Sterna.", reads=True, metavar="FILE")
    tokens: int = option(
        500, "Tokens of it (500); 0 leaves that out.", least=0, most=MOST_TOKENS)


@dataclass(frozen=True)
class Logits:
    ids: Path | None = option(
        None, "Instead of a text: token ids, whole numbers [sequences, tokens].",
        metavar="FILE.npy", reads=True)
    logits: Path | None = option(
        None, "With --ids: logits to write, arrays `float` and `golden` [sequences, tokens, "
        "vocabulary].", metavar="OUT.npz")


@dataclass(frozen=True)
class Calibrate:
    """What the number formats are chosen from."""

    calibrate: Path | None = option(
        None, "UTF-8 text whose first tokens decide the number formats, instead of random ids.",
        metavar="TEXT", reads=True)
    no_calibrate: bool = option(
        False, "Keep the default number formats; fits few models.", "--no-calibrate")


@dataclass(frozen=True)
class Listing:
    machine: bool = option(False, "Also the instructions that the accelerator runs.")
