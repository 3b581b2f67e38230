"""Every command that writes keeps what is not its own, and never replaces what it reads."""

from __future__ import annotations

import json
import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np
import pytest
from sterna.cli import application
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.random_checkpoint import write_random_checkpoint
from sterna.families.matmul_free.random_model import random_model
from sterna.families.matmul_free.store import save_model
from sterna.families.requests import RunRequest
from sterna.families.spiking.examples import EXAMPLES
from sterna.families.spiking.quantise import quantise
from sterna.families.spiking.store import save_network
from sterna.files.folder import replace_folder
from sterna.files.manifest import Format, write_manifest
from sterna.machine.image import MemoryImage
from sterna.machine.snapshot import Snapshot
from sterna.options import Options
from sterna.progress import Report
from sterna.tasks.perform import opened

from tests.boards.fake_tools import FakeTools

CONFIG = ModelConfig(vocab_size=260, hidden_size=64, num_hidden_layers=1, intermediate_size=64)
SHAPE = ["--rows", "4", "--columns", "8", "--vector-lanes", "4", "--lane", "adders"]
BUILD = ["--board", "ulx3s-12f", "--seeds", "1", "--clock-mhz", "100"]

FOLDERS = {
    "import checkpoint": ["import", "checkpoint"],
    "import graph": ["import", "graph.nir"],
    "rtl preset": ["rtl", "--config", "tiny", "--force"],
    "rtl model": ["rtl", "model", "--config", "tiny", "--force"],
    "rtl network": ["rtl", "network", "--lanes", "4", "--neuron-lanes", "1", "--force"],
    "rtl board": ["rtl", "model", "--board", "arty-a7-100t", *SHAPE, "--force"],
    "build model": ["build", "model", *BUILD, *SHAPE],
    "report model": ["report", "model", "--board", "ulx3s-12f", *SHAPE],
    "report network": ["report", "network", "--board", "ulx3s-12f"],
    "sweep model": ["sweep", "model", "--board", "ulx3s-12f", *SHAPE, "--trials", "1",
                    "--workers", "1"],
    "build network": ["build", "network", *BUILD, "--neuron-lanes", "1"],
    "verify model": ["verify", "model", "--device", "emulator", "--tokens", "1"],
}
"""Ways to write a folder; ``-o`` and the folder are added."""
SOURCES = ("checkpoint", "graph.nir", "model", "network")
FILES = {
    "run": (["run", "network", "--input", "frames.npy"], "--output"),
    "eval": (["eval", "model", "--ids", "ids.npy"], "--logits"),
}
"""Ways to write a file of arrays: what is read, and the option that names it."""
SNAPSHOTS = {"run": (["run", "network", "--input", "frames.npy"], "--save")}
"""The same for a snapshot."""
READ = {("run", "prompts"), ("run", "resume"), ("run", "prompt_file"), ("run", "input"),
        ("run", "image"), ("chat", "image"), ("serve", "image"),
        ("eval", "text"), ("eval", "data"), ("eval", "ids"), ("sweep", "text"),
        ("import", "calibrate"), ("verify", "input"), ("report", "input"), ("report", "text"),
        ("bench", "input"),
        ("report", "build"), ("probe", "builds")}
"""Options and arguments that name a file or folder that is read; all others are written."""


def test_every_option_that_writes_is_tried_here() -> None:
    """By their types, whatever they are called."""
    found = {
        (command.name, name)
        for command in application.application().registered_commands if command.callback is not None
        for name, kind in get_type_hints(command.callback).items()
        if kind is Path or Path in get_args(kind)
    }
    written = {(arguments[0], "output") for arguments in FOLDERS.values()}
    written |= {(arguments[0], option[2:])
                for arguments, option in (*FILES.values(), *SNAPSHOTS.values())}
    written.add(("verify", "waves"))  # tests/sim/test_waves.py
    written.add(("sweep", "study"))  # tests/sw/sweep
    assert found - READ == written and found > READ


@dataclass(frozen=True)
class Place:
    """A working folder with sources."""

    folder: Path

    def content(self) -> dict[str, bytes]:
        return {path.relative_to(self.folder).as_posix(): path.read_bytes()
                for path in self.folder.rglob("*")
                if path.is_file() and "cache" not in path.parts}


def write_graph(path: Path) -> None:
    """Three neurons."""
    nir = pytest.importorskip("nir")
    ones = np.ones(3)
    nir.write(path, nir.NIRGraph({
        "input": nir.Input(input_type={"input": np.array([3])}),
        "weights": nir.Affine(weight=np.eye(3) * 2, bias=ones / 4),
        "cells": nir.LIF(tau=ones * 4e-4, r=ones * 4, v_leak=ones * 0, v_threshold=ones,
                         v_reset=ones * 0),
        "output": nir.Output(output_type={"output": np.array([3])}),
    }, [("input", "weights"), ("weights", "cells"), ("cells", "output")]))


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint, a graph, and a stored model of each kind."""
    folder = tmp_path_factory.mktemp("sources")
    write_random_checkpoint(folder / "checkpoint", CONFIG)
    save_model(random_model(CONFIG, 1), folder / "model")
    save_network(quantise(EXAMPLES["cubalif"]()), folder / "network")
    write_graph(folder / "graph.nir")
    return folder


@pytest.fixture
def place(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    shutil.copytree(sources, tmp_path, dirs_exist_ok=True)
    (tmp_path / "tools").mkdir()
    FakeTools(tmp_path / "tools", monkeypatch)
    monkeypatch.setenv("STERNA_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return Place(tmp_path)


def refused(sterna, place: Place, arguments: list[str], message: str) -> None:
    before = place.content()
    outcome = sterna(*arguments)
    assert outcome.code == 2 and message in outcome.errors, outcome.errors
    assert outcome.errors.count("\n") == 1 and outcome.errors.startswith("sterna: ")
    assert place.content() == before


every_folder = pytest.mark.parametrize("arguments", FOLDERS.values(), ids=FOLDERS)


@every_folder
def test_folders_of_others_are_refused(sterna, place: Place, arguments: list[str]) -> None:
    """Whatever the names of the files in them; those of older versions have no manifest too."""
    for number, names in enumerate((["config.json"], ["manifest.json"],
                                    ["config.json", "manifest.json", "image.sterna"])):
        folder = place.folder / f"theirs{number}"
        folder.mkdir()
        (folder / "thesis.txt").write_text("five years of work")
        for name in names:
            (folder / name).write_text("{}")
        refused(sterna, place, [*arguments, "-o", folder.name], "no manifest of Sterna")
    with replace_folder(place.folder / "other", Format("other thing", 1, "")) as folder:
        (folder / "a").write_text("a")
        write_manifest(folder, Format("other thing", 1, ""))
    refused(sterna, place, [*arguments, "-o", "other"], "other: holds a sterna other thing, not")
    (place.folder / "file").write_text("mine")
    refused(sterna, place, [*arguments, "-o", "file"], "file: is a file; name a folder")


@every_folder
def test_what_is_read_is_never_replaced(sterna, place: Place, arguments: list[str]) -> None:
    for source in set(SOURCES) & set(arguments):
        (place.folder / "link").symlink_to(source)
        for name in (source, f"./{source}", "link", f"{source}/../{source}"):
            message = "name a folder" if source == "graph.nir" else "which is read for it"
            refused(sterna, place, [*arguments, "-o", name], message)


@contextmanager
def full_disk(most: int = 200) -> Iterator[None]:
    """No file may grow beyond so many bytes: writing more fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@every_folder
def test_our_folder_is_replaced_and_the_rest_of_it_stays(
    sterna, place: Place, arguments: list[str]
) -> None:
    assert sterna(*arguments, "-o", "out").code == 0
    out = place.folder / "out"
    with full_disk():
        for folder in ("out", "new"):
            refused(sterna, place, [*arguments, "-o", folder], "cannot be written")
    assert not (place.folder / "new").exists()
    written = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    manifest = json.loads((out / "manifest.json").read_text())
    assert {out / name for name in manifest["files"]} | {out / "manifest.json"} == set(written)
    (out / "thesis.txt").write_text("five years of work")
    assert sterna(*arguments, "-o", "out").code == 0
    assert (out / "thesis.txt").read_text() == "five years of work"
    assert {path for path in out.rglob("*") if path.is_file()} == {*written, out / "thesis.txt"}
    first = out / min(manifest["files"])
    first.write_bytes(first.read_bytes() + b"my own line")
    refused(sterna, place, [*arguments, "-o", "out"], f"{first.name}: was changed since Sterna")


@pytest.mark.parametrize("name", ["import checkpoint", "import graph", "rtl network",
                                  "build network"])
def test_the_folder_where_one_is_and_a_link(
    sterna, place: Place, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``-o .`` fills the current folder if it may be, and ``-o LINK`` that of the link."""
    arguments = FOLDERS[name]
    refused(sterna, place, [*arguments, "-o", "."], ".: holds ")
    (place.folder / "empty").mkdir()
    (place.folder / "link").symlink_to("empty")
    monkeypatch.chdir(place.folder / "empty")
    away = [str(place.folder / word) if word in SOURCES else word for word in arguments]
    assert sterna(*away, "-o", ".").code == 0
    assert (place.folder / "empty" / "manifest.json").is_file()
    assert sterna(*away, "-o", "../link").code == 0
    assert (place.folder / "link").is_symlink()
    assert not [*place.folder.glob(".sterna*"), *place.folder.glob("*/.sterna*")]


def test_a_build_that_names_no_folder(sterna, place: Place) -> None:
    (place.folder / "build" / "ulx3s-12f").mkdir(parents=True)
    (place.folder / "build" / "ulx3s-12f" / "manifest.json").write_text("{}")
    refused(sterna, place, FOLDERS["build model"], "no manifest of Sterna")


def test_a_configuration_is_not_replaced_by_what_is_made_of_it(sterna, place: Place) -> None:
    assert sterna(*FOLDERS["rtl preset"], "-o", "out").code == 0
    (place.folder / "hard.json").hardlink_to(place.folder / "out" / "configuration.json")
    for name in ("out/configuration.json", "hard.json"):
        refused(sterna, place, ["rtl", "--config", name, "-o", "out", "--force"], "is read for it")


def sources_of(request: RunRequest) -> tuple[Path, ...]:
    with opened(request, Report()) as model:
        return model.sources


def test_what_is_ours_is_no_source() -> None:
    """A folder that happens to have that name may be written."""
    for name in ("demo", "l2mu", "random:hidden=64,layers=1"):
        assert sources_of(RunRequest(model=name)) == ()
    assert sources_of(RunRequest(model="demo", options=Options(config="tiny"))) == ()


def test_an_import_that_is_interrupted_leaves_the_old_model(
    sterna, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even behind the weights and the formats."""
    (place.folder / "text").write_text("Once upon a time")
    arguments = ["import", "checkpoint", "-o", "out", "--calibrate", "text"]
    assert sterna(*arguments).code == 0
    before = place.content()

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sterna.families.matmul_free.store.write_manifest", interrupt)
    for target in ("out", "new"):
        assert sterna(*arguments[:3], target, *arguments[4:]).code == 130
        assert place.content() == before and not (place.folder / "new").exists()


@pytest.mark.parametrize(("arguments", "option"), FILES.values(), ids=FILES)
def test_files(sterna, place: Place, arguments: list[str], option: str) -> None:
    (place.folder / "thesis.npz").write_text("five years of work")
    np.save(place.folder / "frames.npy", np.ones((3, 12)))
    np.save(place.folder / "ids.npy", np.ones((1, 3), np.int64))
    _, model, *_, source = arguments
    os.link(source, "hard.npy")
    refused(sterna, place, [*arguments, option, "thesis.npz"], "thesis.npz: is there already")
    refused(sterna, place, [*arguments, option, "checkpoint"], "checkpoint: is a folder")
    for name in (source, "hard.npy", model, f"{model}/config.json"):
        refused(sterna, place, [*arguments, option, name], "which is read for it")
    for _ in range(2):
        assert sterna(*arguments, option, "out.npz").code == 0
    with full_disk(100):
        for name in ("out.npz", "new.npz"):
            refused(sterna, place, [*arguments, option, name], f"{name}: cannot be written")
    os.symlink("linked.npz", "link")
    assert sterna(*arguments, option, "link").code == 0
    assert Path("link").is_symlink() and np.load("linked.npz")
    refused(sterna, place, [*arguments, option, "."], ".: is a folder; name a file")
    with np.load(place.folder / "out.npz") as found:
        assert {values.shape[:2] for values in found.values()} <= {(3, 1), (1, 3)}


@pytest.mark.parametrize(("arguments", "option"), SNAPSHOTS.values(), ids=SNAPSHOTS)
def test_snapshots(sterna, place: Place, arguments: list[str], option: str) -> None:
    """One is replaced, that which is gone on from too; nothing else is."""
    (place.folder / "thesis").write_text("five years of work")
    np.save(place.folder / "frames.npy", np.ones((3, 12)))
    _, model, *_, source = arguments
    os.link(source, "hard")
    refused(sterna, place, [*arguments, option, "thesis"], "thesis: is there already")
    refused(sterna, place, [*arguments, option, "checkpoint"], "checkpoint: is a folder")
    for name in (source, "hard", model, f"{model}/config.json"):
        refused(sterna, place, [*arguments, option, name], "")
    for more in ([], ["--resume", "out"], ["--resume", "out"]):
        assert sterna(*arguments, *more, option, "out").code == 0
    assert Snapshot.load(place.folder / "out").state.position == 9
    refused(sterna, place, ["run", "l2mu", "--resume", "out"], "out: is a snapshot of cubalif (")


def test_images_of_networks(sterna, place: Place) -> None:
    """The contents decide here too: the same shape with one weight else is another network."""
    network = quantise(EXAMPLES["cubalif"]())
    network.connections[0].planes[-1, 0, 0] ^= 1
    save_network(network, place.folder / "else")
    assert sterna(*FOLDERS["rtl network"], "-o", "out").code == 0
    image = "out/image.sterna"
    digest = MemoryImage.load(image).model_digest()[:16]
    run = ["--steps", "1", "--device", "tcp://localhost:1", "--image", image]
    refused(sterna, place, ["run", "else", *run], f"with contents {digest}, not that of")
    refused(sterna, place, ["run", "alif", *run], "is the image of cubalif, not of alif (")
    refused(sterna, place, ["run", "model", *run[2:]], "has no tokenizer")
    refused(sterna, place, ["run", "demo", *run[2:]], "is the image of cubalif, a spiking network")
    refused(sterna, place, ["run", "network", *run, "--lanes", "4"], "has its own shape")
    refused(sterna, place, ["run", "network", "--image", image], "the golden takes no image")
    assert sterna(*FOLDERS["rtl model"], "-o", "language").code == 0
    run[-1] = "language/image.sterna"
    refused(sterna, place, ["run", "network", *run], "is the image of model, a language model")
    run[-1] = image
    os.rename("network", "moved")
    outcome = sterna("run", "moved", *run)
    assert outcome.code != 0 and "localhost:1: " in outcome.errors  # past the check, no board there
