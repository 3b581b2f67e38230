"""``manifest.json``: what a folder is, and the digest of every file in it that Sterna wrote.

A JSON object: ``format`` and ``format_version`` say what the folder holds, ``family`` which family
reads a model, ``sterna`` which version wrote it, ``files`` gives length and SHA-256 of each file by
its path in the folder, ``sha256`` is the digest of the rest of the manifest. Files that are not
listed belong to somebody else.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sterna import __version__
from sterna.errors import InputError
from sterna.reading import MOST_JSON, parse_json, read_bytes, require_file
from sterna.unfinished import write_whole

MANIFEST = "manifest.json"
_PREFIX = "sterna "


@dataclass(frozen=True)
class Format:
    """A kind of folder: its name, its version, and what a user does about one that is not whole."""

    name: str
    version: int
    remedy: str
    family: str = ""
    """Whose format it is, where several families have one of the name."""

    @property
    def identity(self) -> str:
        """The manifest's ``format``."""
        return _PREFIX + self.name

    def is_that_of(self, values: Mapping[str, Any]) -> bool:
        """Whether a manifest is of this kind of folder, be it of another version."""
        return (values["format"], values.get("family", "")) == (self.identity, self.family)


def file_digest(path: Path) -> str:
    """SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(
    folder: Path, kind: Format, facts: Mapping[str, object] | None = None,
    descriptions: Mapping[str, str] | None = None,
) -> None:
    """List every file that is in the folder, with ``facts`` of the writer and what each file is."""
    files: dict[str, dict[str, object]] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if name == MANIFEST:
            continue
        files[name] = {"bytes": path.stat().st_size, "sha256": file_digest(path)}
        if descriptions is not None:
            files[name] = {"description": descriptions[name]} | files[name]
    values = {
        "format": kind.identity, "format_version": kind.version,
        **({"family": kind.family} if kind.family else {}), "sterna": __version__,
        **(facts or {}), "files": files,
    }
    (folder / MANIFEST).write_text(_sealed(values), encoding="utf-8")


def add_facts(folder: Path, facts: Mapping[str, object]) -> None:
    """Put further facts into a manifest that was just written; it is the old one or the new one."""
    values = read_manifest(folder)
    if values is None:
        raise ValueError(f"{folder} has no manifest")
    files = values.pop("files")
    write_whole(folder / MANIFEST, _sealed({**values, **facts, "files": files}))


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a folder of any format and version, None where Sterna wrote none.

    Raises `InputError` when it was changed.
    """
    path = folder / MANIFEST
    try:
        text = read_bytes(path, MOST_JSON).decode("utf-8")
        values = parse_json(text, str(path))
    except (InputError, UnicodeDecodeError):
        return None
    if not isinstance(values, dict) or not str(values.get("format")).startswith(_PREFIX):
        return None
    values.pop("sha256", None)
    try:
        whole = text == _sealed(values)
    except RecursionError:
        whole = False
    if not whole or not _is_list(values.get("files")):
        raise InputError(f"{path}: was changed since Sterna wrote it; name another folder, or "
                         "make this one again elsewhere")
    return values


def described(values: Mapping[str, Any]) -> str:
    """What a manifest says that its folder is."""
    family = values.get("family")
    return f"{values['format']} of {family}" if family else str(values["format"])


def check_folder(folder: Path, kind: Format, known: Iterable[str]) -> frozenset[str]:
    """Require a whole folder of this format; returns the names of its files.

    Every byte of a listed file counts, and of the files that the reader knows none may be there
    without being listed; others are ignored. Raises `InputError`.
    """
    values = read_manifest(folder)
    if values is None or not kind.is_that_of(values):
        found = f"a {described(values)}" if values else f"no {MANIFEST} that Sterna wrote"
        whose = f" of {kind.family}" if kind.family else ""
        raise InputError(f"{folder}: is not a Sterna {kind.name}{whose} ({found}); {kind.remedy}")
    if values.get("format_version") != kind.version:
        raise InputError(
            f"{folder}: has format version {values.get('format_version')!r}, this Sterna reads "
            f"{kind.version}; {kind.remedy}")
    for name in values["files"]:
        path = folder / name
        if not os.path.isfile(path):
            raise InputError(f"{path}: file not found; {kind.remedy}")
        if not is_written(folder, values, name):
            raise InputError(
                f"{path}: is damaged (its SHA-256 is not the one in {MANIFEST}); {kind.remedy}")
    for name in known:
        if name not in values["files"] and os.path.lexists(folder / name):
            raise InputError(f"{folder / name}: is not part of this {kind.name} (not in "
                             f"{MANIFEST}); remove the file, or {kind.remedy}")
    return frozenset(values["files"])


def is_written(folder: Path, values: Mapping[str, Any], name: str) -> bool:
    """Whether the file is still the one that the manifest lists."""
    path, listed = folder / name, values["files"][name]
    try:
        return (require_file(path) == listed["bytes"]
                and file_digest(path) == listed["sha256"])
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def _sealed(values: Mapping[str, object]) -> str:
    digest = hashlib.sha256(json.dumps(values, indent=2).encode()).hexdigest()
    return json.dumps({**values, "sha256": digest}, indent=2) + "\n"


def _is_list(files: object) -> bool:
    return isinstance(files, dict) and all(
        PurePosixPath(name).parts and not PurePosixPath(name).is_absolute()
        and ".." not in PurePosixPath(name).parts
        and isinstance(entry, dict) and {"bytes", "sha256"} <= entry.keys()
        for name, entry in files.items())
