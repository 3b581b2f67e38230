"""All writers, in their order."""

from __future__ import annotations

from pathlib import Path

from sterna_boards.handover import (
    bench,
    configuration,
    image,
    interface,
    ip_xact,
    lists,
    raw,
    sources,
    versions,
)
from sterna_boards.handover.core import Core, Writer, Written

WRITERS: tuple[Writer, ...] = (
    configuration.write,
    image.write,
    raw.write,
    sources.write,
    lists.write,
    ip_xact.write,
    bench.write,
    interface.write,
    versions.write,
)


def write_all(core: Core, folder: Path) -> Written:
    """Fill the folder; all files with what they are, and all facts."""
    files: dict[str, str] = {}
    facts: dict[str, object] = {}
    for writer in WRITERS:
        written = writer(core, folder)
        files |= written.files
        facts |= written.facts
    return Written(files, facts)
