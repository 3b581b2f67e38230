"""What a client wants of a model, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from sterna.host.device import StepResult, Wanted
from sterna.law.sampling import Sampling
from sterna.machine.snapshot import State

STOP, LENGTH = "stop", "length"
READ, SLOT, HOST = "read", "slot", "host"
"""Where a text found the beginning of its ids: nowhere, so that all were read; in a stream that had
read it; in a state that was kept on the host."""


@dataclass(frozen=True)
class Queued:
    """Since when a job waits: by the clock, by ids that the device had done, and of how many ids
    the shares of those before him are."""

    at: float
    done: int
    before: int


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A text to be continued: ``ids`` are all that is before, at least one.

    Ends at one of ``ends`` or after ``most`` ids; random numbers are those of text ``number``.
    """

    ids: tuple[int, ...]
    most: int
    sampling: Sampling
    ends: frozenset[int] = frozenset()
    number: int = 0
    candidates: bool = False
    """Whether the candidates are wanted of which each id was chosen."""
    one_by_one: bool = False
    """Whether the client may stop at any id, behind which the state shall be."""
    conversation: bool = False
    """Whether a text is likely to come that begins with these ids."""

    def __post_init__(self) -> None:
        if not self.ids:
            raise ValueError("a text of no ids")


@dataclass(frozen=True)
class Token:
    """An id that was made, which is not one of the ends; of what, where that was wanted."""

    id: int
    candidates: StepResult | None = None


@dataclass(eq=False)
class Job:
    """A wish that waits, runs in a stream, or is done when it has a ``finish``."""

    wish: Wish
    made: list[int] = field(default_factory=list)
    """Ids, and last the end token if one was made."""
    finish: str | None = None
    begun: bool = False
    kept: int = 0
    """Ids that had not to be read, since a stream or a kept state had."""
    found: str = READ
    queued: Queued | None = None
    """While it waits for a stream."""
    state: State | None = None
    """Where it goes on after a pause, unless its stream still has it."""
    read: list[int] = field(default_factory=list)
    """What the stream, or ``state``, has read."""

    @property
    def left(self) -> int:
        """Ids that may still be made."""
        return self.wish.most - len(self.made)

    @property
    def unread(self) -> list[int]:
        """What is to be read next."""
        return [*self.wish.ids, *self.made][len(self.read):]

    @property
    def is_prompt_to_keep(self) -> bool:
        """Whether the state is wanted behind all but the last of the ids that were given."""
        return (self.wish.conversation and not self.made
                and len(self.read) < len(self.wish.ids) - 1)

    @property
    def is_careful(self) -> bool:
        """Whether no id may be made before the one before it was looked at."""
        return self.wish.one_by_one or self.wish.candidates

    def wanted(self) -> Wanted:
        """As boards take it that make texts by themselves."""
        wish = self.wish
        return Wanted(sampling=wish.sampling, most=self.left, ends=tuple(sorted(wish.ends)),
                      text=wish.number, candidates=wish.candidates)

    def add(self, token: int, candidates: StepResult | None = None) -> tuple[Token, ...]:
        """What follows; nothing to show of an end token."""
        self.made.append(token)
        if token in self.wish.ends:
            self.finish = STOP
            return ()
        if not self.left:
            self.finish = LENGTH
        return (Token(token, candidates if self.wish.candidates else None),)
