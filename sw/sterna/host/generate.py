"""Text from a device: prompts in, pieces of text out as they come."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sterna.errors import InputError
from sterna.formats.tokenizer import StreamingDecoder, Tokenizer
from sterna.host.counters import Counters
from sterna.host.device import MOST_AT_ONCE, Device, Maker, StepResult, Wanted
from sterna.host.pace import Pace
from sterna.host.passage import Passage
from sterna.law.sampling import Sampling, choose
from sterna.machine.units.generate import MOST_ENDS


@dataclass
class Statistics:
    """What a generation took; filled while the text is made."""

    prompt_tokens: int = 0
    generated_tokens: int = 0
    computed_tokens: int = 0
    seconds: float = 0.0
    runs: list[Counters] = field(default_factory=list)
    """Counters of every run of the device, in which it computes a token or several."""

    @property
    def tokens_per_second(self) -> float:
        """Tokens that the device computed, prompts included, by the clock on the wall."""
        return self.computed_tokens / self.seconds if self.seconds else 0.0

    @property
    def counters(self) -> Counters:
        """Sums over all runs."""
        return Counters.total(self.runs)


@dataclass(frozen=True)
class Piece:
    """One or more whole characters of the text that continues prompt ``number``.

    The last of a text has ``ended``, and perhaps no characters.
    """

    number: int
    text: str
    ended: bool = False


@dataclass
class _Text:
    """A text in a token stream: ids that the device has yet to read, and what makes more."""

    number: int
    unread: list[int]
    decoder: StreamingDecoder
    sampling: Sampling
    left: int
    """Tokens that may still be added."""
    position: int = 0
    """Tokens that the device has read."""
    ids: list[int] = field(default_factory=list)
    """All that it has, of this run."""

    def choose(self, result: StepResult) -> int | None:
        """The token that follows what was read; None for a text that is to have no more."""
        if not self.left:
            return None
        values = result.values.tolist()
        place = choose(values, (result.mantissa, result.exponent),
                       self.sampling.parameters(len(values)), self.number, self.position)
        return int(result.rows[place])

    def add(self, token: int | None, ends: Collection[int], statistics: Statistics) -> Piece:
        """What follows by a token; after the last piece the device is done."""
        if token is None:
            return Piece(self.number, self.decoder.finish(), ended=True)
        self.unread = [token]
        self.ids.append(token)
        if token in ends:
            return Piece(self.number, self.decoder.finish(), ended=True)
        self.left -= 1
        statistics.generated_tokens += 1
        text = self.decoder.push(token)
        if self.left:
            return Piece(self.number, text)
        return Piece(self.number, text + self.decoder.finish(), ended=True)


def prompt_tokens(tokenizer: Tokenizer, prompt: str, begin: int | None) -> list[int]:
    """Ids of a prompt behind the begin token. Raises `InputError` when there is not one id."""
    ids = [] if begin is None else [begin]
    ids += tokenizer.encode(prompt)
    if not ids:
        raise InputError("the prompt is empty and the model has no begin token; give a prompt")
    return ids


def generate(
    device: Device,
    tokenizer: Tokenizer,
    prompt: str,
    *,
    begin: int | None,
    end: int | Collection[int] | None,
    maximum_tokens: int = 64,
    sampling: Sampling | None = None,
    statistics: Statistics | None = None,
    text: int = 0,
) -> Iterator[str]:
    """The pieces of a text that continues `prompt`; the device is reset first.

    Ends at the token `end`, or one of several, or after `maximum_tokens`. A piece is one or more
    whole characters. ``text`` is the number of the text that random numbers are drawn for. A device
    of several token streams reads the prompt in chunks. Raises `InputError` at once for values out
    of range and a prompt of no token, and later what the device raises.
    """
    pieces = generate_texts(
        device, tokenizer, [prompt], begin=begin, end=end, maximum_tokens=maximum_tokens,
        sampling=sampling, statistics=statistics, first=text)
    return (piece.text for piece in pieces if piece.text)


def generate_texts(
    device: Device,
    tokenizer: Tokenizer,
    prompts: Sequence[str],
    *,
    begin: int | None,
    end: int | Collection[int] | None,
    maximum_tokens: int = 64,
    sampling: Sampling | None = None,
    statistics: Statistics | None = None,
    passage: Passage | None = None,
    first: int = 0,
) -> Iterator[Piece]:
    """Texts that continue `prompts`, as many at once as the device has token streams.

    The next prompt joins when a text has ended. Every text is what `generate` makes of its prompt
    alone under its number, from ``first`` on: the same prompt twice gives two texts. Arguments and
    errors as of `generate`.

    A ``passage`` is where the only text goes on from, and afterwards where it ended.
    """
    if maximum_tokens < 0:
        raise InputError(f"max-tokens is {maximum_tokens}; it must be 0 or more")
    statistics = statistics if statistics is not None else Statistics()
    waiting: list[_Text] = []
    for number, prompt in enumerate(prompts, first):
        before, position = [], 0
        if passage is not None and passage.state is not None:
            before, position = passage.context, passage.state.position
            ids = [*passage.pending, *tokenizer.encode(prompt)]
        else:
            ids = prompt_tokens(tokenizer, prompt, begin)
        statistics.prompt_tokens += len(ids)
        waiting.append(_Text(number, ids, tokenizer.stream([*before, *ids]),
                             sampling or Sampling(), maximum_tokens, position, [*ids]))
    ends = frozenset([] if end is None else [end] if isinstance(end, int) else end)
    return _run(device, waiting, ends, statistics, passage)


def _run(device: Device, waiting: list[_Text], ends: frozenset[int], statistics: Statistics,
         passage: Passage | None) -> Iterator[Piece]:
    """The pieces of all texts."""
    if not waiting:
        return
    start = time.monotonic()
    device.reset()
    if passage is not None:
        if passage.state is not None:
            device.restore(passage.state)
        text = waiting[0]
        if not text.left:  # the last id stays pending, since another one is to follow it
            pending = [text.unread.pop()]
            if not text.unread:
                passage.end(device.snapshot(), text.ids, pending)
                yield Piece(text.number, "", ended=True)
                return
    # A board keeps few end tokens; of more the host looks for each itself.
    maker = device.maker if len(ends) <= MOST_ENDS else None
    way = _Here(device, ends) if maker is None else _OnBoard(maker, ends)
    running: dict[int, _Text] = {}
    way.begin(0, waiting[0], statistics)
    running[0] = waiting.pop(0)
    while waiting or running:
        while waiting and len(running) < device.streams:
            stream = device.join()
            way.begin(stream, waiting[0], statistics)
            running[stream] = waiting.pop(0)
        pieces = way.go_on(running, statistics)
        statistics.seconds = time.monotonic() - start
        for stream, piece in pieces:
            if piece.ended:
                text = running.pop(stream)
                if passage is not None:
                    passage.end(device.snapshot(stream), text.ids, text.unread or text.ids[-1:])
                device.leave(stream)
            if piece.text or piece.ended:
                yield piece


class _Here:
    """Tokens are chosen on the host, one after each run."""

    def __init__(self, device: Device, ends: frozenset[int]) -> None:
        self._device, self._ends = device, ends

    def begin(self, stream: int, text: _Text, statistics: Statistics) -> None:
        del stream, text, statistics

    def go_on(self, running: Mapping[int, _Text], statistics: Statistics
              ) -> list[tuple[int, Piece]]:
        """One run of the device."""
        steps = self._device.run({stream: text.unread for stream, text in running.items()})
        statistics.runs.append(next(iter(steps.values())).result.counters)
        pieces = []
        for stream, step in steps.items():
            text = running[stream]
            statistics.computed_tokens += len(step.places)
            text.position += len(step.places)
            text.unread = text.unread[len(step.places):]
            if not text.unread:
                token = text.choose(step.result)
                pieces.append((stream, text.add(token, self._ends, statistics)))
        return pieces


class _OnBoard:
    """Tokens are chosen by a board that feeds itself; so many are taken at a time that a user sees
    the text grow."""

    def __init__(self, maker: Maker, ends: frozenset[int]) -> None:
        self._maker, self._ends, self._pace = maker, ends, Pace(MOST_AT_ONCE)

    def begin(self, stream: int, text: _Text, statistics: Statistics) -> None:
        self._maker.begin(stream, text.unread, Wanted(
            sampling=text.sampling, most=text.left, ends=tuple(sorted(self._ends)),
            text=text.number))
        statistics.computed_tokens += len(text.unread) - bool(text.left)
        text.unread = []

    def go_on(self, running: Mapping[int, _Text], statistics: Statistics
              ) -> list[tuple[int, Piece]]:
        """One answer of each stream."""
        with self._pace.answer():
            made = self._maker.take(dict.fromkeys(running, self._pace.count))
        pieces = []
        for stream, found in made.items():
            statistics.computed_tokens += len(found.ids)
            for token in found.ids or (None,):
                pieces.append((stream, running[stream].add(token, self._ends, statistics)))
        return pieces
