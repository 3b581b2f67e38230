"""A language model that stays open: texts, whole or as they come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from sterna.families.loaded import Loaded
from sterna.families.requests import LoadRequest
from sterna.families.tokens.opened import open_for
from sterna.families.tokens.options import PROMPT, Texts
from sterna.families.tokens.texts import sampling_of
from sterna.formats.text import check_characters
from sterna.host.device import Device
from sterna.host.generate import Statistics, generate
from sterna.options import Options, Reading, declared
from sterna.progress import Reports
from sterna.shown import Shown

if TYPE_CHECKING:
    from sterna.families.tokens.model import TokenModel


@dataclass(frozen=True, repr=False)
class Generated(Shown):
    """A text that a model has continued; printed, it is the prompt and what follows."""

    ENDED: ClassVar[str] = "end"
    model: str
    device: str
    prompt: str
    continuation: str
    finish: str
    """``end`` for a text that the model ended, ``length`` for one of as many tokens as asked."""
    prompt_tokens: int
    tokens: int
    """Those that were made."""
    seconds: float
    """From the first token read to the last one made."""

    @property
    def whole(self) -> str:
        """The prompt and what follows."""
        return self.prompt + self.continuation

    def __str__(self) -> str:
        return self.whole

    def to_dict(self) -> dict[str, object]:
        return {"model": self.model, "device": self.device, "prompt": self.prompt,
                "continuation": self.continuation, "finish": self.finish,
                "prompt_tokens": self.prompt_tokens, "tokens": self.tokens,
                "seconds": self.seconds}

    def text(self) -> list[str | tuple[str, object]]:
        rate = (self.prompt_tokens + self.tokens) / self.seconds if self.seconds else 0.0
        return [("model", f"{self.model} on {self.device}"),
                ("text", self.whole),
                ("tokens", f"{self.prompt_tokens} + {self.tokens} in {self.seconds:.2f} s, "
                           f"{rate:.1f} tokens/s; finish: {self.finish}")]


class LanguageModel(Loaded):
    """Continues texts; each is what `sterna run` makes of its prompt and seed, on every device."""

    def __init__(self, model: TokenModel, request: LoadRequest, reports: Reports) -> None:
        super().__init__(model, request)
        self._tokens, self._reports = model, reports
        self.tokenizer = model.tokenizer()

    @cached_property
    def machine(self) -> Device:
        """The open device."""
        with self._reports() as report:
            return open_for(self._tokens, self.request, report)

    def generate(self, prompt: str = PROMPT, **options: object) -> Generated:
        """The text that continues a prompt.

        Options are those of `sterna run`: ``max_tokens`` (64), ``temperature``, ``top_p``,
        ``top_k`` (those of the model's generation_config.json, or 0, 1 and all), ``seed`` (0).
        Raises `InputError` for others and for values out of range, `LinkError` of a board.
        """
        statistics, most = Statistics(), self._wanted(options).max_tokens
        continuation = "".join(self._pieces(prompt, options, statistics))
        made = statistics.generated_tokens
        return Generated(
            self.name, self.device, prompt, continuation,
            "length" if made == most else Generated.ENDED, statistics.prompt_tokens, made,
            statistics.seconds)

    def stream(self, prompt: str = PROMPT, **options: object) -> Iterator[str]:
        """What continues a prompt, whole characters as they come; see `generate`."""
        self._wanted(options)  # refused now, not when the first piece is asked for
        return self._pieces(prompt, options, Statistics())

    def close(self) -> None:
        """Give back the device and the model."""
        if (machine := self.__dict__.pop("machine", None)) is not None:
            machine.close()
        super().close()

    def _wanted(self, options: dict[str, object]) -> Texts:
        given = Options(**options)
        given.check(Reading((Texts,)), declared(Texts), self.name)
        return given.take(Texts)

    def _pieces(self, prompt: str, options: dict[str, object], statistics: Statistics
                ) -> Iterator[str]:
        wanted, way = self._wanted(options), self._tokens.generation
        check_characters(prompt, "prompt")
        yield from generate(
            self.machine, self.tokenizer, prompt, begin=way.begin, end=way.ends,
            maximum_tokens=wanted.max_tokens, sampling=sampling_of(wanted, way),
            statistics=statistics)
