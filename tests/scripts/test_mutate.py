"""The list of planted faults stays a list of faults, and `scripts/mutate` tells which survive."""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def load() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("mutate", str(ROOT / "scripts" / "mutate"))
    spec = importlib.util.spec_from_loader("mutate", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutate"] = module  # where dataclasses look their module up
    loader.exec_module(module)
    return module


mutate = load()
FAULTS = mutate.read_faults()


def test_there_are_faults_of_every_kind():
    names = [fault.name for fault in FAULTS]
    assert len(names) == len(set(names)) >= 60
    assert {name.split("/")[0] for name in names} == {
        "arithmetic", "boards", "cache", "calibration", "emulator", "host", "importers", "link",
        "memory", "packing", "program", "spiking", "states", "store", "verifier"}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_can_be_planted_in_this_tree(fault):
    """Its text is there once, what comes of it is Python again, and its tests are there."""
    text = fault.planted(ROOT)
    assert text != (ROOT / fault.file).read_text(encoding="utf-8")
    if fault.file.endswith(".py"):
        ast.parse(text)
    tests = [name for name in fault.tests if name.startswith("tests/")]
    assert tests and all((ROOT / name).exists() for name in tests)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A tree of two functions, of which one is tested."""
    root = tmp_path / "project"
    for name, text in {
        "sw/small.py": "def one():\n    return 1\n\n\ndef two():\n    return 2\n",
        "tests/test_one.py": "import small\n\n\ndef test_one():\n    assert small.one() == 1\n",
        "tests/test_slow.py": "import small, time\n\n\ndef test_slow():\n"
                              "    while small.one() != 1:\n        time.sleep(0.1)\n",
        "tests/test_wrong.py": "def test_wrong():\n    assert False\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    return root


def write(folder: Path, **faults: tuple[str, str, str]) -> Path:
    """A list of faults by name: old text, new text, test."""
    folder.mkdir()
    (folder / "kind.toml").write_text("".join(
        f'[[fault]]\nname = "{name}"\nfile = "sw/small.py"\nold = "{old}"\nnew = "{new}"\n'
        f'tests = ["tests/{test}"]\n' for name, (old, new, test) in faults.items()))
    return folder


NOTICED = ("return 1", "return 3", "test_one.py")


def test_what_survives_is_printed(project, tmp_path, capfd):
    folder = write(tmp_path / "faults", noticed=NOTICED,
                   broken=("def one", "def zero", "test_one.py"),
                   survives=("return 2", "return 3", "test_one.py"))
    assert mutate.main(["--jobs", "2"], project, folder) == 1
    output = capfd.readouterr().out
    assert "kind/noticed: tests/test_one.py::test_one" in output
    assert "2 of 3 faults noticed\n  kind/survives: survived, tests/test_one.py\n" in output
    assert (project / "sw" / "small.py").read_text().count("return 3") == 0


def test_all_noticed_is_0_and_a_hang_is_noticed(project, tmp_path, capfd):
    folder = write(tmp_path / "faults", noticed=NOTICED, hangs=("return 1", "return 3",
                                                               "test_slow.py"))
    assert mutate.main(["--timeout", "15"], project, folder) == 0
    output = capfd.readouterr().out
    assert "kind/hangs: no end after 15 s" in output and "2 of 2 faults noticed" in output


def test_a_fault_that_cannot_be_tried_is_told(project, tmp_path, capfd):
    folder = write(tmp_path / "faults", gone=("return 9", "return 3", "test_one.py"),
                   twice=("return", "yield", "test_one.py"),
                   red=("return 1", "return 3", "test_wrong.py"))
    assert mutate.main([], project, folder) == 1
    output = capfd.readouterr().out
    assert "kind/gone: untried, kind/gone: the old text is 0 times in sw/small.py" in output
    assert "kind/twice: the old text is 2 times in sw/small.py, not once" in output
    assert "kind/red: untried, its tests do not pass without it" in output


def test_names_choose(project, tmp_path, capfd):
    folder = write(tmp_path / "faults", noticed=NOTICED, survives=("return 2", "return 3",
                                                                  "test_one.py"))
    assert mutate.main(["--only", "*/not*"], project, folder) == 0
    assert "1 of 1 faults noticed" in capfd.readouterr().out
    assert mutate.main(["--list"], project, folder) == 0
    assert capfd.readouterr().out == "kind/noticed\nkind/survives\n"
    assert mutate.main(["--only", "nothing"], project, folder) == 2
