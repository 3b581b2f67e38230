"""Generation on a device that says what it is told to say."""

from __future__ import annotations

import numpy as np
import pytest
import tokenizers
from sterna.errors import InputError
from sterna.host.counters import Counters
from sterna.host.device import StepResult
from sterna.host.generate import Statistics, generate, prompt_tokens
from sterna.models.text import Tokenizer

BEGIN, END = 1, 2


class Speaker:
    """Answers the n-th step after a reset with the n-th token of `script`."""

    name = "speaker"

    def __init__(self, script: list[int]) -> None:
        self.script, self.heard, self.resets = script, [], 0

    def reset(self) -> None:
        self.heard, self.resets = [], self.resets + 1

    def step(self, token: int) -> StepResult:
        self.heard.append(token)
        best = self.script[len(self.heard) - 1]
        rows = np.array([best, 0])
        return StepResult(np.array([5, 1]), rows, 1 << 16, -16, Counters(100, 80, 0, 5))

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def tokenizer():
    """One token a byte, from id 3 on."""
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    names = ["<unk>", "<s>", "</s>", *alphabet]
    inner = tokenizers.Tokenizer(
        tokenizers.models.BPE({name: index for index, name in enumerate(names)}, [])
    )
    inner.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = tokenizers.decoders.ByteLevel()
    inner.add_special_tokens(names[:3])
    return Tokenizer(inner)


def speak(tokenizer: Tokenizer, prompt: str, text: str, *after: int):
    """A speaker that continues the prompt with a text, and the ids of the prompt."""
    ids = prompt_tokens(tokenizer, prompt, BEGIN)
    return Speaker([0] * (len(ids) - 1) + tokenizer.encode(text) + list(after)), ids


def pieces(device, tokenizer, prompt, **options):
    return list(generate(device, tokenizer, prompt, begin=BEGIN, end=END, **options))


def test_text_comes_in_pieces_up_to_the_end_token(tokenizer):
    device, ids = speak(tokenizer, "Hi", " you!", END, 5, 5)
    statistics = Statistics()
    assert pieces(device, tokenizer, "Hi", statistics=statistics) == [" ", "y", "o", "u", "!"]
    assert device.heard == ids + tokenizer.encode(" you!")
    assert (statistics.prompt_tokens, statistics.generated_tokens) == (3, 5)
    assert statistics.counters == Counters(800, 640, 0, 40)
    assert statistics.counters.utilisation == 0.8
    assert statistics.tokens_per_second > 0


def test_a_character_of_several_tokens_comes_whole(tokenizer):
    device, _ = speak(tokenizer, "a", "né", END)
    assert pieces(device, tokenizer, "a") == ["n", "é"]


def test_a_character_that_is_cut_off_still_ends(tokenizer):
    device, _ = speak(tokenizer, "a", "é")
    assert pieces(device, tokenizer, "a", maximum_tokens=1) == ["\ufffd"]


def test_the_maximum_stops_and_computes_nothing_in_vain(tokenizer):
    device, ids = speak(tokenizer, "abc", "defgh", END)
    assert "".join(pieces(device, tokenizer, "abc", maximum_tokens=3)) == "def"
    assert len(device.heard) == len(ids) + 2


def test_no_tokens_are_made_when_none_are_asked_for(tokenizer):
    device, ids = speak(tokenizer, "abc", "d")
    assert pieces(device, tokenizer, "abc", maximum_tokens=0) == []


def test_every_text_starts_from_a_reset(tokenizer):
    device, _ = speak(tokenizer, "a", "b", END)
    assert pieces(device, tokenizer, "a") == pieces(device, tokenizer, "a") == ["b"]
    assert device.resets == 2


def test_an_empty_prompt_needs_a_begin_token(tokenizer):
    assert prompt_tokens(tokenizer, "", BEGIN) == [BEGIN]
    with pytest.raises(InputError, match="give a prompt"):
        prompt_tokens(tokenizer, "", None)


def test_a_negative_maximum_is_refused(tokenizer):
    with pytest.raises(InputError, match="max-tokens"):
        pieces(Speaker([]), tokenizer, "a", maximum_tokens=-1)
