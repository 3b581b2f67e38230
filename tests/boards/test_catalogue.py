# amaranth: UnusedElaboratable=no
"""Every board: its platform takes the design, its figures agree with each other."""

from __future__ import annotations

import json
import re
from fractions import Fraction

import pytest
from sterna.cli import application
from sterna.errors import InputError
from sterna.machine.presets import PRESETS
from sterna_boards.board import Board
from sterna_boards.bridge import FULL_SPEED, HIGH_SPEED, HIGH_SPEED_BAUD
from sterna_boards.catalogue import BOARDS, find_board
from sterna_boards.estimate.rate import divisor
from sterna_boards.flows.open.designs import accelerator, loopback
from sterna_boards.flows.open.tools import PACKAGES
from sterna_boards.options import Weights
from sterna_hw.link.bit_timing import LEAST_TOLERANCE, tolerance

from tests.boards.kinds import OPEN_BOARDS

every_board = pytest.mark.parametrize("board", OPEN_BOARDS.values(), ids=lambda board: board.name)


def test_boards_are_listed_by_their_names() -> None:
    assert all(board.name == name for name, board in BOARDS.items())


def test_unknown_board_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match="no board is called 'ulx3s'; there are ulx3s-85f, ulx3s"):
        find_board("ulx3s")


@every_board
def test_loopback_elaborates_with_the_tools_of_the_family(board: Board) -> None:
    platform = board.tools().platform()
    assert platform.default_clk_frequency == board.pin_hz
    plan = platform.prepare(loopback(board).top(), "sterna")
    commands = json.loads(plan.files["build_sterna.json"])["commands"]
    assert len(commands) == 3
    assert all(command[0] in PACKAGES for command in commands)


@every_board
def test_the_receiving_pin_is_pulled_up(board: Board) -> None:
    """So that nobody who is not connected sends zeros: by the port, in each family's words."""
    files = board.tools().platform().prepare(loopback(board).top(), "sterna").files
    text = "\n".join(str(content) for name, content in files.items()
                     if name.endswith((".lpf", ".cst", ".il")))
    if board.family == "ice40":
        cell = text[:text.index("PACKAGE_PIN \\uart_0__rx__io")].rpartition("cell \\SB_IO ")[2]
        assert "parameter \\PULLUP 1" in cell
    else:
        words = {"ecp5": "PULLMODE=UP"}.get(board.family, "PULL_MODE=UP")
        assert any("PORT \"uart_0__rx__io\"" in line and words in line for line in text.split("\n"))


@pytest.mark.parametrize("name", ["ulx3s-85f", "ulx3s-12f"])
def test_the_esp32_of_an_ulx3s_sees_its_gpio0_high(name: str) -> None:
    """L2 up to v3.1.4, F1 from v3.1.6 on (doc/constraints of emard/ulx3s)."""
    board = find_board(name)
    for design in (loopback(board), accelerator(board, PRESETS["tiny"])):
        plan = board.tools().platform().prepare(design.top(), "sterna")
        text = plan.files["sterna.lpf"]
        for bit, pin in enumerate(("L2", "F1")):
            assert f'LOCATE COMP "held_high_0__io[{bit}]" SITE "{pin}";' in text
            assert f'IOBUF PORT "held_high_0__io[{bit}]" IO_TYPE=LVCMOS33 DRIVE=4;' in text
        assert "2'11" in plan.files["sterna.il"].split("cell \\sterna.held_high ")[1]


@every_board
def test_own_clock_leaves_clocks_for_a_bit(board: Board) -> None:
    design = loopback(board)
    assert design.clock_hz == pytest.approx(board.clock_hz, rel=1e-3)


@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: board.name)
def test_the_default_rate_of_a_board_stands_hosts_that_are_wrong(board: Board) -> None:
    """At every clock that the board is built for unless another is asked for."""
    clocks = {board.clock_hz, board.network_hz, board.text_hz,
              board.sdram and board.sdram.clock_hz} - {None}
    for clock_hz in clocks:
        assert tolerance(divisor(clock_hz, board.baud)) > LEAST_TOLERANCE


def test_usb_is_the_link_that_is_asked_for() -> None:
    there = {name for name, board in BOARDS.items() if board.usb}
    assert there == {"ulx3s-85f", "ulx3s-12f", "orangecrab-85f", "ecpix5-85f"}
    board = BOARDS["orangecrab-85f"]
    over = board.over_usb()
    assert over.by_usb and over.link == "the FPGA itself, the board's USB connector"
    assert (over.baud, over.latency, over.port_name) == (12_000_000, FULL_SPEED, "/dev/ttyACM0")
    assert BOARDS["ecpix5-85f"].over_usb().latency == HIGH_SPEED
    with pytest.raises(InputError, match="icebreaker: has no USB at the FPGA's pins; leave --link"):
        BOARDS["icebreaker"].over_usb()
    assert Weights(link="usb").linked(board) == over and Weights().linked(board) is board
    with pytest.raises(InputError, match="link is 'tcp'; it must be uart or usb"):
        Weights(link="tcp").linked(board)


def test_without_luna_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"^--link usb: luna-usb is not installed: pip install "):
        loopback(BOARDS["ulx3s-85f"].over_usb())


def test_bridges_of_high_speed_are_used_as_fast_as_the_clock_allows() -> None:
    """12 Mbit/s wherever an FT2232H or FT4232H is; 21 MHz are 1.75 clocks of such a bit."""
    fast = {name for name, board in BOARDS.items() if "FT2232H" in board.link
            or "FT4232H" in board.link}
    assert fast == {"ecpix5-85f", "arty-a7-100t", "alveo-u250", "alveo-u280", "icebreaker"}
    for name in fast - {"icebreaker"}:
        assert BOARDS[name].baud == HIGH_SPEED_BAUD
    assert tolerance(Fraction(21_000_000, HIGH_SPEED_BAUD)) == 0


@pytest.mark.parametrize("name", ["ulx3s-85f", "icebreaker", "tang-nano-20k"])
def test_impossible_clock_is_refused_before_the_build(name: str) -> None:
    with pytest.raises(InputError, match="5000 MHz cannot be made"):
        loopback(find_board(name), 5e9)


def test_every_board_names_its_revisions() -> None:
    for board in BOARDS.values():
        assert board.revisions, board.name


@pytest.mark.parametrize("name, known", [
    ("tang-nano-20k", "firmware 2024122312 .* a quarter of the rate .* update it"),
    ("tang-nano-9k", "3 Mbit/s is the highest rate seen through the BL702"),
    ("colorlight-i9", "512 bytes .* longer answers are paced .* M12L64322A-6B"),
    ("ulx3s-85f", "GPIO0 of the ESP32 is held high.*v3.0.8 to v3.1.8 IS42S16160G-7"),
])
def test_what_is_known_of_a_board(name: str, known: str,
                                  capsys: pytest.CaptureFixture[str]) -> None:
    assert application.run_arguments(["boards", name]) == 0
    text = capsys.readouterr().out
    assert re.search(known, text.replace("\n", " ")), text
    assert find_board(name).revisions in text and find_board(name).tools().flash in text
    assert application.run_arguments(["boards", name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == list(find_board(name).notes)


def test_a_board_that_is_not_there_has_no_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert application.run_arguments(["boards", "ulx3s"]) == 2
    errors = capsys.readouterr().err
    assert "no board is called 'ulx3s'; there are ulx3s-85f" in errors and "alveo-u280" in errors
    assert errors.count("\n") == 1


def test_trace_ports_stay_in_the_simulator() -> None:

    with pytest.raises(InputError, match="trace ports are for simulation"):
        accelerator(find_board("ulx3s-85f"), PRESETS["tiny"].having(trace=True))


def test_gowin_commands_are_those_of_himbaechel() -> None:
    board = find_board("tang-nano-20k")
    plan = board.tools().platform().prepare(loopback(board).top(), "sterna")
    _, route, pack = json.loads(plan.files["build_sterna.json"])["commands"]
    assert route[0] == "nextpnr-himbaechel-gowin"
    assert "family=GW2A-18C" in route and board.device in route
    assert pack[:3] == ["gowin_pack", "-d", "GW2A-18C"]
