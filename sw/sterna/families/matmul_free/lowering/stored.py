"""The number formats that belong to a model: formats.json in its folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from sterna.errors import InputError
from sterna.families.matmul_free.lowering.formats import Formats
from sterna.families.matmul_free.store import FILES, FORMAT, FORMATS_FILE
from sterna.families.matmul_free.weights import MatMulFreeModel
from sterna.files.folder import replace_folder
from sterna.files.manifest import check_folder, write_manifest


def stored_formats(model: MatMulFreeModel) -> Formats | None:
    """The formats that the model has, in its folder if it has one; None where there are none.

    Raises `InputError` naming the file when it is damaged.
    """
    if model.formats is not None:
        return Formats.from_json(model.formats)
    if model.folder is None:
        return None
    path = model.folder / FORMATS_FILE
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    with naming_the_file(model):
        return Formats.from_json(text.decode(errors="replace"))


@contextmanager
def naming_the_file(model: MatMulFreeModel) -> Iterator[None]:
    """Within it, errors about formats name the file that holds those of the model."""
    try:
        yield
    except InputError as error:
        if model.folder is None:
            raise
        raise InputError(
            f"{model.folder / FORMATS_FILE}: {error}; import the model again"
        ) from None


def store_formats(model: MatMulFreeModel, formats: Formats) -> None:
    """Keep formats in the model's folder, where `lower` finds them.

    The folder is written anew, with its other files as they are. Raises `InputError` for a model
    that is not on disk, and when the folder is damaged or cannot be written.
    """
    if model.folder is None:
        raise InputError("formats: this model has no folder to keep them; save it first")
    names = check_folder(model.folder, FORMAT, FILES)
    with replace_folder(model.folder, FORMAT) as partial:
        for name in names - {FORMATS_FILE}:
            shutil.copyfile(model.folder / name, partial / name)
        (partial / FORMATS_FILE).write_text(formats.to_json() + "\n", encoding="utf-8")
        write_manifest(partial, FORMAT)
