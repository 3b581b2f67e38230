"""Runs tools as child processes, several at once, and leaves none behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from sterna.errors import InputError

from sterna_sim.toolchain import Toolchain

_HAS_GROUPS = hasattr(os, "killpg")  # not on Windows


class ToolRunner:
    """A context in which tools run in a folder; leaving it early stops those that still run."""

    def __init__(self, folder: Path, toolchain: Toolchain) -> None:
        self._folder = folder
        self._environment = toolchain.environment
        self._processes: set[subprocess.Popen[str]] = set()
        self._guard = threading.Lock()
        self._stopped = False
        self._pool = ThreadPoolExecutor(max(2, os.cpu_count() or 1))

    def __enter__(self) -> ToolRunner:
        return self

    def __exit__(self, *_: object) -> None:
        with self._guard:
            self._stopped = True
            for process in self._processes:
                _kill(process)
        self._pool.shutdown(cancel_futures=True)

    def run(self, command: Sequence[str]) -> None:
        """Run one command. Raises `InputError` with its first error line when it fails."""
        for _ in self.run_all([command]):
            pass

    def run_all(self, commands: Sequence[Sequence[str]]) -> Iterator[None]:
        """Run commands, as many at once as there are processors; yields as each is done."""
        for future in as_completed([self._pool.submit(self._run, each) for each in commands]):
            yield future.result()

    def _run(self, command: Sequence[str]) -> None:
        with self._guard:
            if self._stopped:
                return
            process = subprocess.Popen(
                command, cwd=self._folder, env=self._environment, text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                process_group=0 if _HAS_GROUPS else None,
            )
            self._processes.add(process)
        output, _ = process.communicate()
        with self._guard:
            self._processes.discard(process)
        if process.returncode and not self._stopped:
            lines = output.splitlines() or [f"exit code {process.returncode}"]
            telling = [line for line in lines if "rror" in line] or lines
            raise InputError(f"{Path(command[0]).name} failed: {telling[0].strip()}")


def _kill(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        if _HAS_GROUPS:  # a compiler is a driver with children of its own
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
