"""The accelerator's Verilog in Icarus: it has undefined values, which pysim does not have."""

from __future__ import annotations

import re
import shutil

import pytest
from sterna.program.configuration import PRESETS
from sterna_hw.verilog import to_verilog

pytestmark = [
    pytest.mark.icarus,
    pytest.mark.skipif(shutil.which("iverilog") is None, reason="Icarus Verilog is not installed"),
]


def test_small_program(tmp_path):
    from cocotb_tools.runner import get_results, get_runner

    source = tmp_path / "sterna.v"
    # Icarus does not run `always @*` at time 0, so that what depends on a register that keeps its
    # initial value would stay undefined. yosys puts a register for this purpose into every block;
    # here it changes a little later.
    text, blocks = re.subn(r"reg (\\\$auto\S+)  ?= 0;", r"reg \1 = 1; initial #1 \1 = 0;",
                           to_verilog(PRESETS["tiny"]))
    assert blocks
    source.write_text(text)
    runner = get_runner("icarus")
    runner.build(sources=[source], hdl_toplevel="sterna", build_dir=tmp_path,
                 timescale=("1ns", "1ps"))
    results = runner.test(hdl_toplevel="sterna", hdl_toplevel_lang="verilog", build_dir=tmp_path,
                          test_module="tests.cocotb.accelerator_bench", test_dir=tmp_path)
    assert get_results(results) == (1, 0)
