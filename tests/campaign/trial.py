"""One wrong input through the front door, in a process of its own, and what its answer is worth.

The process is a fork of one that has imported all that is slow to import, so that a trial costs
milliseconds; a crash, a hang or a greed for memory ends the fork alone.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from sterna.files.manifest import read_manifest

TRACEBACK, HANG, ACCEPTED, LEFT, UNCLEAR, REFUSED = FAULTS = (
    "tracebacks", "hangs", "wrong acceptances", "files left", "unclear answers", "wrong refusals")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_WALL = 20
"""Seconds on the clock for one of the processor: others may use the machine."""


class Wanted(StrEnum):
    """What should become of an input."""

    REFUSED = "refused"
    """Exit 2 and one line."""
    TAKEN = "taken"
    """Exit 0."""
    EITHER = "either"
    """It may mean something; then it is taken, else refused in one line."""


@dataclass(frozen=True)
class Trial:
    """An input and what should become of it.

    `prepare` writes files into an empty folder, which becomes the current one, and gives the
    arguments after `sterna`; ``OUTPUT`` there is a name that nothing has, and that may be made.
    `names` are texts that a refusal must have. `seconds` of the processor and bytes of `memory`
    are what the command may take.
    """

    name: str
    prepare: Callable[[Path], list[str]] = field(repr=False)
    wanted: Wanted = Wanted.REFUSED
    names: tuple[str, ...] = ()
    stdin: bytes = b""
    environment: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 20
    memory: int = 1 << 30
    within: Callable[[], object] | None = None
    """Called in the process before the command: what happens to it meanwhile."""
    codes: tuple[int, ...] = (2,)
    """Exit codes of a clear refusal."""
    silent: bool = False
    """Whether nobody may hear the line of a refusal."""
    binary: bool = False
    """Whether the output is what was put in, or in another encoding."""


@dataclass(frozen=True)
class Answer:
    """What the command did; ``code`` is negative for the signal that ended it."""

    code: int
    output: str
    errors: str
    left: tuple[str, ...]
    hung: bool


OUTPUT = "made"


def run(trial: Trial) -> Answer:
    """Prepare and run a trial in a new folder, which is removed."""
    place = Path(tempfile.mkdtemp(prefix="campaign"))
    try:
        work, streams = place / "work", place / "streams"
        for folder in (work, streams, place / "tmp", place / "cache"):
            folder.mkdir()
        (streams / "in").write_bytes(trial.stdin)
        arguments = trial.prepare(work)
        before = _files(work)
        child = os.fork()
        if child == 0:
            _child(trial, arguments, work)
        code, hung = _wait(child, trial.seconds)
        left = _files(work) - before | _files(place / "tmp")
        if code == 0 or trial.silent or code > 128 and _is_whole(work):  # the work was done
            left = {name for name in left if not name.startswith(OUTPUT)}
        read = {name: (streams / name).read_bytes().decode(errors="replace")
                for name in ("out", "err") if (streams / name).exists()}
        return Answer(code, read.get("out", ""), read.get("err", ""), tuple(sorted(left)), hung)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def faults(trial: Trial, answer: Answer) -> list[str]:
    """Which of `FAULTS` the answer has."""
    found = []
    if answer.hung:
        found.append(HANG)
    elif answer.code not in (0, 1, 2, 129, 130, 141, 143) or "Traceback" in answer.errors:
        found.append(TRACEBACK)
    elif answer.code == 0 and trial.wanted is Wanted.REFUSED:
        found.append(ACCEPTED)
    elif answer.code and trial.wanted is Wanted.TAKEN:
        found.append(REFUSED)
    elif answer.code and not _is_clear(trial, answer) or "Warning:" in answer.errors or (
            not trial.binary and _CONTROLS.search(answer.output + answer.errors)):
        found.append(UNCLEAR)
    return found + ([LEFT] if answer.left else [])


def _is_clear(trial: Trial, answer: Answer) -> bool:
    """One line that names the thing, after what was told on the way."""
    if trial.silent or trial.binary and "\0" in answer.errors:
        return answer.code in trial.codes and answer.errors.count("sterna: ") <= 1
    *_, last = answer.errors.splitlines() or [""]
    told = sum(line.startswith("sterna: ") for line in answer.errors.splitlines())
    return (told == 1 and last.startswith("sterna: ") and answer.code in trial.codes
            and all(name in last for name in trial.names))


def _is_whole(work: Path) -> bool:
    """Whether the output was there when the signal came."""
    folder, file = work / OUTPUT, work / f"{OUTPUT}.npz"
    return zipfile.is_zipfile(file) if file.is_file() else read_manifest(folder) is not None


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def _wait(child: int, seconds: float) -> tuple[int, bool]:
    """Exit code, and whether the process had to be ended."""
    end = time.monotonic() + seconds * _WALL
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            code = os.waitstatus_to_exitcode(status)
            return code, code == -signal.SIGXCPU
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -signal.SIGKILL, True


def _child(trial: Trial, arguments: list[str], work: Path) -> None:
    """Never returns."""
    code = 99
    try:
        os.chdir(work)
        for number, (name, flags) in enumerate((
                ("in", os.O_RDONLY), ("out", os.O_WRONLY | os.O_CREAT),
                ("err", os.O_WRONLY | os.O_CREAT))):
            os.dup2(os.open(work.parent / "streams" / name, flags, 0o600), number)
        os.environ |= {"TMPDIR": str(work.parent / "tmp"),
                       "STERNA_CACHE": str(work.parent / "cache"), **trial.environment}
        tempfile.tempdir = None
        _limit(trial)
        from sterna.cli import application, ending

        if trial.within is not None:
            trial.within()
        try:
            code = application.run_arguments(arguments)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except KeyboardInterrupt as error:  # as `run_command`
            ending.tell(error)
            code = ending.exit_code(error)
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    os._exit(code)


def _limit(trial: Trial) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime + trial.seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    room = pages * resource.getpagesize() + trial.memory
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
