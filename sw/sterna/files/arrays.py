"""Files of arrays (.npz) that appear whole, and replace only those that Sterna wrote."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sterna.errors import InputError
from sterna.files.sources import refuse_meeting
from sterna.reading import require_possible
from sterna.unfinished import whole_file

_MARK = b"sterna arrays 1"
"""The comment of the archive, which numpy does not look at and drops when it writes."""


def check_file(target: Path, sources: Iterable[Path] = ()) -> None:
    """Raise `InputError` when there is something that `save_arrays` did not write, or a source."""
    require_possible(target)
    refuse_meeting(target, [target], sources)
    place = Path(os.path.realpath(target))
    if os.path.isdir(place):
        raise InputError(f"{target}: is a folder; name a file")
    if not os.path.isdir(place.parent):
        raise InputError(f"{target}: cannot be written (there is no folder {target.parent})")
    if os.path.lexists(place) and not _is_ours(place):
        raise InputError(f"{target}: is there already, and not a file of arrays that Sterna wrote; "
                         "name another file, or remove this one yourself")


def save_arrays(
    target: Path, arrays: Mapping[str, NDArray[Any]], sources: Iterable[Path] = ()
) -> None:
    """Write the arrays as numpy's ``savez_compressed`` does; the file appears when it is whole.

    `sources` are files that were read for it. Raises `InputError` as `check_file` does, and when
    the file cannot be written.
    """
    check_file(target, sources)
    place = Path(os.path.realpath(target))
    try:
        with (whole_file(place) as partial,
              zipfile.ZipFile(partial, "x", zipfile.ZIP_DEFLATED) as archive):
            archive.comment = _MARK
            for name, values in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, np.asanyarray(values), allow_pickle=False)
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror})") from None


def _is_ours(path: Path) -> bool:
    if not os.path.isfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment == _MARK
    except (OSError, zipfile.BadZipFile):
        return False
