"""No process of the generated Verilog reads bits of a vector of which it writes others.

Verilator 5.048 runs ``always @* begin v[3:1] = 4; if (v[0]) v[3:1] = x; end`` once, before v[0] has
its new value, and warns of nothing; Icarus gives what IEEE 1800-2017 9.2.2.2.1 says. Amaranth makes
such processes where a statement's condition is a field of the structure that it assigns to.
"""

from __future__ import annotations

import re

import pytest
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi, Sdram
from sterna.machine.presets import PRESETS
from sterna_sim.build import verilog_file

from tests.one_machine import TRACED
from tests.state_programs import state_program
from tests.sw.compiler.test_matrix_states import fitted

PROCESS = re.compile(r"always @\* begin\n(.*?)\n  end\n", re.DOTALL)
WRITTEN = re.compile(r"(\\?[\w$.]+) ?\[[^\]]+\]")
TINY = PRESETS["tiny"]
MACHINES = {
    "all units": lambda: TRACED,
    "states": lambda: fitted(state_program("columns", 3, 5, 7), streams=2),
    "axi": lambda: TINY.having(memory=Axi(ports=2)),
    "sdram": lambda: TINY.having(memory=Sdram(part="16m16", hz=75_000_000)),
    "texts": lambda: TINY.having(streams=2, shared=True),
}


def own_bits(text: str) -> list[str]:
    """Vectors of which a process reads some bits and writes others."""
    found = []
    for process in PROCESS.findall(text):
        written: set[str] = set()
        read: set[str] = set()
        for line in process.splitlines():
            left, assigns, right = line.partition(" = ")
            written |= set(WRITTEN.findall(left)) if assigns else set()
            read |= set(WRITTEN.findall(right if assigns else line))
        found += sorted(written & read)
    return found


def test_the_pattern_is_found() -> None:
    bad = ("  always @* begin\n    step[12:10] = 3'h4;\n    if (step[9]) begin\n"
           "      step[12:10] = x[2:0];\n    end\n  end\n")
    assert own_bits(bad) == ["step"]
    assert own_bits(bad.replace("step[9]", "last_strip")) == []


@pytest.mark.parametrize("name", MACHINES)
def test_generated_verilog_has_none(name: str) -> None:
    machine: Machine = MACHINES[name]()
    assert own_bits(verilog_file(machine, lambda *_: None).read_text()) == []
