"""Scripts in place of the open FPGA tools, for an ECP5 board."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

NETLIST = {"modules": {"sterna": {
    "attributes": {"top": "1"}, "ports": {}, "netnames": {},
    "cells": {"uart.sum": {"type": "CCU2C", "parameters": {}, "port_directions": {},
                           "connections": {}}},
}}}
SYNTHESIS = f"echo '{json.dumps(NETLIST)}' > sterna.json; echo synthesis > sterna.rpt"
PACKING = "test -f sterna.config && echo bits of $(cat seed) > sterna.bit"
PLACED = {"modules": {"sterna": {"cells": {
    name: {"type": kind, "attributes": {"NEXTPNR_BEL": place}} for name, kind, place in (
        ("serial.core.engine.sums.sum_TRELLIS_FF_Q_3", "TRELLIS_FF", "X4/Y7/SLICEA.FF0"),
        ("serial.core.engine.sums.sum_LUT4_D", "TRELLIS_COMB", "X4/Y7/SLICEA.COMB1"),
        ("serial.core.vector.memory.0.0", "DP16KD", "X6/Y22/EBR1"),
        ("pll", "EHXPLLL", "X0/Y50/EHXPLL_LL"))}}}}
"""What nextpnr writes of a placed design."""
ROUTING = """
while [ $# -gt 0 ]; do
    case $1 in --seed) seed=$2;; --write) written=$2;; esac
    shift
done
[ -z "$written" ] || echo 'PLACED_HERE' > $written
test -f sterna.json && test -f sterna.lpf || { echo "ERROR: no netlist"; exit 1; }
echo $seed > seed; echo routed > sterna.config; echo timing > sterna.tim
cat > report.json <<END
{"fmax": {"clock": {"achieved": $((90 + 10 * seed)).0, "constraint": 100.0}},
 "utilization": {"TRELLIS_COMB": {"used": 5, "available": 9}}, "critical_paths": []}
END
""".replace("PLACED_HERE", json.dumps(PLACED))


class FakeTools:
    """Scripts in place of the tools; ``calls`` lists what ran."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._record = folder / "calls"
        self._record.write_text("")
        for variable, text in (("YOSYS", SYNTHESIS), ("NEXTPNR_ECP5", ROUTING),
                               ("ECPPACK", PACKING)):
            self.write(variable, text)
            monkeypatch.setenv(variable, str(folder / variable))
        monkeypatch.setenv("STERNA_CACHE", str(folder / "cache"))

    def write(self, variable: str, text: str, version: str = "1.0") -> None:
        path = self._folder / variable
        path.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo {variable} {version}; '
                        f"exit; fi\necho {variable} >> {self._record}\n{text}\n")
        path.chmod(0o755)

    def calls(self) -> list[str]:
        found = self._record.read_text().split()
        self._record.write_text("")
        return found
