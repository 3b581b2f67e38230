"""Text from a device: prompt in, pieces of text out as they come."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from sterna.errors import InputError
from sterna.host.counters import Counters
from sterna.host.device import Device, StepResult
from sterna.host.sampling import Sampler, Sampling
from sterna.models.text import Tokenizer


@dataclass
class Statistics:
    """What a generation took; filled while the text is made."""

    prompt_tokens: int = 0
    generated_tokens: int = 0
    seconds: float = 0.0
    steps: list[Counters] = field(default_factory=list)
    """Counters of every token that the device computed."""

    @property
    def tokens_per_second(self) -> float:
        """Tokens that the device computed, prompt included, by the clock on the wall."""
        return len(self.steps) / self.seconds if self.seconds else 0.0

    @property
    def counters(self) -> Counters:
        """Sums over all tokens."""
        return Counters.total(self.steps)


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
    end: int | None,
    maximum_tokens: int = 64,
    sampling: Sampling | None = None,
    statistics: Statistics | None = None,
) -> Iterator[str]:
    """The pieces of a text that continues `prompt`; the device is reset first.

    Ends at the token `end` or after `maximum_tokens`. A piece is one or more whole characters.
    Raises `InputError` for values out of range and what the device raises.
    """
    if maximum_tokens < 0:
        raise InputError(f"max-tokens is {maximum_tokens}; it must be 0 or more")
    statistics = statistics if statistics is not None else Statistics()
    sampler = Sampler(sampling or Sampling())
    ids = prompt_tokens(tokenizer, prompt, begin)
    statistics.prompt_tokens = len(ids)
    decoder = tokenizer.stream(ids)
    start = time.monotonic()

    def step(token: int) -> StepResult:
        result = device.step(token)
        statistics.steps.append(result.counters)
        statistics.seconds = time.monotonic() - start
        return result

    device.reset()
    result = None
    for token in ids:
        result = step(token)
    assert result is not None
    for position in range(maximum_tokens):
        token = sampler.choose(result)
        if token == end:
            break
        statistics.generated_tokens += 1
        piece = decoder.push(token)
        if piece:
            yield piece
        if position + 1 < maximum_tokens:
            result = step(token)
    rest = decoder.finish()
    if rest:
        yield rest
