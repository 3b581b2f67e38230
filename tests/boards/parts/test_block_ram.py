"""Block RAMs of memories of any shape, against what yosys makes of them."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path

import pytest
from sterna_boards.flows.open.tools import find_tool
from sterna_boards.parts.block_ram import block_rams

MEMORY = """
module m{index}(input clk, write, enable, input [{address}:0] to, from, input [{data}:0] value,
                output reg [{data}:0] read);
    (* no_rw_check *) reg [{data}:0] words [0:{last}];
    always @(posedge clk) begin
        if (write) words[to] <= value;
        if (enable) read <= words[from];
    end
endmodule
"""
# That of rwkv-tiny with 256 lanes, whose last bank was counted 9; then of all kinds.
SHAPES = [(20, 4608), (36, 4608), (24, 4608), (40, 1536), (16, 6661), (27, 5357), (20, 9216)]


@pytest.mark.parametrize(("family", "library"), [
    ("ecp5", "lattice/brams_16kd.txt"), ("gw2a", "gowin/brams.txt"), ("ice40", "ice40/brams.txt"),
])
def test_they_are_those_of_synthesis(family: str, library: str, tmp_path: Path) -> None:
    draw = random.Random(family)
    shapes = [*SHAPES, *((draw.randint(1, 40), draw.randint(512, 9000)) for _ in range(25))]
    (tmp_path / "memories.v").write_text("".join(
        MEMORY.format(index=index, data=width - 1, last=depth - 1,
                      address=(depth - 1).bit_length() - 1)
        for index, (width, depth) in enumerate(shapes)))
    script = ("read_verilog memories.v; hierarchy; proc; opt; memory -nomap; "
              f"memory_libmap -lib +/{library}; tee -o cells.txt stat")
    subprocess.run([find_tool("yosys").executable, "-q", "-p", script], cwd=tmp_path, check=True)
    found = {}
    for part in (tmp_path / "cells.txt").read_text().split("=== m")[1:]:
        index, cells = part.split(" ===", 1)
        found[shapes[int(index)]] = sum(map(int, re.findall(r"(\d+)\s+\$__", cells)))
    assert found == {shape: block_rams(family, *shape, always=True) for shape in shapes}
