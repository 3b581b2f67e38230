"""The tables of boards, and the fit of the area model to builds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sterna.cli import application
from sterna.errors import CheckError
from sterna.machine.presets import PRESETS
from sterna_boards.catalogue import BOARDS
from sterna_boards.estimate.area import FACTORS_FILE, group_units
from sterna_boards.listing import board_rows, measured_rows, unit_rows
from sterna_boards.measured.baseline import (
    Measured,
    MeasuredUnit,
    read_baseline,
    read_units,
    write_baseline,
    write_units,
)

from scripts.fit_area import fit_all, fit_clocks, scaled, slowest, telling

PAGE = Path(__file__).parents[2] / "docs/measured.md"
ENTRY = Measured(
    board="icebreaker", model="demo-tiny", machine=PRESETS["tiny"], clock_mhz=24.0,
    fmax_mhz=(25.0, 23.0, 24.5), luts=4000, ffs=2000, block_rams=20, single_port_rams=4, dsps=7,
    units={"core.vector": 2000}, unit_ffs={"core.vector": 1000}, cycles_per_token=1234.5)


def test_every_board_has_a_row() -> None:
    rows = {row["board"]: row for row in board_rows()}
    assert list(rows) == [*BOARDS]
    assert rows["icebreaker"]["bitstream"] == "sterna build"
    assert rows["arty-a7-100t"]["bitstream"] == "Vivado project"
    assert rows["icebreaker"]["on_chip_memory"] == "30 x 4 kbit + 4 x 256 kbit"
    assert rows["icebreaker"]["largest_model_weights"] == 655_000
    measured = read_baseline()
    for name, row in rows.items():
        assert (row["measured_clock_mhz"] is not None) == (name in measured)


def test_baseline_is_read_as_written(tmp_path: Path) -> None:
    assert read_baseline(tmp_path / "none.json") == {}
    write_baseline({"icebreaker": ENTRY}, tmp_path / "baseline.json")
    assert read_baseline(tmp_path / "baseline.json") == {"icebreaker": ENTRY}
    assert ENTRY.timing_met


def test_measured_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sterna_boards.listing.read_baseline", lambda: {"icebreaker": ENTRY})
    row, = measured_rows()
    assert (row["lanes"], row["LUTs_per_lane"]) == (8, 500.0)
    assert row["routed_MHz"] == "23.0 to 25.0"
    assert row["tokens_per_second"] == round(24e6 / 1234.5)
    once = replace(ENTRY, fmax_mhz=(25.0,))
    monkeypatch.setattr("sterna_boards.listing.read_baseline", lambda: {"icebreaker": once})
    assert measured_rows()[0]["routed_MHz"] == "25.0"


def test_commands_print_tables(capsys: pytest.CaptureFixture[str]) -> None:
    def output(*options: str) -> str:
        assert application.run_arguments(["boards", *options]) == 0
        return capsys.readouterr().out

    lines = output().splitlines()
    assert len(lines) == 2 + len(BOARDS) and lines[0].startswith("| board ")
    assert [row["board"] for row in json.loads(output("--json"))["boards"]] == [*BOARDS]
    assert json.loads(output("--measured", "--json")) == {
        "measured": measured_rows(), "units": unit_rows()}


def test_the_page_has_the_measured_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert application.run_arguments(["boards", "--measured"]) == 0
    tables = capsys.readouterr().out.strip()
    rows = [line for line in tables.splitlines() if line.startswith("| ")]
    assert len(rows) == sum(2 + len(table) for table in (measured_rows(), unit_rows()) if table)
    assert tables in PAGE.read_text()


def test_units_are_read_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = MeasuredUnit(unit="LIF engine", device="LFE5U-85F-6", lanes=16, clock_mhz=100.0,
                        fmax_mhz=(130.5, 128.0), luts=1536, ffs=2000, block_rams=16, dsps=0)
    assert read_units(tmp_path / "none.json") == []
    write_units([unit], tmp_path / "units.json")
    assert read_units(tmp_path / "units.json") == [unit]
    monkeypatch.setattr("sterna_boards.listing.read_units", lambda: [unit])
    row, = unit_rows()
    assert (row["LUTs_per_lane"], row["routed_MHz"]) == (96.0, "128.0 to 130.5")


def test_measured_units_meet_their_clock() -> None:
    assert {unit.unit for unit in read_units()} == {"ternary engine", "LIF engine"}
    for unit in read_units():
        assert min(unit.fmax_mhz) >= unit.clock_mhz and len(unit.fmax_mhz) >= 3


def test_bars_of_the_measured_table() -> None:
    """What a user of the flagship gets for its look-up tables, with each of three seeds."""
    flagship = read_baseline()["ulx3s-85f"]
    assert flagship.machine.generates is not None
    assert len(flagship.fmax_mhz) >= 3 and min(flagship.fmax_mhz) >= flagship.clock_mhz >= 75
    rate = flagship.clock_mhz * 1e6 / flagship.cycles_per_token
    assert rate >= 13_000 and 1000 * rate / flagship.luts >= 455
    for entry in read_baseline().values():
        assert max(entry.fmax_mhz) >= entry.clock_mhz
    engine, = (unit for unit in read_units() if unit.unit == "ternary engine")
    assert min(engine.fmax_mhz) * engine.lanes / engine.luts >= 8  # 10^9 a second for 1000


def test_factors_are_scaled_to_the_builds() -> None:
    terms = [(1, 10), (1, 20), (1, 50)]
    counts = [2 * (100 + 3 * second) for _, second in terms]
    assert scaled([100, 3], terms, counts) == pytest.approx([200, 6])
    assert scaled([200, 6], terms, counts) == [200, 6]
    assert scaled([200, 6], terms, [0, 0, 0]) == [200, 6]
    assert scaled([0.0], [(1,)], [5]) == [0.0]
    # A term that no build has says nothing of its factor.
    assert scaled([100, 7], [(1, 0), (2, 0)], [200, 400]) == [200, 7]


def test_tracked_factors_are_the_fit_of_the_tracked_builds() -> None:
    known = json.loads(FACTORS_FILE.read_text())
    again = fit_all(list(read_baseline().values()), known)
    assert again.keys() == known.keys()
    for family, factors in again.items():
        assert factors.keys() == known[family].keys()
        assert factors["packing"] == known[family]["packing"]
        assert factors.get("clock") == known[family].get("clock")
        for kind in ("luts", "ffs"):
            for name, values in factors[kind].items():
                assert values == pytest.approx(known[family][kind][name], rel=1e-3)


def test_clocks_are_those_of_the_slowest_speed_grade() -> None:
    measured = read_baseline()
    some = [measured[name] for name in ("ecpix5-85f", "ulx3s-12f", "orangecrab-85f", "ulx3s-85f")]
    assert [entry.board for entry in slowest(some)] == ["ulx3s-12f", "ulx3s-85f"]
    gowin = [measured["tang-nano-20k"]]
    assert slowest(gowin) == gowin


def test_a_build_that_only_just_meets_its_clock_tells_no_other() -> None:
    """25 of 24 MHz is where the router stopped."""
    above = replace(ENTRY, clock_mhz=20.0)
    assert telling([ENTRY, above]) == [above] and telling([ENTRY]) == [ENTRY]


def test_clocks_fall_with_a_common_slope() -> None:
    def entry(luts: int, *clocks: float) -> Measured:
        return replace(ENTRY, luts=luts, fmax_mhz=clocks)

    fitted = fit_clocks({"ecp5": [entry(5_000, 200, 120), entry(20_000, 50, 100)],
                         "gw2a": [entry(40_000, 30)]})
    assert fitted["ecp5"] == pytest.approx([200 / 2**0.5, 0.5], rel=1e-3)
    assert fitted["gw2a"] == pytest.approx([60, 0.5], rel=1e-3)
    faster = fit_clocks({"ecp5": [entry(5_000, 50), entry(20_000, 100)]})
    assert faster["ecp5"][1] == 0


def test_a_unit_without_area_terms_is_told() -> None:
    grouped = group_units({"core.vector": 5, "uart.buffer": 2, "clock": 1, "core.start$205": 4})
    assert grouped["core.vector"] == 5 and grouped["other"] == 7
    numbered = group_units({"core.head$198": 1, "core.counters$2": 2, "core.path__trace_scalar": 4})
    assert numbered["other"] == 7
    for name in ("core.attention", "core.link2", "audio", "core.start"):
        with pytest.raises(CheckError, match=f"area: the netlist has a unit {name}, 9 cells, of w"):
            group_units({"core.vector": 5, name: 9})
    makes_texts = read_baseline()["ulx3s-85f"].machine
    grouped = group_units(
        {"core.generation": 9, "core.state_access": 5, "sdram.dq": 2}, makes_texts)
    assert (grouped["generation"], grouped["read"], grouped["other"]) == (9, 5, 2)
    with pytest.raises(CheckError, match=r"core\.generation, 9 cells"):
        group_units({"core.generation": 9})


def test_first_light_tells_of_every_board_and_its_port() -> None:
    rows = [line for line in (PAGE.parent / "first-light.md").read_text().splitlines()
            if line.startswith("| `")]
    for name, board in BOARDS.items():
        row, = (line for line in rows if f"`{name}`" in line.split("|")[1])
        assert f"`{board.port_name}`" in row
