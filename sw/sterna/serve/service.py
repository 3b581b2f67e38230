"""What is served: a model on a device that stays open, and its limits."""

from __future__ import annotations

from dataclasses import dataclass, field

from sterna.chat.conversation import Chat
from sterna.formats.generation import Generation
from sterna.formats.tokenizer import Tokenizer
from sterna.host.device import Device
from sterna.host.generate import prompt_tokens
from sterna.serve.asked import Usual
from sterna.serve.errors import Refused
from sterna.serve.worker import Worker
from sterna.sharing.sharing import Sharing

MOST_BODY = 1 << 20
"""Bytes of a request's body."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much is taken of clients."""

    queue: int = 256
    """Texts that may wait beside those in streams."""
    deadline: float = 600.0
    """Seconds from the request to the last token."""
    most_prompt: int = 8192
    most_tokens: int = 4096


@dataclass(kw_only=True)
class Service:
    """The model; closing it gives the device back."""

    name: str
    vocabulary: int
    device: Device
    tokenizer: Tokenizer
    chat: Chat
    generation: Generation
    ends: frozenset[int]
    fingerprint: str
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        self.worker = Worker(Sharing(self.device), self.tokenizer, self.limits.queue)

    @property
    def usual(self) -> Usual:
        """What requests need not say."""
        way = self.generation
        return Usual(self.name, way.temperature, way.top_k, way.top_p, self.limits.most_tokens,
                     self.device.candidates)

    def ids(self, prompt: str | tuple[int, ...]) -> tuple[int, ...]:
        """Of a prompt. Raises `InputError` for an empty one, `Refused` for ids that are none."""
        if isinstance(prompt, str):
            return self.checked(prompt_tokens(self.tokenizer, prompt, self.generation.begin))
        wrong = next((item for item in prompt if not 0 <= item < self.vocabulary), None)
        if wrong is not None:
            raise Refused(400, f"prompt: {wrong} is no token id; they are below {self.vocabulary}",
                          param="prompt", code="invalid_value")
        return self.checked(list(prompt))

    def checked(self, ids: list[int]) -> tuple[int, ...]:
        """The ids, unless they are too many. Raises `Refused`."""
        if len(ids) > self.limits.most_prompt:
            raise Refused(400, f"{len(ids)} tokens are before the answer; at most "
                               f"{self.limits.most_prompt} are taken",
                          code="context_length_exceeded")
        return tuple(ids)

    def close(self) -> None:
        """End the thread and what renders, and give the device back."""
        self.worker.close()
        self.chat.close()
        self.device.close()
