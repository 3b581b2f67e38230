"""Model folders: one format for all families, with digests and version in the manifest.

The manifest's ``format`` is that of every model; beside it stands the ``family`` that reads it and,
as ``format_version``, the version of that family's files.
"""

from __future__ import annotations

from pathlib import Path

from sterna.errors import InputError
from sterna.files.manifest import MANIFEST, Format
from sterna.reading import MOST_JSON, parse_json, read_bytes

REMEDY = "import it into a new folder: sterna import SRC -o DIR"


def model_format(family: str, version: int) -> Format:
    """The format of a family's model folders."""
    return Format("model", version, REMEDY, family)


def is_of(folder: Path, kind: Format, older: str) -> bool:
    """Whether a folder is a model of this format, be it damaged or of another version.

    ``older`` is what its manifest called itself before models had one format.
    """
    try:
        path = folder / MANIFEST
        values = parse_json(read_bytes(path, MOST_JSON), str(path))
        return values["format"] == older or kind.is_that_of(values)
    except (InputError, TypeError, LookupError, AttributeError):
        return False
