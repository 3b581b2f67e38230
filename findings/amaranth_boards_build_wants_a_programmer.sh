#!/usr/bin/env bash
# amaranth-boards 0.0.21: building for the ULX3S without programming it needs openFPGALoader all the same.
#
# Behaviour: the board adds its programmer to `required_tools`, and `build(..., do_program=False)` looks
#   for all of them before it begins, so a machine that only makes bitstreams is refused.
# Usual guess: a tool that is not called is not needed.
# What to do: `plan = platform.prepare(...)`, then `plan.execute_local(...)`: it calls what it calls.
set -euo pipefail
work=$(mktemp -d); trap '/bin/rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check amaranth==0.5.10 amaranth-boards==0.0.21
# Tools that are never reached: the search for the fourth, which this PATH does not hold, ends it.
export YOSYS=/bin/true NEXTPNR_ECP5=/bin/true ECPPACK=/bin/true PATH=$work/nothing WORK=$work
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import os
import sys
from importlib.metadata import version

from amaranth.hdl import Elaboratable, Module
from amaranth_boards.ulx3s import ULX3S_12F_Platform


class Lamp(Elaboratable):
    """One lamp, on."""

    def elaborate(self, platform):
        module = Module()
        module.d.comb += platform.request("led", 0).o.eq(1)
        return module


try:
    ULX3S_12F_Platform(toolchain="Trellis").build(
        Lamp(), do_program=False, build_dir=os.path.join(os.environ["WORK"], "build"))
    sys.exit("changed: it is built without a programmer")
except Exception as error:
    print(f"amaranth-boards {version('amaranth-boards')}, do_program=False: "
          f"{type(error).__name__}: {error}")
    if "openFPGALoader" not in str(error):
        sys.exit("changed: it is another tool that is missing")
print("as found: the programmer is asked for although nothing is programmed")
PYTHON
