"""Intel D5005 card: Stratix 10 SX. Its pins are not public, so the user writes them in."""

from __future__ import annotations

from sterna_boards.bitstream_tools import Pin, Project
from sterna_boards.board import Board, Capacity
from sterna_boards.shape import Shape

D5005 = Board(
    name="d5005",
    title="Intel D5005",
    device="1SX280HN2F43E2VG",
    family="stratix10",
    pin_hz=100_000_000,
    clock_hz=100_000_000,
    baud=3_000_000,
    link="two pins of your choice, 1.8 V",
    # Adaptive logic modules, M20K blocks, multipliers of 18 by 19 bits.
    capacity=Capacity(luts=933_120, block_rams=11_721, block_ram_bits=20_480, dsps=11_520),
    shape=Shape(rows=16, columns=32, vector_lanes=8),
    model="demo",
    memory="DDR4 32 GB (not used)",
    port_name="/dev/ttyUSB0",
    revisions="any: the pins are yours",
    project=Project(
        tool="quartus",
        pins=(
            Pin("clk_pin", None, "1.8 V"),
            Pin("rx", None, "1.8 V"),
            Pin("tx", None, "1.8 V"),
        ),
        use="Write the pins of your board into `sterna.qsf` where it says FILL_IN, for any board "
            "with this part or, after a change of its name, another Stratix 10: a clock of the "
            "accelerator's frequency and a serial line. Load it with Quartus' programmer.",
        source="for the user to fill in",
    ),
)
