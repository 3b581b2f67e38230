"""A folder of built things named by the digest of everything that they depend on."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator
from importlib import resources
from pathlib import Path

from filelock import FileLock, Timeout

from sterna.cache_folder import cache_folder
from sterna.errors import InputError
from sterna.progress import Progress
from sterna.unfinished import remove, unfinished_folder


def digest(parts: Iterable[str | bytes]) -> str:
    """A name of 24 hexadecimal digits for the parts, in this order and with these borders."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little"))
        total.update(data)
    return total.hexdigest()[:24]


def package_sources(*packages: str) -> list[str | bytes]:
    """Name and content of every Python file of the packages: parts of a `digest`."""
    parts: list[str | bytes] = []
    for package in packages:
        root = Path(str(resources.files(package)))
        for path in sorted(root.rglob("*.py")):
            parts += [f"{package} {path.relative_to(root)}", path.read_bytes()]
    return parts


def cached_folder(kind: str, name: str, make: Callable[[Path], None],
                  progress: Progress | None = None) -> Path:
    """The folder `kind/name` of the cache, which `make` fills when it is not there yet.

    `make` works in a temporary folder beside it, which is renamed when all went well: a folder that
    exists is whole. Of several processes that want the same folder one builds and the others wait,
    which `progress` is told. Raises `InputError` when the cache cannot be written.
    """
    folder = cache_folder() / kind / name
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _lock(folder.with_name(f"{name}.lock"), kind, progress):
            if folder.is_dir():
                return folder
            # Of processes that were killed; whoever has the lock is the only one that builds.
            for left in folder.parent.glob(f"{name}.*/"):
                remove(left)
            with unfinished_folder(folder.parent, f"{name}.") as work:
                make(work)
                work.rename(folder)
    except OSError as error:
        raise InputError(
            f"{folder.parent}: cannot be written ({error.strerror}); set STERNA_CACHE to a folder "
            "of your own"
        ) from None
    return folder


@contextlib.contextmanager
def _lock(path: Path, kind: str, progress: Progress | None) -> Iterator[None]:
    """Held by one process; the operating system releases it when that one ends, however it ends."""
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        if progress is not None:
            progress(f"waiting for another process that makes the same {kind}", 0, 1)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
