"""Every option of every command is read, or ends the command with its name."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from sterna.cli import commands
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.random_checkpoint import write_random_checkpoint
from sterna.families.registry import options_of
from sterna.families.requests import Request
from sterna.options import Declared, Options, declared

from tests.boards.fake_tools import FakeTools
from tests.sw.families.spiking.nir.test_recognition import graph, lif, nir

TOKENS = "random:hidden=32,layers=1,intermediate=32,vocabulary=97"
PLANES = "random:family=rwkv4,hidden=20,layers=1,vocabulary=97"
MODELS = {"language": TOKENS, "shipped language": "demo-tiny",
          "language of planes": PLANES, "network": "cubalif",
          "network with a task": "l2mu",
          "graph": "net.nir"}
BASE = {
    "run": ("--device", "emulator"), "chat": ("--device", "emulator"),
    "serve": ("--device", "emulator"), "verify": ("--device", "emulator"), "bench": (),
    "eval": (), "program": (), "simulate": (), "rtl": ("-o", "out"),
    "build": ("--board", "ulx3s-12f"), "estimate": ("--board", "ulx3s-85f"),
    "sweep": ("--board", "ulx3s-85f", "--trials", "1", "--workers", "1"),
    "report": ("--board", "ulx3s-85f", "-o", "out"), "import": ("-o", "out"),
    "run shipped language": ("--device", "emulator", "--max-tokens", "2"),
    "eval language": ("--ids", "ids.npy", "--logits", "out.npz"),
    "eval language of planes": ("--ids", "ids.npy", "--logits", "out.npz"),
    "eval shipped language": ("--text", "text"), "eval network with a task": ("--samples", "9"),
}
"""What is given besides: of a command, or of a command on a model."""
VALUES: dict[str, object] = {
    "config": "tiny", "lane": "tables", "embedding": "host", "memory": "ddr3-1.6",
    "device": "emulator", "board": "ulx3s-85f", "weights": "baked", "layer": "9x9",
    "shape": "370m", "producer": "norse", "reset": "soft", "current": "old", "compare": ">=",
    "neuron": "floor=0", "input_shape": "12", "against": "net.py:make", "lanes": 4,
    "chip_mbit": 2.5, "columns": 32, "rows": 8, "vector_lanes": 4, "clock_mhz": 50, "baud": 115200,
    "code_bits": 6, "timeout": 30, "silent": 0.5, "temperature": 0.5, "top_p": 0.5, "dt": 1e-3,
    "clock_hz": 1e6, "prompts": "text", "prompt_file": "text", "calibrate": "text",
    "text": "text", "ids": "ids.npy", "input": "events", "logits": "out.npz", "output": "out.npz",
    "image": "nowhere", "prompt": "hello",
}
"""A value of each that is not the usual one; other numbers are 2."""


@dataclass(frozen=True)
class Case:
    """An option of a command on a model."""

    request: type[Request]
    model: str
    option: Declared

    def __str__(self) -> str:
        return f"{self.request.command} {self.model} {self.option.flag}"

    def arguments(self) -> list[str]:
        """The command line, with what the command needs besides."""
        command, item = self.request.command, self.option
        model = MODELS[self.model]
        if command == "import":
            model = "net.nir" if self.model == "graph" else "checkpoint"
        base = BASE.get(f"{command} {self.model}", BASE[command])
        if item.flag in base:  # a flag and its value
            base = (*base[:base.index(item.flag)], *base[base.index(item.flag) + 2:])
        base = list(base)
        if bool in (item.type, *get_args(item.type)):
            return [command, model, *base, item.flag]
        value = VALUES.get(item.name, 2)
        if item.name == "prompt" and int in (item.type, *get_args(item.type)):
            value = 3
        if command in ("build", "rtl") and item.name == "output":
            base, value = [word for word in base if word not in ("-o", "out")], "elsewhere"
        return [command, model, *base, item.flag, str(value)]


WITHOUT = {("run", "language"), ("run", "language of planes"), ("import", "language of planes"),
           ("eval", "graph"), ("import", "network"),
           ("import", "network with a task"), ("import", "shipped language")}
WITHOUT |= {(command, model) for command in ("chat", "serve") for model in MODELS
            if model != "shipped language"}
"""What takes no text, has no options, or is no source."""
CASES = [
    Case(request, model, item)
    for request, _ in commands.COMMANDS
    for model in MODELS
    for item in {item.name: item for item in
                 (*declared(request), *options_of(request.command))}.values()
    if not item.declaration.position and item.name not in ("json", "force", "program", "flash")
    and (request.command, model) not in WITHOUT
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What options name."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "text").write_text("Once upon a time there was a king.")
    (folder / "events").write_text("0,1\n2,3\n")
    np.save(folder / "ids.npy", np.ones((1, 3), np.int64))
    write_random_checkpoint(folder / "checkpoint", ModelConfig(
        vocab_size=260, hidden_size=32, num_hidden_layers=1, intermediate_size=32))
    nir.write(folder / "net.nir", graph(lif(0.004, 2.0)))
    return folder


@pytest.fixture
def place(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy for each case, and nothing that takes long."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(files, tmp_path, dirs_exist_ok=True)
    (tmp_path / "tools").mkdir()
    FakeTools(tmp_path / "tools", monkeypatch)
    return tmp_path


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The names of the options whose values were asked for."""
    names: set[str] = set()

    def watched(group: type, names_of: tuple[str, ...]) -> type:
        def get(self: Any, name: str) -> Any:
            if name in names_of:
                names.add(name)
            return object.__getattribute__(self, name)

        return type(group.__name__, (group,), {"__getattribute__": get})

    taken = Options.take
    kinds: dict[type, type] = {}

    def take(self: Options, group: Any) -> Any:
        made = taken(self, group)
        if group not in kinds:
            kinds[group] = watched(group, tuple(item.name for item in declared(group)))
        return kinds[group](**vars(made))

    monkeypatch.setattr(Options, "take", take)
    yield names


class Done(Exception):
    """Reached what takes long, with everything that was asked for."""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made of the options is kept; simulators and boards are not begun."""
    def done(*arguments: object, **named: object) -> None:
        raise Done

    monkeypatch.setattr("sterna_boards.model_build.build_model", done)
    monkeypatch.setattr("uvicorn.Server.run", done)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    for name in ("tokens.bench.open_program", "tokens.verify.Verifier",
                 "steps.verify.Verifier", "steps.bench.open_spiking_device"):
        monkeypatch.setattr(f"sterna.families.{name}", done)
    for name in ("sterna_hw.verilog._text", "sterna.families.tokens.measured._ranges",
                 "sterna.report.on_board.written_page", "sterna_sim.serial_board.SerialBoard",
                 "sterna_sim.memory.device.open_with_memory",
                 "sterna.families.matmul_free.family.MatMulFree.import_model",
                 "sterna.families.matmul_free.model.open_random"):
        monkeypatch.setattr(name, done)


LATE = {"output", "timeout", "image", "prompt", "shape", "calibrate", "no_calibrate", "clock_hz"}
"""Read, if at all, where `quick` ends; each has tests of its own."""


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_option_is_read_or_refused(
    sterna, place: Path, read: set[str], quick: None, case: Case
) -> None:
    own = {item.name for item in declared(case.request)}
    try:
        outcome = sterna(*case.arguments())
    except Done:
        outcome = None
    if outcome is not None and outcome.code == 2:
        assert outcome.errors.count("sterna: ") == 1 and outcome.output == ""
        value = str(VALUES.get(case.option.name, 2)).partition(":")[0]
        told = (case.option.flag, case.option.name, value)
        assert any(word in outcome.errors for word in told), outcome.errors
        return
    assert outcome is None or outcome.code == 0
    assert case.option.name in read | own | LATE, f"{case}: nobody read it"


@pytest.mark.parametrize("words", [
    "estimate l2mu --board ulx3s-85f --weights sdram",
    "estimate l2mu --board ulx3s-85f --streams 4 --embedding chip",
    "estimate demo-tiny --board ulx3s-12f --code-bits 3 --neuron-lanes 9",
    "run l2mu --prompt hello --image nowhere", "run l2mu --image nowhere",
    "run demo-tiny --image nowhere", "run l2mu --device sim --image nowhere",
    "run demo-tiny --device sim --image nowhere", "run demo-tiny --steps 7",
    "run l2mu --stats", "run l2mu --temperature 1", "run demo --rows 4", "run demo --timeout 3",
    "run l2mu --input events --steps 4", "run l2mu --input events --seed 4",
    "run demo --prompts text --prompt hello", "run demo --prompt-file text --prompt hello",
    "run l2mu --allow-rounding",
    "eval l2mu --text nowhere --streams 3", "eval l2mu --text text", "eval alif --samples 3",
    "eval l2mu --timeout 3", "eval demo --text text --samples 3",
    "eval demo --ids ids.npy --logits out.npz --streams 3",
    "bench demo --prompt 3", "bench demo --silent 1", "bench l2mu --tokens 3",
    "program demo --rows 4", "program l2mu --machine",
    "build l2mu --board ulx3s-12f --weights sdram", "build l2mu --board ulx3s-12f --streams 2",
    "rtl demo -o out --clock-mhz 50", "rtl l2mu -o out --rows 4",
    "verify l2mu --tokens 3", "verify demo --steps 3", "verify demo --chip-mbit 3",
    "estimate demo --memory ddr3-1.6 --lanes 64", "estimate demo --board ulx3s-85f --chip-mbit 1",
    "import checkpoint -o out --planes 3", "import checkpoint -o out --input-shape 3",
    "simulate demo --lanes 3", "simulate l2mu --rows 3",
])
def test_what_nobody_reads_is_refused_by_name(sterna, place: Path, words: str) -> None:
    outcome = sterna(*words.split())
    assert outcome.code == 2 and outcome.output == "" and outcome.errors.count("\n") == 1
    flags = [word for word in words.split() if word.startswith("--")]
    assert any(flag[2:] in outcome.errors for flag in flags) or "nowhere: " in outcome.errors


@pytest.mark.parametrize("words", [
    "run l2mu --input nowhere", "run demo --prompts nowhere", "run demo --prompt-file nowhere",
    "eval demo --text nowhere",
    "eval demo --ids nowhere --logits out.npz", "verify l2mu --input nowhere",
    "import checkpoint -o out --calibrate nowhere",
])
def test_a_file_that_is_not_there_is_told_before_any_work(sterna, place: Path, words: str) -> None:
    outcome = sterna(*words.split())
    assert outcome.code == 2 and outcome.errors == "sterna: nowhere: file not found\n"


def configuration(sterna, *words: object) -> dict[str, object]:
    outcome = sterna("estimate", *words, "--json")
    assert outcome.code == 0, outcome.errors
    return json.loads(outcome.output)["configuration"]


@pytest.mark.parametrize("board", ["icebreaker", "ulx3s-85f", "tang-nano-9k", "kv260"])
def test_an_option_with_the_value_that_is_there_already_changes_nothing(sterna, board: str) -> None:
    """`icebreaker` has lanes of adders; to say so is no other accelerator."""
    words = ("demo-tiny", "--board", board)
    usual = configuration(sterna, *words)
    found = json.loads(sterna("estimate", *words, "--json").output)
    shape = find_shape(board)
    for name, value in {**shape, "streams": 1, "embedding": "auto",
                        "clock-mhz": found["clock_mhz"]}.items():
        assert configuration(sterna, *words, f"--{name}", value) == usual, name
    every = [word for name, value in shape.items() for word in (f"--{name}", value)]
    assert configuration(sterna, *words, *every) == usual


def find_shape(board: str) -> dict[str, object]:
    from sterna_boards.catalogue import find_board

    shape = find_board(board).for_texts().shape
    return {"rows": shape.rows, "columns": shape.columns, "vector-lanes": shape.vector_lanes,
            "lane": shape.lane}


def test_nothing_outside_families_asks_what_kind_it_has() -> None:
    """Tasks and faces know families by their names only."""
    import sterna

    folder = Path(sterna.__file__).parent
    kinds = ("spiking", "matmul", "language", "HardwareConfiguration", "SpikingConfiguration")
    for path in (*folder.glob("tasks/*.py"), *folder.glob("cli/*.py")):
        text = path.read_text().replace("MatMul-free, ternary and spiking models on FPGAs", "")
        found = [word for word in kinds if word.lower() in text.lower()]
        assert not found, (path, found)
        for name in ("model", "network", "configuration", "program", "family", "request"):
            assert f"isinstance({name}" not in text, path
