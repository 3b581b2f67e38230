"""Our models of ECP5 cells, against the Verilog that yosys makes such cells of."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from sterna_boards.flows.open.tools import find_tool
from sterna_boards.parts.ecp5_netlist import improve
from sterna_boards.parts.netlist import cell_models

MEMORY = """
module dut(input clk, write, input [{address}:0] to, from, input [{data}:0] value,
           output [{data}:0] read);
    (* ram_style = "block", no_rw_check *) reg [{data}:0] words [0:{last}];
    integer i;
    initial
        for (i = 0; i <= {last}; i = i + 1)
            words[i] = {{3{{~i[11:0]}}}} ^ {{18'd0, i[13:0], 4'd0}};
    reg [{data}:0] first, second;
    initial second = 0;
    initial first = 0;
    always @(posedge clk) begin
        if (write) words[to] <= value;
        first <= words[from];
        second <= first;
    end
    assign read = {output};
endmodule
"""
PRODUCT = """
module dut(input clk, write, input signed [{address}:0] to, from, input [{data}:0] value,
           output signed [35:0] read);
    reg signed [17:0] a = 0, b = 0;
    reg signed [35:0] product = 0;
    always @(posedge clk) begin
        a <= to;
        b <= from;
        product <= a * b;
    end
    assign read = product;
endmodule
"""
# What is written is never read in the same clock: that is unknown in the part.
BENCH = """
module bench;
    reg clk = 0, write = 0;
    reg [{address}:0] to = 0, from = 0;
    reg [{data}:0] value = 0;
    wire [{output}:0] source, netlist;
    integer clock, wrong = 0;
    dut expected(clk, write, to, from, value, source);
    synthesised found(clk, write, to, from, value, netlist);
    initial begin
        for (clock = 0; clock < 4000; clock = clock + 1) begin
            write = $random;
            to = clock % 3 == 0 ? $random & 15 : $random;
            from = clock % 5 < 3 ? $random & 15 : $random;
            if (from >> {neighbours} == to >> {neighbours}) write = 0;
            value = {{$random, $random}};
            #1 clk = 1;
            #1 clk = 0;
            if (clock > 3 && source !== netlist) wrong = wrong + 1;
        end
        $display("%0d", wrong);
    end
endmodule
"""


def _differences(source: str, bench: str, cell: str, folder: Path) -> int:
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog is not installed")
    (folder / "source.v").write_text(source)

    def yosys(script: str) -> None:
        subprocess.run([find_tool("yosys").executable, "-q", "-p", script], cwd=folder, check=True,
                       capture_output=True)

    yosys("read_verilog source.v; synth_ecp5 -nowidelut -top dut; write_json netlist.json")
    improve(folder / "netlist.json")
    yosys("read_json netlist.json; rename dut synthesised; write_verilog -noattr netlist.v")
    netlist = (folder / "netlist.v").read_text()
    assert cell in netlist
    (folder / "bench.v").write_text(source + netlist + cell_models("ecp5", netlist) + bench)
    subprocess.run(["iverilog", "-g2012", "-s", "bench", "-o", "bench", "bench.v"], cwd=folder,
                   check=True, capture_output=True)
    result = subprocess.run(["vvp", "bench"], cwd=folder, check=True, capture_output=True,
                            text=True)
    return int(result.stdout)


@pytest.mark.icarus
@pytest.mark.parametrize("width, depth, output, mode", [
    *(pytest.param(*item, "second", "OUTREG", marks=pytest.mark.long)
      for item in ((1, 16384), (2, 8192))), (4, 4096, "second", "OUTREG"),
    (9, 2048, "second", "OUTREG"), (18, 1024, "second", "OUTREG"), (36, 512, "second", "OUTREG"),
    (18, 1024, "first", "NOREG"),
])
def test_block_ram(width: int, depth: int, output: str, mode: str, tmp_path: Path) -> None:
    address = depth.bit_length() - 2
    source = MEMORY.format(address=address, data=width - 1, last=depth - 1, output=output)
    bench = BENCH.format(address=address, data=width - 1, output=width - 1,
                         neighbours=max(0, address - 8))
    assert _differences(source, bench, f'_B("{mode}")', tmp_path) == 0


@pytest.mark.icarus
def test_multiplier(tmp_path: Path) -> None:
    source = PRODUCT.format(address=17, data=0)
    bench = BENCH.format(address=17, data=0, output=35, neighbours=18)
    assert _differences(source, bench, '.REG_OUTPUT_CLK("CLK0")', tmp_path) == 0
