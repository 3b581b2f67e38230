"""Folders that appear whole or not at all, and replace nothing that Sterna did not write."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sterna.errors import InputError
from sterna.files.manifest import MANIFEST, Format, described, is_written, read_manifest
from sterna.files.sources import refuse_meeting
from sterna.files.swap import swap
from sterna.reading import require_possible
from sterna.unfinished import renamed, unfinished_folder


@contextmanager
def replace_folder(target: Path, kind: Format, sources: Iterable[Path] = ()) -> Iterator[Path]:
    """Give an empty folder to fill, manifest included; what it holds is in `target` at the end.

    Of a `target` that is there already, the files that its manifest lists are put aside, and
    deleted when the new ones are in place; all others stay where they are. Whatever ends the block
    or the exchange early, Ctrl-C too, leaves `target` as it was. Raises `InputError` as
    `check_target` does, when a file that is not Sterna's is in the way, and when writing fails.
    """
    place = Path(os.path.realpath(target))
    old = check_target(target, kind, sources)
    above = [folder for folder in place.parents if not os.path.lexists(folder)]
    beside = place if os.path.isdir(place) else place.parent
    try:
        beside.mkdir(parents=True, exist_ok=True)
        with unfinished_folder(beside) as new:
            yield new
            assert (new / MANIFEST).is_file(), "a folder is written with its manifest"
            if os.path.isdir(place):
                swap(new, place, old)
            else:
                new.rename(place)
    except OSError as error:
        raise _unwritable(target, error) from None
    except InputError as error:  # may name a file by its place for now
        raise InputError(renamed(str(error), beside, target)) from None
    finally:
        with suppress(OSError):
            for folder in above:
                folder.rmdir()


def check_target(target: Path, kind: Format, sources: Iterable[Path] = ()) -> list[str]:
    """The files in `target` that a new folder of this format may replace.

    `sources` are files and folders that are read for it. Raises `InputError` unless `target` is
    new, empty, or a folder of the same format whose files are as Sterna wrote them, and when a
    source is the target or one of those files, by whatever name.
    """
    require_possible(target)
    place = Path(os.path.realpath(target))
    if os.path.lexists(place) and not os.path.isdir(place):
        raise InputError(f"{target}: is a file; name a folder")
    sources = list(sources)
    refuse_meeting(target, [place], sources)
    try:
        first = min(os.listdir(place), default=None) if os.path.lexists(place) else None
    except OSError as error:
        raise _unwritable(target, error) from None
    if first is None:
        return []
    values = read_manifest(place)
    if values is None:
        raise InputError(
            f"{target}: holds {first}, and no manifest of Sterna that says what may be replaced; "
            "name a new or an empty folder, or remove this one yourself")
    if not kind.is_that_of(values):
        whose = f" of {kind.family}" if kind.family else ""
        raise InputError(f"{target}: holds a {described(values)}, not a {kind.identity}{whose}; "
                         "name another folder, or remove this one yourself")
    names = [name for name in values["files"] if os.path.lexists(place / name)]
    for name in names:
        if os.path.realpath(place / name) != os.path.join(place, name):
            raise InputError(f"{target}/{name}: is a link; name another folder, or remove the link")
        if not is_written(place, values, name):
            raise InputError(f"{target}/{name}: was changed since Sterna wrote it; move it out of "
                             "the folder, or name another folder")
    refuse_meeting(target, [place / name for name in names], sources)
    return [MANIFEST, *names]


def _unwritable(target: Path, error: OSError) -> InputError:
    return InputError(f"{target}: cannot be written ({error.strerror})")
