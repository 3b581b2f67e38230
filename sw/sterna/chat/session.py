"""One conversation on an open device."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sterna.chat.conversation import ASSISTANT, SYSTEM, USER, Chat, Message
from sterna.errors import SternaError
from sterna.formats.text import check_characters
from sterna.formats.tokenizer import Tokenizer
from sterna.host.device import Device
from sterna.sharing.job import Wish
from sterna.sharing.sharing import Sharing


@dataclass
class Answered:
    """What an answer took."""

    before: int = 0
    """Ids before it, those that the device still had included."""
    kept: int = 0
    tokens: int = 0
    first_seconds: float = 0.0
    """Until its first id."""
    seconds: float = 0.0
    finish: str | None = None

    def told(self) -> str:
        """In a line."""
        if self.finish is None and not self.tokens:
            return "nothing was answered yet"
        rate = f", {self.tokens / self.seconds:.1f} tokens/s" if self.seconds else ""
        return (f"{self.before} tokens before it, {self.kept} of them kept; {self.tokens} tokens "
                f"in {self.seconds:.2f} s{rate}, the first after {self.first_seconds:.2f} s; "
                f"finish: {self.finish or 'stopped'}")


@dataclass
class Session:
    """What was said so far; `say` goes on with it."""

    device: Device
    tokenizer: Tokenizer
    chat: Chat
    wish: Wish
    """How every answer goes on; its ids are of no meaning."""
    system: str | None = None
    stats: bool = False
    """Whether what each answer took is to be told."""
    messages: list[Message] = field(default_factory=list)
    last: Answered = field(default_factory=Answered)

    def __post_init__(self) -> None:
        self._sharing = Sharing(self.device)
        self._stopped = self._broken = False
        if self.system is not None:
            check_characters(self.system, "system")
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self.messages = [] if self.system is None else [Message(SYSTEM, self.system)]

    def stop(self) -> None:
        """Let the answer that is being made end here; may be called in a signal's handler."""
        self._stopped = True

    def say(self, text: str) -> Iterator[str]:
        """The answer as it comes. What was said and answered belongs to the conversation then, if
        it was stopped too; nothing does of what ends with an error.

        Raises `InputError` for what the template does not take, and what the device raises.
        """
        check_characters(text, "what was said")
        messages = [*self.messages, Message(USER, text)]
        ids = self.chat.ids(messages)
        answer, self._stopped = "", False
        try:
            for piece in self._answer(ids):
                answer += piece
                yield piece
        except SternaError:
            self._broken = True
            raise
        self.messages = [*messages, Message(ASSISTANT, answer)]

    def close(self) -> None:
        """Give back the device."""
        self.chat.close()
        self.device.close()

    def _answer(self, ids: list[int]) -> Iterator[str]:
        if self._broken:
            self._sharing.begin()
            self._broken = False
        job = self._sharing.submit(replace(self.wish, ids=tuple(ids), conversation=True))
        decoder, start = self.tokenizer.stream(ids), time.monotonic()
        last = self.last = Answered(before=len(ids))
        try:
            while job.finish is None and not self._stopped:
                for event in self._sharing.go_on():
                    last.kept, last.seconds = job.kept, time.monotonic() - start
                    if event.tokens and not last.tokens:
                        last.first_seconds = last.seconds
                    last.tokens += len(event.tokens)
                    if text := "".join(decoder.push(token.id) for token in event.tokens):
                        yield text
            last.finish = job.finish
            if text := decoder.finish():
                yield text
        finally:
            self._sharing.cancel(job)
