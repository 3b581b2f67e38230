"""Generation on a device that says what it is told to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
import tokenizers
from sterna.errors import InputError
from sterna.formats.tokenizer import Tokenizer
from sterna.host.counters import Counters
from sterna.host.device import StepResult, StreamStep
from sterna.host.generate import Piece, Statistics, generate, generate_texts, prompt_tokens
from sterna.law.sampling import Sampling

BEGIN, END = 1, 2


class Speaker:
    """Answers a text's n-th token with the n-th of its script; streams have `scripts` in order.

    Reads up to ``chunk`` tokens of a text in a run.
    """

    name = "speaker"
    maker = None

    def __init__(self, *scripts: list[int], streams: int = 1, chunk: int = 1) -> None:
        self.scripts, self.streams, self.chunk = scripts, streams, chunk
        self.resets = 0
        self.heard: list[list[int]] = []
        """Tokens of every text, in the order in which they began."""
        self.runs: list[dict[int, int]] = []
        """Tokens that every stream read in every run."""
        self._texts: dict[int, int] = {}

    def reset(self) -> None:
        self.heard, self.resets, self._texts = [[]], self.resets + 1, {0: 0}

    def join(self) -> int:
        stream = min(set(range(self.streams)) - set(self._texts))
        self._texts[stream] = len(self.heard)
        self.heard.append([])
        return stream

    def leave(self, stream: int) -> None:
        del self._texts[stream]

    def run(self, tokens: Mapping[int, Sequence[int]]) -> dict[int, StreamStep]:
        self.runs.append({stream: min(len(ids), self.chunk) for stream, ids in tokens.items()})
        steps = {}
        for stream, ids in tokens.items():
            text = self._texts[stream]
            self.heard[text] += ids[:self.chunk]
            best = self.scripts[text][len(self.heard[text]) - 1]
            result = StepResult(np.array([5, 1]), np.array([best, 0]), 1 << 16, -16,
                                Counters(100, 80, 0, 5))
            steps[stream] = StreamStep(tuple(range(self.runs[-1][stream])), result)
        return steps

    def step(self, token: int) -> StepResult:
        return self.run({0: [token]})[0].result

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


def script(tokenizer: Tokenizer, prompt: str, text: str, *after: int) -> list[int]:
    """Answers that continue the prompt with a text."""
    silent = len(prompt_tokens(tokenizer, prompt, BEGIN)) - 1
    return [0] * silent + tokenizer.encode(text) + list(after)


def speak(tokenizer: Tokenizer, prompt: str, text: str, *after: int):
    """A speaker that continues the prompt with a text, and the ids of the prompt."""
    ids = prompt_tokens(tokenizer, prompt, BEGIN)
    return Speaker(script(tokenizer, prompt, text, *after)), ids


def pieces(device, tokenizer, prompt, **options):
    return list(generate(device, tokenizer, prompt, begin=BEGIN, end=END, **options))


def test_text_comes_in_pieces_up_to_the_end_token(tokenizer):
    device, ids = speak(tokenizer, "Hi", " you!", END, 5, 5)
    statistics = Statistics()
    assert pieces(device, tokenizer, "Hi", statistics=statistics) == [" ", "y", "o", "u", "!"]
    assert device.heard == [ids + tokenizer.encode(" you!")]
    assert (statistics.prompt_tokens, statistics.generated_tokens) == (3, 5)
    assert statistics.counters == Counters(800, 640, 0, 40)
    assert statistics.counters.utilisation == 0.8
    assert statistics.tokens_per_second > 0


def test_one_of_several_end_tokens_ends_a_text(tokenizer):
    for end in (END, 0, [0, END], {END}, (END, 0, 1)):
        device, _ = speak(tokenizer, "Hi", " you!", END if end != 0 else 0, 5, 5)
        found = generate(device, tokenizer, "Hi", begin=BEGIN, end=end)
        assert "".join(found) == " you!"


def test_wrong_values_are_refused_before_the_device_is_asked(tokenizer):
    device = Speaker()
    for prompt, begin, most in (("a", BEGIN, -1), ("", None, 5)):
        with pytest.raises(InputError):
            generate(device, tokenizer, prompt, begin=begin, end=END, maximum_tokens=most)
    assert device.resets == 0


def test_a_character_of_several_tokens_comes_whole(tokenizer):
    device, _ = speak(tokenizer, "a", "né", END)
    assert pieces(device, tokenizer, "a") == ["n", "é"]


def test_a_character_that_is_cut_off_still_ends(tokenizer):
    device, _ = speak(tokenizer, "a", "é")
    assert pieces(device, tokenizer, "a", maximum_tokens=1) == ["\ufffd"]


def test_the_maximum_stops_and_computes_nothing_in_vain(tokenizer):
    device, ids = speak(tokenizer, "abc", "defgh", END)
    assert "".join(pieces(device, tokenizer, "abc", maximum_tokens=3)) == "def"
    assert len(device.heard[0]) == len(ids) + 2


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


def texts_of(found: list[Piece], prompts: list[str]) -> list[str]:
    """The texts, put together; each has ended once, with its last piece."""
    for number in range(len(prompts)):
        ends = [piece.ended for piece in found if piece.number == number]
        assert ends == [False] * (len(ends) - 1) + [True]
    return ["".join(piece.text for piece in found if piece.number == number)
            for number in range(len(prompts))]


@pytest.mark.parametrize("streams", [1, 2, 3, 8])
@pytest.mark.parametrize("chunk", [1, 4])
def test_texts_side_by_side_are_those_made_alone(tokenizer, streams, chunk):
    prompts = ["a", "longer", "", "bc", "last of all"]
    wanted = ["xyz", "", "é!", "12345678", "w"]
    device = Speaker(*(script(tokenizer, prompt, text, END)
                       for prompt, text in zip(prompts, wanted, strict=True)),
                     streams=streams, chunk=chunk)
    statistics = Statistics()
    found = list(generate_texts(device, tokenizer, prompts, begin=BEGIN, end=END,
                                maximum_tokens=9, statistics=statistics))
    assert texts_of(found, prompts) == wanted
    made = [[*prompt_tokens(tokenizer, prompt, BEGIN), *tokenizer.encode(text)]
            for prompt, text in zip(prompts, wanted, strict=True)]
    assert device.heard == made and device.resets == 1
    assert max(map(len, device.runs)) == min(streams, len(prompts))
    assert statistics.computed_tokens == sum(map(len, made))
    assert statistics.generated_tokens == sum(len(tokenizer.encode(text)) for text in wanted)
    assert len(statistics.runs) == len(device.runs)


def test_a_prompt_joins_as_soon_as_a_text_has_ended(tokenizer):
    device = Speaker(script(tokenizer, "a", "b", END), script(tokenizer, "a", "bcde", END),
                     script(tokenizer, "a", "b", END), streams=2)
    list(generate_texts(device, tokenizer, ["a"] * 3, begin=BEGIN, end=END))
    assert [sorted(run) for run in device.runs] == [[0, 1]] * 6


def test_a_prompt_is_read_in_chunks_where_the_device_can(tokenizer):
    device = Speaker(script(tokenizer, "abcdefgh", "xy", END), streams=4, chunk=4)
    assert "".join(pieces(device, tokenizer, "abcdefgh")) == "xy"
    assert device.runs == [{0: 4}, {0: 4}, {0: 1}, {0: 1}, {0: 1}]


def test_no_prompts_need_no_device(tokenizer):
    device = Speaker()
    assert list(generate_texts(device, tokenizer, [], begin=BEGIN, end=END)) == []
    assert device.resets == 0


def test_the_same_prompt_twice_gives_two_texts_each_as_alone(tokenizer):
    """Random numbers are those of the text's number, and of the place in it."""
    class Torn(Speaker):
        def run(self, tokens):
            return {stream: StreamStep(step.places, StepResult(
                np.array([5, 5, 5, 5]), np.array([40, 50, 60, 70]), 1 << 16, -16))
                for stream, step in super().run(tokens).items()}

    options = {"begin": BEGIN, "end": END, "maximum_tokens": 12,
               "sampling": Sampling(1.0, seed=3)}
    found = list(generate_texts(Torn([0] * 20, [0] * 20, streams=2), tokenizer, ["a", "a"],
                                **options))
    texts = texts_of(found, ["a", "a"])
    alone = ["".join(generate(Torn([0] * 20), tokenizer, "a", text=text, **options))
             for text in (0, 1)]
    assert texts == alone and texts[0] != texts[1]
