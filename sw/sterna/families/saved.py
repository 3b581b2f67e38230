"""What `run` saves of a text or of time steps, and what it goes on from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sterna.errors import InputError
from sterna.families.common import Saved
from sterna.files.sources import refuse_meeting
from sterna.machine.image import MemoryImage
from sterna.machine.snapshot import Snapshot, State, check_target
from sterna.options import Options
from sterna.program.definition import Program
from sterna.program.digest import program_digest


@dataclass(frozen=True)
class Named:
    """A program: what it is called, and the digest that names it."""

    name: str
    digest: Callable[[], str]

    @classmethod
    def program(cls, program: Program) -> Named:
        """That of a model."""
        return cls(program.name, lambda: program_digest(program))

    @classmethod
    def image(cls, image: MemoryImage) -> Named:
        """That of an image. Its digest raises `InputError` for a machine that cannot be read."""
        return cls(image.model, lambda: _digest(image))


def _digest(image: MemoryImage) -> str:
    if image.program is None:
        raise InputError(f"{image.model}: its image is for a machine that cannot be read; make it "
                         "again with --snapshots")
    return image.program()


@dataclass(frozen=True)
class Going:
    """The files of a command: what is saved, and what is gone on from."""

    save: Path | None
    resume: Path | None

    @classmethod
    def of(cls, options: Options, sources: Iterable[Path] = ()) -> Going:
        """Raises `InputError` for a file to save that cannot be written, before the work."""
        given = options.take(Saved)
        if given.save is not None:
            refuse_meeting(given.save, [given.save], sources)
            check_target(given.save)
        return cls(given.save, given.resume)

    @property
    def asked(self) -> bool:
        """Whether something is to be saved, or gone on from."""
        return self.save is not None or self.resume is not None

    @property
    def flag(self) -> str:
        """What was given, for messages."""
        return "--save" if self.save is not None else "--resume"

    @cached_property
    def start(self) -> Snapshot | None:
        """What is gone on from, see `check`. Raises `InputError` for a file that is no snapshot."""
        return None if self.resume is None else Snapshot.load(self.resume)

    def check(self, program: Named) -> None:
        """Raise `InputError` for a snapshot of another program."""
        if self.start is not None and self.resume is not None:
            self.start.check(self.resume, program.name, program.digest())

    def facts(self, *names: str) -> list[Any]:
        """Facts of the file to go on from. Raises `InputError` if it has not all of them."""
        assert self.start is not None and self.resume is not None
        try:
            return [self.start.facts[name] for name in names]
        except KeyError as error:
            raise InputError(f"{self.resume}: says nothing of {error}, which was saved otherwise; "
                             "give what `sterna run --save` wrote") from None

    def write(self, program: Named, state: State, seed: int, drawn: int,
              **facts: object) -> None:
        """Save a state, if that was asked for."""
        if self.save is not None:
            Snapshot(model=program.name, program=program.digest(), state=state,
                     machine=state.machine, seed=seed, drawn=drawn, facts=facts).save(self.save)
