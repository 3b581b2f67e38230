"""What killed processes were writing, for the next one to remove: nothing else can, after SIGKILL.

A process that writes has a list of its unfinished files and folders in the cache, and a lock beside
it, which the operating system releases when the process ends, however it ends. A list whose lock
can be taken is of a process that is gone; whatever is on no list is not touched.
"""

from __future__ import annotations

import json
import platform
import secrets
import shutil
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from sterna.cache_folder import cache_folder

_PATIENCE = 1.0
"""Seconds that a thread waits for another one to write the list, which takes milliseconds."""
_FOLDER, _LIST, _LOCK = "unfinished", ".json", ".lock"


class OwnList:
    """The list of this process, which is there while something is on it."""

    def __init__(self) -> None:
        self._lock: FileLock | None = None
        self._path: Path | None = None
        self._guard = threading.RLock()  # a signal may come while it is held

    def write(self, paths: Iterable[Path]) -> None:
        """Say what is unfinished now. Where the cache cannot be written nothing is kept."""
        names = [str(path.absolute()) for path in paths]
        # A signal between taking the guard and the block after it leaves the guard taken for ever:
        # the other threads, which must end too, go on without it.
        guarded = self._guard.acquire(timeout=_PATIENCE)
        try:
            with suppress(OSError):
                self._write(names)
        finally:
            if guarded:
                self._guard.release()

    def _write(self, names: list[str]) -> None:
        if not names:
            self._end()
            return
        path = self._path or self._begin()
        path.write_text(json.dumps([platform.node(), names]), encoding="utf-8")

    def _begin(self) -> Path:
        folder = cache_folder() / _FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        _remove_left(folder)
        path = folder / f"{secrets.token_hex(8)}{_LIST}"
        # First, so that there is never a list that looks left behind; any thread may release it.
        self._lock = FileLock(path.with_suffix(_LOCK), thread_local=False)
        self._lock.acquire()
        self._path = path
        return path

    def _end(self) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.release()
            Path(self._lock.lock_file).unlink(missing_ok=True)
        self._path = self._lock = None  # last: whoever interrupts this does it again


def _remove_left(folder: Path) -> None:
    """Remove what is on lists of processes of this machine that are gone, and the lists."""
    for path in folder.glob(f"*{_LIST}"):
        with suppress(OSError, Timeout):
            machine, names = _read(path)
            if machine != platform.node():  # a home that several machines share
                continue
            with FileLock(path.with_suffix(_LOCK), blocking=False):
                for name in names:
                    with suppress(OSError):
                        Path(name).unlink()
                    shutil.rmtree(name, ignore_errors=True)
                path.unlink()
            path.with_suffix(_LOCK).unlink(missing_ok=True)


def _read(path: Path) -> tuple[str, list[str]]:
    """Machine and names of a list; one that was cut off names nothing."""
    try:
        machine, names = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return platform.node(), []
    return machine, names
