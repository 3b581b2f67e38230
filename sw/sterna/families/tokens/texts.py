"""Texts that a device continues: written as they are made, and what they took."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from sterna.errors import InputError, LinkError
from sterna.families.saved import Going, Named
from sterna.families.tokens.options import (
    PROMPT,
    Prompt,
    PromptFile,
    Prompts,
    Texts,
    unread_prompts,
)
from sterna.formats.generation import Generation
from sterna.formats.text import check_characters, lines_of, read_text, with_newlines
from sterna.formats.tokenizer import Tokenizer
from sterna.host.device import Device
from sterna.host.generate import Piece, Statistics, generate_texts
from sterna.host.passage import Passage
from sterna.law.sampling import Sampling
from sterna.options import Options
from sterna.progress import Report
from sterna.shown import Shown


@dataclass(frozen=True, repr=False)
class RunResult(Shown):
    """The texts, prompts included, and what making them took."""

    model: str
    texts: tuple[str, ...]
    statistics: Statistics = field(default_factory=Statistics)

    def to_dict(self) -> dict[str, object]:
        return {"model": self.model, "texts": list(self.texts)}

    def text(self) -> list[str | tuple[str, object]]:
        return []  # it came while it was made


def continue_texts(
    name: str, open_machine: Callable[[], Device], tokenizer: Tokenizer, generation: Generation,
    options: Options, report: Report, going: Going, program: Named,
) -> RunResult:
    """Continue the prompts that the options give; the machine is closed afterwards."""
    wanted, texts = options.take(Texts), prompts_of(options, [""] if going.resume else [PROMPT])
    going.check(program)
    statistics, passage = Statistics(), passage_of(going, texts, tokenizer.vocabulary_size)
    if going.start is not None and "seed" not in options:
        wanted = replace(wanted, seed=going.start.seed)
    sampling = sampling_of(wanted, generation)
    with closing(open_machine()) as machine:
        sampling.parameters(machine.candidates)  # refused before anything is printed
        if going.save is not None:
            machine.snapshot()  # says before the work what cannot be saved
        pieces = generate_texts(
            machine, tokenizer, texts, begin=generation.begin, end=generation.ends,
            maximum_tokens=wanted.max_tokens, sampling=sampling,
            statistics=statistics, passage=passage)
        made = TextsInOrder(texts, report.write)
        try:
            for piece in pieces:
                made.add(piece)
        except LinkError:
            # The board went away: the texts so far stay, and the error has its own line.
            made.cut()
            raise
    if passage is not None and passage.state is not None:
        going.write(program, passage.state, wanted.seed, 0, **passage.facts)
    if wanted.stats:
        report.note(_told(machine, statistics))
    return RunResult(name, made.texts(), statistics)


def passage_of(going: Going, texts: Sequence[str], vocabulary: int) -> Passage | None:
    """Where the text goes on from, if it is saved or was.

    Raises `InputError` for several texts, and for a file whose ids are none of the vocabulary.
    """
    if not going.asked:
        return None
    if len(texts) > 1:
        raise InputError(f"{going.flag}: is of one text; give one prompt")
    if going.start is None:
        return Passage()
    pending, context = going.facts("pending", "context")
    for name, ids in (("pending", pending), ("context", context)):
        if (not isinstance(ids, list) or name == "pending" and not ids
                or not all(type(token) is int and 0 <= token < vocabulary for token in ids)):
            raise InputError(f"{going.resume}: {name}: is no list of ids of the model; give what "
                             "`sterna run --save` wrote")
    return Passage(going.start.state, pending, context)


def sampling_of(wanted: Texts, generation: Generation) -> Sampling:
    """What the options ask for, and where they do not, what the model's files say.

    A device has less candidates than many files want: those are as good as all.
    """
    temperature, top_p = wanted.temperature, wanted.top_p
    return Sampling(
        generation.temperature if temperature is None else temperature,
        generation.top_k if wanted.top_k is None else wanted.top_k,
        generation.top_p if top_p is None else top_p,
        wanted.seed, or_all=wanted.top_k is None)


class TextsInOrder:
    """Writes texts one after the other while they are made side by side.

    The first that has not ended is written as it comes; what comes of the others waits.
    """

    def __init__(self, prompts: Sequence[str], write: Callable[[str], None]) -> None:
        self._prompts, self._made, self._write = prompts, [""] * len(prompts), write
        self._ended: set[int] = set()
        self._now = 0
        self._write(prompts[0])

    def add(self, piece: Piece) -> None:
        """Write this piece, or what waited for its text to end, when it is their turn."""
        if piece.ended:
            self._ended.add(piece.number)
        self._made[piece.number] += piece.text
        if piece.number != self._now:
            return
        self._write(piece.text)
        while self._now in self._ended:
            self._next()

    def cut(self) -> None:
        """End the text that is being written, and write what was made of the others."""
        self._write("\n")
        for number in range(self._now + 1, len(self._prompts)):
            if self._made[number]:
                self._write(self._prompts[number] + self._made[number] + "\n")

    def _next(self) -> None:
        self._now += 1
        text = "\n"
        if self._now < len(self._prompts):
            text += self._prompts[self._now] + self._made[self._now]
        self._write(text)

    def texts(self) -> tuple[str, ...]:
        """Every text so far, with its prompt."""
        return tuple(map("".join, zip(self._prompts, self._made, strict=True)))


def prompts_of(options: Options, usual: list[str]) -> list[str]:
    """The prompts that the options give, or usual ones. Raises `InputError`."""
    for group, reason in unread_prompts(options).items():
        for flag in options.given(group):
            raise InputError(f"{flag}: {reason}")
    lines, file = options.take(Prompts).prompts, options.take(PromptFile).prompt_file
    if lines is not None:
        return read_prompts(lines)
    if file is not None:
        return [read_prompt(file)]
    prompts = options.take(Prompt).prompt or usual
    for prompt in prompts:
        check_characters(prompt, "prompt")
    return prompts


def read_prompts(path: Path) -> list[str]:
    """The lines of a file as prompts. Raises `InputError` when there is none."""
    lines = [line for line in lines_of(read_text(path)) if line.strip(string.whitespace)]
    if not lines:
        raise InputError(f"{path}: has no prompt; give one in each line")
    return lines


def read_prompt(path: Path) -> str:
    r"""A file as one prompt with \n between its lines. Raises `InputError` when it is empty."""
    prompt = with_newlines(read_text(path)).removesuffix("\n")
    if not prompt:
        raise InputError(f"{path}: has no prompt; it is empty")
    return prompt


def _told(machine: Device, statistics: Statistics) -> str:
    counters, tokens = statistics.counters, statistics.computed_tokens
    line = (
        f"{machine.name}: {statistics.prompt_tokens} + {statistics.generated_tokens} tokens in "
        f"{statistics.seconds:.2f} s, {statistics.tokens_per_second:.1f} tokens/s"
    )
    if counters.cycles:
        line += (
            f"; {counters.cycles / tokens:.0f} cycles a token, engine busy "
            f"{counters.utilisation:.1%}, waiting for weights "
            f"{counters.waiting_weights / counters.cycles:.1%}, for codes "
            f"{counters.waiting_codes / counters.cycles:.1%}"
        )
    if machine.recoveries:
        line += f"; recoveries {machine.recoveries}"
    return line
