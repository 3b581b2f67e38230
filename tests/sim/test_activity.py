"""Changes of signals: each counted once, where it is driven, for the unit that drives it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sterna.compiler.compile import compile_program
from sterna.errors import InputError
from sterna.families.requests import BenchRequest
from sterna.host.token_board import TokenBoard
from sterna.machine.presets import PRESETS
from sterna_sim.activity import by_unit, count_toggles, read_modules

from tests.sim.shapes import common_configuration, random_program

VERILOG = r"""
module sterna(clk, given, taken);
  input clk;
  wire clk;
  input [1:0] given;
  output [1:0] taken;
  wire [1:0] \between$3 ;
  wire own;
  \sterna.first  first (
    .clk(clk),
    .d(given),
    .q(\between$3 )
  );
  \sterna.path_0  path_0 (
    .clk(clk),
    .d(\between$3 ),
    .q(taken[1:0])
  );
endmodule
module \sterna.first (clk, d, q);
  input clk;
  input [1:0] d;
  output [1:0] q;
endmodule
module \sterna.path_0 (clk, d, q);
  input clk;
  input [1:0] d;
  output [1:0] q;
  \sterna.path_0.vector  vector (
    .q(q)
  );
endmodule
module \sterna.path_0.vector (q);
  output [1:0] q;
  reg [1:0] hidden;
endmodule
"""


def nets(**toggles: int) -> str:
    """A SAIF list of one bit of each signal."""
    return "(NET\n" + "\n".join(
        rf"({name}\[0\] (T0 10) (T1 5) (TZ 0) (TX 0) (TB 0) (TC {count}))"
        for name, count in toggles.items()) + "\n)"


SAIF = "\n".join([
    "(SAIFILE", '(SAIFVERSION "2.0")', "(DIVIDER / )", "(DURATION 15)",
    "(INSTANCE TOP", nets(given=20, taken=7),
    "(INSTANCE sterna", nets(**{"clk": 99, "given": 20, "between$3": 30, "taken": 7, "own": 5}),
    "(INSTANCE first", nets(clk=99, d=20, q=30), ")",
    "(INSTANCE path_0", nets(clk=99, d=30, q=7),
    "(INSTANCE vector", nets(q=7, hidden=400), ")", ")", ")", ")", ")"])


def test_a_signal_counts_where_it_is_driven(tmp_path: Path) -> None:
    file = tmp_path / "activity.saif"
    file.write_text(SAIF)
    found = by_unit(file, read_modules(VERILOG))
    assert found == {"path_0.vector": 407, "first": 30, "top": 5}
    assert list(found) == ["path_0.vector", "first", "top"]


def test_it_is_counted_in_a_simulation_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sterna.host.address.check_clock", lambda device: None)  # it is there
    with pytest.raises(InputError, match="^--activity: is counted in a simulation; leave --device"):
        BenchRequest(model="demo", device="serial:///dev/ttyUSB0", activity=True).check()


@pytest.mark.verilator
def test_what_computes_changes_most() -> None:
    program = random_program(64, 1, 64, 97, seed=64)
    machine = common_configuration(PRESETS["tiny"], [(program, "chip")])
    image = compile_program(program, machine, "chip")

    def counted(tokens: int) -> dict[str, int]:
        return count_toggles(TokenBoard, image, None, lambda device: device.step(3),
                             lambda device: [device.step(9) for _ in range(tokens)])

    none, one, two = (counted(tokens) for tokens in (0, 1, 2))
    assert not sum(none.values())
    assert one["engine"] + one["vector"] > sum(one.values()) / 2
    assert 1.6 < two["engine"] / one["engine"] < 2.4
    assert {"sequencer", "weights", "link", "top_k"} <= set(one)
