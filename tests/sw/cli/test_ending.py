"""Signals end the command with the code that a shell gives them, and nothing stays behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

ENDING = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
every_signal = pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
# Shells start background jobs with SIGINT ignored, nohup with SIGHUP, and tests may run in one.
BEGIN = ("import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
         "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n")


def start(code: str, **options) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen([sys.executable, "-c", BEGIN + code], env=environment, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def ended(process: subprocess.Popen[str], timeout: float = 60) -> tuple[int, str, str]:
    try:
        output, errors = process.communicate(timeout=timeout)
    finally:
        process.kill()
    return process.returncode, output, errors


LISTENING = """
import os, sys, time
from sterna.cli import ending
ending.listen()
def kill(number):
    os.kill(os.getpid(), number)
    time.sleep(0.001)
"""


@every_signal
def test_an_interrupt_within_a_destructor_comes_again(number: int) -> None:
    """Python drops what a destructor raises, so it would come to nothing."""
    process = start(LISTENING + f"""
class Dying:
    def __del__(self):
        kill({int(number)})
Dying()
try:
    time.sleep(60)
except KeyboardInterrupt as error:
    sys.exit(ending.exit_code(error))
""")
    assert ended(process) == (ENDING[number], "", "")


@every_signal
def test_an_interrupt_within_an_import_ends_at_once(number: int, tmp_path: Path) -> None:
    """Whatever the module makes of exceptions; what was begun is removed, and no child stays."""
    (tmp_path / "swallowing.py").write_text(f"""
import subprocess, sys, __main__
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
try:
    __main__.kill({int(number)})
except BaseException:
    pass
""")
    process = start(LISTENING + f"""
from pathlib import Path
from sterna.unfinished import unfinished_folder
sys.path.insert(0, {str(tmp_path)!r})
with unfinished_folder(Path({str(tmp_path)!r})) as folder:
    (folder / "half").write_text("")
    import swallowing
""")
    code, output, errors = ended(process)
    assert code == ENDING[number]
    assert errors.startswith("sterna: interrupted") and errors.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["swallowing.py"] or \
        {path.name for path in tmp_path.iterdir()} == {"swallowing.py", "__pycache__"}
    assert not Path(f"/proc/{int(output)}/cmdline").exists() or \
        Path(f"/proc/{int(output)}/cmdline").read_bytes() == b""


def test_closing_is_not_interrupted_again() -> None:
    process = start(LISTENING + """
try:
    kill(15)
except KeyboardInterrupt as error:
    for number in (2, 15, 1):
        kill(number)
    print("closed")
    sys.exit(ending.exit_code(error))
""")
    assert ended(process) == (143, "closed\n", "")


def test_what_was_ignored_stays_so() -> None:
    """As under `nohup`, and in a background job of a script."""
    process = start("for number in (1, 2): signal.signal(number, signal.SIG_IGN)\n" + LISTENING
                    + "kill(1); kill(2); print('goes on')")
    assert ended(process) == (0, "goes on\n", "")


def test_an_error_that_comes_of_an_interrupt_is_one(sterna, monkeypatch) -> None:
    """Closing what is half written may fail."""
    def fail(*_: object) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise ValueError("open writing handle")

    monkeypatch.setattr("sterna.cli.models.families", fail)
    outcome = sterna("models")
    assert (outcome.code, outcome.errors) == (130, "sterna: interrupted\n")


@every_signal
def test_a_run_that_is_ended(number: int) -> None:
    process = start("from sterna.cli import main; import sys; "
                    "sys.argv[1:] = ['run', 'demo-tiny', '--max-tokens', '100000']; main()")
    assert process.stdout is not None
    process.stdout.read(20)
    process.send_signal(number)
    code, _, errors = ended(process)
    name = "" if number == signal.SIGINT else f" ({signal.Signals(number).name})"
    assert code == ENDING[number] and errors.endswith(f"sterna: interrupted{name}\n")
    assert all(line.startswith("starting PyTorch") for line in errors.splitlines()[:-1])


@every_signal
@pytest.mark.parametrize("half", ["sterna.left_behind", "filelock", "typer"])
def test_a_signal_while_a_module_is_half_imported(number: int, half: str) -> None:
    """What removes unfinished files may be the module that is half there."""
    process = start(LISTENING + f"""
class Killing:
    def find_spec(self, name, path, target=None):
        if name == {half!r}:
            kill({int(number)})
sys.meta_path.insert(0, Killing())
from sterna.cli import main
main()
""")
    code, _, errors = ended(process)
    assert code == ENDING[number] and errors.startswith("sterna: interrupted")
    assert errors.count("\n") == 1


LONG = (
    ["run", "demo-tiny", "--max-tokens", "100000"], ["verify", "demo-tiny"],
    ["rtl", "demo-tiny", "-o", "out"], ["run", "l2mu", "-o", "out.npz", "--steps", "100000"],
)


@pytest.mark.slow
@pytest.mark.verilator
@pytest.mark.parametrize("arguments", LONG, ids=lambda arguments: " ".join(arguments[:2]))
def test_a_signal_at_any_time(tmp_path: Path, arguments: list[str]) -> None:
    """From the first moment of Python on, into the compiler of the simulator."""
    draw = random.Random(str(arguments))
    for latest in (0.5, 2, 8):
        place = Path(tempfile.mkdtemp(dir=tmp_path))
        for name in ("work", "tmp"):
            (place / name).mkdir()
        number = draw.choice(list(ENDING))
        process = subprocess.Popen(
            [sys.executable, "-c", BEGIN + "from sterna.cli import main; main()", *arguments],
            cwd=place / "work", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True, stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                 "TMPDIR": str(place / "tmp"), "STERNA_CACHE": str(place / "cache")})
        listens(process)
        time.sleep(draw.uniform(0, latest))
        process.send_signal(number)
        code, _, errors = ended(process)
        assert code in (0, ENDING[number]), errors
        assert "Traceback" not in errors and errors.count("sterna: ") == (code != 0)
        assert session(process.pid) == []
        if code:
            left = [path for path in place.rglob("*") if path.is_file() or "." in path.name]
            assert all(path.suffix == ".lock" or is_whole(path) for path in left), left


def listens(process: subprocess.Popen[str]) -> None:
    """Wait until SIGTERM is caught, with which the command begins."""
    status = Path(f"/proc/{process.pid}/status")
    end = time.monotonic() + 30
    while time.monotonic() < end:
        caught = next(line for line in status.read_text().splitlines() if "SigCgt" in line)
        if int(caught.split()[1], 16) >> signal.SIGTERM - 1 & 1:
            return
        time.sleep(0.005)
    raise AssertionError("signals are not listened to")


def session(leader: int) -> list[int]:
    """Processes that are left of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def is_whole(path: Path) -> bool:
    """Whether a file is one of an entry of the cache that has its own name."""
    entry = next(part for part in (path, *path.parents) if part.parent.parent.name == "cache")
    return "." not in entry.name
