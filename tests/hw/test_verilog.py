"""The Verilog text: ports, determinism, memories cleared for simulators only."""

from __future__ import annotations

import os
import re

import pytest
from sterna.machine.presets import PRESETS
from sterna_hw.verilog import (
    SMALL_MEMORY,
    elsewhere,
    separate_modules,
    shorten_zeros,
    to_verilog,
)

TINY = PRESETS["tiny"]
DATA_PATH = "sterna_data_path"
LINK = {"clk", "rst", *(f"link_{way}__{member}" for way in ("in", "out")
                        for member in ("payload", "valid", "ready"))}
TRACE = {"trace_vector_0", "trace_scalar_0", "trace_accumulators_0"}


def ports(text: str, name: str) -> set[str]:
    header = re.search(rf"^module {name}\((.*)\);", text, re.MULTILINE)
    assert header is not None
    return set(header[1].split(", "))


@pytest.fixture(scope="module")
def tiny() -> str:
    return to_verilog(TINY)


def test_ports(tiny):
    assert ports(tiny, "sterna") == LINK


def test_trace_ports_and_name():
    text = to_verilog(TINY.having(trace=True), name="traced")
    assert ports(text, "traced") == LINK | TRACE


def test_same_text_again(tiny):
    assert to_verilog(TINY) == tiny


def test_the_text_is_that_of_the_package_whatever_yosys_is_installed(tiny, tmp_path, monkeypatch):
    other = tmp_path / "yosys"
    other.write_text("#!/bin/sh\necho 'Yosys 9.99 (git sha1 0)'\n")
    other.chmod(0o755)
    monkeypatch.setenv("YOSYS", str(other))
    monkeypatch.setenv("AMARANTH_USE_YOSYS", "system")
    assert to_verilog(TINY) == tiny
    assert os.environ["AMARANTH_USE_YOSYS"] == "system"


def test_the_data_path_of_several_streams_can_be_left_out():
    """What is left is the top level, which uses the module that is not there once a stream."""
    text = to_verilog(TINY.having(streams=3))
    assert separate_modules(text) == [DATA_PATH]
    before, rest = text.split(f"`ifndef {elsewhere(DATA_PATH)}\n")
    path, after = re.split(r"(?<=\nendmodule\n)`endif\n", rest)
    left = before + after
    assert f"module {DATA_PATH}(" in path
    assert f"module {DATA_PATH}(" not in left and "module sterna(" in left
    assert len(re.findall(rf"^  {DATA_PATH} ", left, re.MULTILINE)) == 3
    assert not re.search(rf"^module \\?{DATA_PATH}", left, re.MULTILINE)


def words(value: str, depth: int) -> str:
    lines = [f"    \\a.b [{word}] = 4'{value};\n" for word in range(depth)]
    return f"  reg [3:0] \\a.b  [{depth - 1}:0];\n  initial begin\n{''.join(lines)}  end\n"


def test_large_memories_are_not_cleared_word_by_word(tiny):
    assert not re.search(rf"\[{SMALL_MEMORY}\] = \d+'[bdh]0+;", tiny)
    assert tiny.count("`ifndef SYNTHESIS") == tiny.count("`endif") - tiny.count("`else") >= 8


@pytest.mark.parametrize("zero", ["h0", "d0", "b0000"])
def test_zeros_become_a_loop_for_simulators(zero):
    assert shorten_zeros(words(zero, 65) * 2) == "".join(
        "  reg [3:0] \\a.b  [64:0];\n`ifndef SYNTHESIS\n"
        f"  integer clear_{number};\n  initial\n"
        f"    for (clear_{number} = 0; clear_{number} < 65; clear_{number} = clear_{number} + 1)\n"
        f"      \\a.b [clear_{number}] = 4'd0;\n`endif\n" for number in (1, 2))


def test_small_memories_stay():
    assert shorten_zeros(words("h0", 64)) == words("h0", 64)


def test_other_contents_stay():
    text = words("h0", 70).replace("[50] = 4'h0", "[50] = 4'h3")
    assert shorten_zeros(text) == text
