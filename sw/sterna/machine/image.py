"""The memory image: everything an accelerator must be loaded with to run a program."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.machine.container import check_fields, read_container, remedy, write_container
from sterna.machine.host_side import HostSide
from sterna.machine.kept import KeptValue
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space, memory_spec, word_bits, word_depth
from sterna.machine.snapshot import SNAPSHOT
from sterna.machine.unit import MOST
from sterna.machine.words import Words, word_bytes

Placement = Literal["host", "chip", "memory"]
RUN, RESET = "run", "reset"
"""Entries of a program: a token or a time step, and the beginning of a text or sequence."""

_EMBEDDING, _FILE = "embedding", "host "
"""Parts of the file beside those of memories: rows that the host sends, and its files."""

Loader = Callable[[Iterable[NDArray[np.uint8]]], None]
"""Takes all words of a memory, pieces as in `ImagePart`."""


@dataclass(frozen=True)
class ImagePart:
    """Words of one memory: ``words`` words of ``size`` bytes, made piece by piece on demand.

    ``source`` starts a new iteration over uint8 arrays [n, size]; together they hold all words.
    """

    words: int
    size: int
    source: Callable[[], Iterator[NDArray[np.uint8]]] = field(repr=False, compare=False)

    @classmethod
    def from_array(cls, array: NDArray[np.uint8]) -> ImagePart:
        """A part whose words [n, size] are in memory (or mapped)."""
        return cls(len(array), array.shape[1], lambda: iter([array]))

    def pieces(self) -> Iterator[NDArray[np.uint8]]:
        """The words in order, as uint8 arrays [n, size]."""
        return self.source()

    def array(self) -> NDArray[np.uint8]:
        """All words, uint8 [words, size]; memory must hold them."""
        pieces = list(self.pieces())
        if len(pieces) == 1:
            return pieces[0]
        return np.concatenate([np.zeros((0, self.size), np.uint8), *pieces])


@dataclass(frozen=True, kw_only=True)
class MemoryImage:
    """Contents of an accelerator's memories for one program.

    ``parts`` has one entry for each memory of the machine, in LOAD form. ``entries`` are program
    counters: `RESET` once before a text or a sequence, `RUN` for each token or time step. ``rows``
    is the row limit of RUN (the vocabulary). ``placement`` says where the input comes from, an
    embedding row or codes: ``host`` loads before each RUN one for each token stream, that of stream
    n at word ``n * row_groups`` of the memory ``input``; ``chip`` and ``memory`` (outside) have row
    r at word ``r * row_groups`` of it. ``chained``: tokens of one text may run side by side.

    ``embedding`` gives a token's row for ``host``, INPUT words in LOAD form; ``host`` is what a
    host needs to run the model without anything else of it. ``kept`` says where the machine keeps
    what the program keeps from RUN to RUN, if it has the READ unit; ``program`` gives the digest
    that names the program on any machine (`sterna.program.digest`).
    """

    machine: Machine
    model: str
    parts: Mapping[str, ImagePart]
    entries: Mapping[str, int]
    rows: int
    placement: Placement
    row_groups: int
    input: str = Space.INPUT
    chained: bool = False
    embedding: Callable[[int], Words] | None = field(default=None, repr=False, compare=False)
    host: HostSide | None = field(default=None, repr=False, compare=False)
    kept: tuple[KeptValue, ...] = ()
    program: Callable[[], str] | None = field(default=None, repr=False, compare=False)

    def input_word(self, token: int, stream: int = 0) -> int:
        """First INPUT word of the row of a stream's token; raises `InputError` if there is none."""
        if not 0 <= token < self.rows:
            raise InputError(f"token {token} is outside the vocabulary of {self.rows}")
        return (stream if self.placement == "host" else token) * self.row_groups

    def model_digest(self) -> str:
        """SHA-256 of all parts, in hexadecimal; images with the same digest compute the same."""
        digest = hashlib.sha256()
        for space in self.parts:
            part = self.parts[space]
            digest.update(f"{space.upper()} {part.words} {part.size};".encode())
            for piece in part.pieces():
                digest.update(np.ascontiguousarray(piece).data)
        return digest.hexdigest()

    @property
    def contents(self) -> int:
        """The first 64 bits of `model_digest`, as the INFO frame of a board names its contents."""
        return int(self.model_digest()[:16], 16)

    def memories(self) -> list[tuple[str, int, int, int]]:
        """What lies where: (memory, words used, words there are, bits of a word)."""
        machine = self.machine
        return [
            (str(space), self.parts[space].words, word_depth(machine, space),
             word_bits(machine, space))
            for space in self.parts
        ]

    def save(self, path: Path | str) -> None:
        """Write the image as one file; large parts are produced piece by piece."""
        parts: dict[str, Iterator[NDArray[np.uint8]]] = {
            str(space): self.parts[space].pieces() for space in self.parts}
        embedding, host = self.embedding, {}
        if embedding is not None:
            parts[_EMBEDDING] = (embedding(token) for token in range(self.rows))
        kept: dict[str, Any] = {}
        if self.kept and self.program is not None:
            kept = {"kept": [asdict(item) for item in self.kept], "program": self.program()}
        if self.host is not None:
            host = {"use": self.host.use, "facts": dict(self.host.facts),
                    "files": list(self.host.files)}
            parts |= {_FILE + name: iter([np.frombuffer(data, np.uint8)])
                      for name, data in self.host.files.items()}
        write_container(Path(path), parts, {
            "host": host,
            **kept,
            "model": self.model,
            "machine": self.machine.to_json(),
            "machine_digest": f"{self.machine.digest():016x}",
            "entries": dict(self.entries),
            "rows": self.rows,
            "placement": self.placement,
            "row_groups": self.row_groups,
            "input": str(self.input),
            "chained": self.chained,
            "word_bytes": {str(space): self.parts[space].size for space in self.parts},
            "words": {str(space): self.parts[space].words for space in self.parts},
        })

    @classmethod
    def load(cls, path: Path | str) -> MemoryImage:
        """Read and check an image file; raises `InputError` naming the file if it is damaged."""
        parts, manifest = read_container(Path(path))
        if SNAPSHOT in manifest:
            raise InputError(f"{path}: is a snapshot, not a memory image")
        try:
            _check(manifest)
            machine = Machine.from_json(manifest["machine"])
            if f"{machine.digest():016x}" != manifest["machine_digest"]:
                raise InputError("machine: of other fields")
            space = manifest["input"]
            if not memory_spec(machine, space).input:
                raise InputError("the input has another memory")
            arrays = {
                item.name: ImagePart.from_array(
                    parts[item.name].reshape(-1, word_bytes(machine, item.name)))
                for item in machine.memories
            }
            return cls(
                machine=machine, model=manifest["model"], parts=arrays,
                entries=manifest["entries"], rows=manifest["rows"],
                placement=manifest["placement"], row_groups=manifest["row_groups"],
                input=space, chained=manifest["chained"],
                embedding=_rows(parts, manifest, word_bytes(machine, Space.INPUT)),
                host=_host_side(parts, manifest["host"]),
                kept=tuple(KeptValue(**item) for item in manifest.get("kept", ())),
                program=(lambda: manifest["program"]) if "program" in manifest else None,
            )
        except (InputError, KeyError, TypeError, ValueError, AttributeError):
            # The file is as it was written, so whoever wrote it knew other fields.
            raise InputError(
                f"{path}: made by another version of Sterna; {remedy('image')}") from None

    def check_same(self, compiled: Callable[[], MemoryImage], name: str, path: Path | str) -> None:
        """Raise `InputError` unless this image, read from a file, is what a model becomes now.

        ``compiled`` compiles the model for the image's machine; it may raise `InputError`
        when the model does not fit it. The contents decide, not what the model is called.
        """
        way = f"give the model that the image was made of, or make the image of {name} again"
        try:
            wanted = compiled()
        except InputError as error:
            raise InputError(
                f"{path}: is the image of {self.model}, not of {name} ({error}); {way}") from None
        found, digest = self.model_digest(), wanted.model_digest()
        if found != digest:
            raise InputError(
                f"{path}: is an image of {self.model} with contents {found[:16]}, not that of "
                f"{name} with {digest[:16]}; {way}")
        if replace(self, model=wanted.model, parts=wanted.parts) != wanted:
            raise InputError(f"{path}: made by another version of Sterna; {remedy('image')}")


def _check(manifest: Mapping[str, Any]) -> None:
    """Raise ValueError for a manifest that none of this version is."""
    check_fields(manifest, {
        "model": str, "machine": str, "machine_digest": str, "entries": dict, "rows": int,
        "placement": str, "row_groups": int, "chained": bool, "host": dict})
    entries, host = manifest["entries"], manifest["host"]
    check_fields(entries, dict.fromkeys((RESET, RUN, *entries), int))
    if manifest["placement"] not in get_args(Placement) or max(
            0, manifest["rows"], manifest["row_groups"], *entries.values()) > MOST:
        raise ValueError("a field is out of bounds")
    if host:
        check_fields(host, {"use": str, "facts": dict, "files": list})


def _rows(parts: Mapping[str, NDArray[np.uint8]], manifest: Mapping[str, Any],
          size: int) -> Callable[[int], Words] | None:
    """What gives the embedding rows of a file, if the host sends them."""
    if _EMBEDDING not in parts:
        return None
    groups = manifest["row_groups"]
    words = parts[_EMBEDDING].reshape(manifest["rows"] * groups, size)
    return lambda token: words[token * groups:(token + 1) * groups]


def _host_side(parts: Mapping[str, NDArray[np.uint8]], host: Mapping[str, Any]) -> HostSide | None:
    if not host:
        return None
    return HostSide(host["use"], host["facts"],
                    {name: parts[_FILE + name].tobytes() for name in host["files"]})
