"""Alveo cards of AMD: U250 with four DDR4 modules, U280 with HBM."""

from __future__ import annotations

from sterna_boards.bitstream_tools import Pin, Project
from sterna_boards.board import Board, Capacity
from sterna_boards.bridge import HIGH_SPEED_BAUD
from sterna_boards.outside_memory import OutsideMemory
from sterna_boards.shape import Shape

_BOARD_FILES = (
    "AMD, at https://www.xilinx.com/member/alveo-vivado.html after registration, or "
    "https://www.xilinx.com/bin/public/openDownload?filename={}, to be unpacked under "
    "data/xhub/boards/XilinxBoardStore/boards/Xilinx of Vivado; its board store has none since "
    "April 2021 (Xilinx/XilinxBoardStore, issue 470)")
_PINS = ("AMD, board files {}, part0_pins.xml: USB_UART_RX and USB_UART_TX as the FPGA sees them; "
         "the card's XDC names them the other way round")
_USE = ("Load it with Vivado's hardware manager over the card's USB connector. This takes the card "
        "off the PCI Express bus of a running host: use a host that only powers the card.")

ALVEO_U250 = Board(
    name="alveo-u250",
    title="Alveo U250",
    device="xcu250-figd2104-2L-e",
    family="xcup",
    pin_hz=300_000_000,
    clock_hz=300_000_000,
    baud=HIGH_SPEED_BAUD,
    link="FT4232H, USB connector on the card",
    usb_id=(0x0403, 0x6011),
    capacity=Capacity(luts=1_728_000, block_rams=5_376, block_ram_bits=18_432, dsps=12_288,
                      large_rams=1_280),
    # All ports give 1,280 weights a clock; a fifth of the engine's clocks are left for waits.
    shape=Shape(rows=128, columns=24, vector_lanes=8, block_groups=16, head_words=4,
                lane="twin_tables"),
    model="demo",
    memory="DDR4 64 GB, four modules of 64 bits",
    outside=OutsideMemory(kind="ddr4", ports=4, bits=512, burst=64, prefetch=1024,
                          port_bytes=1 << 32, gb_s=73.4, model="ddr4x4-77"),
    port_name="/dev/ttyUSB2",
    revisions="A-U250-A64G-PQ-G and A-U250-P64G-PQ-G",
    project=Project(
        tool="vivado",
        board_files="au250",
        pins=(
            Pin("rx", "BF18", "LVCMOS12"),
            Pin("tx", "BB20", "LVCMOS12"),
            Pin("ddr4_reset_gate", "AU21", "LVCMOS12"),
        ),
        use=_USE,
        board_files_from=_BOARD_FILES.format("au250_board_files_20200616.zip"),
        source=_PINS.format("au250 1.3"),
    ),
)

ALVEO_U280 = Board(
    name="alveo-u280",
    title="Alveo U280",
    device="xcu280-fsvh2892-2L-e",
    family="xcup",
    pin_hz=100_000_000,
    clock_hz=225_000_000,
    baud=HIGH_SPEED_BAUD,
    link="FT4232H, USB connector on the card",
    usb_id=(0x0403, 0x6011),
    capacity=Capacity(luts=1_303_680, block_rams=4_032, block_ram_bits=18_432, dsps=9_024,
                      large_rams=960),
    # The memory gives 0.58 of a weight word a clock; what a reduction lets it wait for, the queues
    # take: half a layer's weights. Adders, since columns of tables are never a power of two.
    shape=Shape(rows=64, columns=256, vector_lanes=64, block_groups=16, head_words=8),
    model="demo",
    memory="HBM2 8 GB, 32 pseudo-channels",
    outside=OutsideMemory(kind="hbm", ports=32, bits=512, burst=16, prefetch=1024,
                          port_bytes=1 << 28, gb_s=430.1, model="hbm-460"),
    port_name="/dev/ttyUSB2",
    revisions="production silicon, not ES1",
    notes=("by public reports Vivado 2023.1 is the last release that supports the card",),
    project=Project(
        tool="vivado",
        board_files="au280",
        pins=(
            Pin("rx", "A28", "LVCMOS18"),
            Pin("tx", "B33", "LVCMOS18"),
            Pin("hbm_cattrip", "D32", "LVCMOS18"),
        ),
        use=_USE,
        board_files_from=_BOARD_FILES.format("au280_boardfiles_v1_2.zip"),
        source=_PINS.format("au280 1.1"),
    ),
)
