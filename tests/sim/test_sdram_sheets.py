"""The generator's table of SDRAM parts against the data sheets of the chips on boards."""

from __future__ import annotations

import pytest
from sterna.machine.sdram import PARTS, SdramPart
from sterna_boards.catalogue import BOARDS
from sterna_hw.board.sdram_pins import LEAD_LIMITS, margins
from sterna_sim.memory.sdram_sheets import SHEETS, strictest

CLOCKS = [25e6, 50e6, 54e6, 66e6, 75e6, 100e6, 133e6]
TIMES = ("t_rcd", "t_rp", "t_ras", "t_rfc", "t_wr")

every_part = pytest.mark.parametrize("part", PARTS.values(), ids=list(PARTS))


def test_every_part_has_sheets_that_it_cites() -> None:
    assert SHEETS.keys() == PARTS.keys()
    for part in PARTS.values():
        assert len(part.sheets) == len(SHEETS[part.name])
        for cited, sheet in zip(part.sheets, SHEETS[part.name], strict=True):
            assert cited.split()[0] == sheet.source.split()[0]
            assert cited.split("page")[1] == sheet.source.split("page")[1]


@every_part
def test_clocks_are_as_long_as_the_slowest_sheet(part: SdramPart) -> None:
    for hertz in CLOCKS:
        clocks = part.clocks(hertz)
        assert clocks.t_wr >= 2, "tRDL, tWR: two clocks, ESMT page 6, Etron page 18"
        for sheet in SHEETS[part.name]:
            for name in TIMES:
                assert getattr(clocks, name) * 1e9 / hertz >= getattr(sheet, name) * (1 - 1e-6)


@every_part
def test_the_table_is_no_faster_than_any_sheet(part: SdramPart) -> None:
    assert strictest(part) == part


def test_write_recovery_at_the_clocks_of_the_boards() -> None:
    """Was one clock at 75 MHz and below for parts of 12 ns."""
    assert [PARTS["2m32"].clocks(hertz).t_wr for hertz in (25e6, 54e6, 75e6, 100e6)] == [2] * 4
    assert [PARTS["16m16"].clocks(hertz).t_wr for hertz in (50e6, 75e6, 133e6)] == [2, 2, 2]


@pytest.mark.parametrize("name", [name for name, board in BOARDS.items() if board.sdram])
def test_pins_have_time_to_spare(name: str) -> None:
    sdram = BOARDS[name].sdram
    assert sdram is not None
    part = PARTS[sdram.part]
    for lead in LEAD_LIMITS:
        spare = margins(part, sdram.clock_hz, lead)
        assert min(spare.values()) >= 0 and spare["read hold"] >= 0.5, spare
    at_board = margins(part, sdram.clock_hz, 2 / 750e6)
    assert at_board["read hold"] == pytest.approx(part.t_oh - 2.5 + 1.333, abs=1e-3)
    assert min(at_board.values()) >= 0.8


def test_least_hold_of_data() -> None:
    """Both chips with 32 bits hold their data for 2.0 ns only: ESMT page 7, Etron page 18."""
    assert PARTS["2m32"].t_oh == 2.0
    assert margins(PARTS["2m32"], 75e6, 2.5e-9) == pytest.approx({
        "write setup": 8.333, "write hold": 1.0, "read setup": 4.833, "read hold": 1.0}, abs=1e-3)
