"""What a family of models is, to everything that is no family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sterna.families.requests import ImportRequest, Request
from sterna.options import Group, Reading
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.machine.image import MemoryImage

ENTRY_POINTS = "sterna.families"
"""The group under which a package names its families; each is a `Family` without arguments."""


@dataclass(frozen=True)
class ShippedModel:
    """A model that comes with a family: its name, what it is, its folder if it has one."""

    name: str
    description: str
    folder: Path | None = None


class Result(Protocol):
    """What a task found."""

    @property
    def failure(self) -> str | None:
        """Why the check failed, where the task is one."""
        ...

    def to_dict(self) -> dict[str, object]:
        """Everything, as ``--json`` prints it."""
        ...

    def text(self) -> Sequence[str | tuple[str, object]]:
        """Lines for people, and rows of a table, a name and a value each."""
        ...


class Built(Protocol):
    """A bitstream and the image for it."""

    @property
    def built(self) -> Any:
        """What `sterna_boards.model_build.write_build` takes."""
        ...

    def to_dict(self) -> dict[str, object]:
        """Everything that is known of it before its folder is written."""
        ...

    def text(self, bitstream: Path) -> Sequence[str | tuple[str, object]]:
        """As of a `Result`, with the file that was written."""
        ...


@dataclass(frozen=True)
class Exported:
    """What is written beside an accelerator's Verilog; without a model no image."""

    machine: Any
    image: MemoryImage | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    """What else the manifest tells."""
    clock_hz: float | None = None
    """The wanted clock on a board, None for the board's own."""


class Model(Protocol):
    """A model that was read.

    A task calls the method of its name with its request: ``verify(request, report)`` gives a
    `Result`. A model has the methods of the commands in its family's `options`.
    """

    @property
    def name(self) -> str:
        """What it was named by."""
        ...

    @property
    def sources(self) -> Sequence[Path]:
        """What was read of the user's own; nothing that is written may replace it."""
        ...

    def close(self) -> None:
        """Give back what was opened for it; safe to call twice."""
        ...


class OpenedModel:
    """A model with the name it was given by; ``sources`` is what was read of the user's own."""

    def __init__(self, name: str, sources: Sequence[Path] = ()) -> None:
        self.name = name
        self.sources = tuple(sources)

    def close(self) -> None:
        """Give back what was opened for it; most need nothing."""


@dataclass(frozen=True)
class Coverage:
    """What is known of a family beside how it is read; a family may have one as ``coverage``."""

    planes: str
    """Ternary planes of its matrices that it was checked with."""
    systems: tuple[str, ...]
    """Systems of published papers that are read from what the family imports."""


class Family(Protocol):
    """How models of a kind are read and listed, and what its options are.

    One that imports folders of a config.json may have the `model_type` of them as ``types``.

    It is asked at every start of the command line, so its module imports nothing that is heavy.
    """

    @property
    def name(self) -> str:
        """In the manifests of its folders."""
        ...

    @property
    def kind(self) -> str:
        """``a language model``."""
        ...

    @property
    def plural(self) -> str:
        """``language models``: whom its options are for."""
        ...

    @property
    def reads(self) -> Mapping[str, str]:
        """Forms of MODEL, and what each is."""
        ...

    @property
    def imports(self) -> Mapping[str, str]:
        """Forms of SRC that `import_model` takes, and what each is."""
        ...

    @property
    def options(self) -> Mapping[str, tuple[type[Group], ...]]:
        """Groups of options by command, for every command that takes its models."""
        ...

    def shipped(self) -> Sequence[ShippedModel]:
        """The models that come with it, which MODEL names."""
        ...

    def recognises(self, model: str) -> bool:
        """Whether MODEL is of this family, by its name, its form or its manifest."""
        ...

    def reading(self, request: Request) -> Reading:
        """Which of the command's groups this request reads."""
        ...

    def open(self, request: Request, report: Report) -> Model:
        """The model of a request. Raises `InputError` for one that is damaged or wrong."""
        ...

    def takes(self, source: str) -> bool:
        """Whether SRC is of this family."""
        ...

    def import_model(self, request: ImportRequest, report: Report) -> Sequence[str]:
        """Write a model folder; returns what there is to tell, a line each."""
        ...
