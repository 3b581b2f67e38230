"""What the bitstream of an iCE40 connects and configures, read with icestorm's data base.

The data base (``chipdb-5k.txt``, whose head describes its format) lists every net of the chip with
its names in the tiles that it passes, and for every switch the machine bits that connect it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

Place = tuple[int, int]
Pin = tuple[int, int, str]
"""Column and row of a tile, and a name in it."""
_WIRES = ("sp4", "sp12", "span", "local_", "neigh_op", "logic_op", "glb2local", "lft_op", "rgt_op",
          "top_op", "bot_op", "bnl_op", "bnr_op", "tnl_op", "tnr_op")
"""Beginnings of names that are no pins of cells, but where a cell of several tiles says so."""


@dataclass
class Fabric:
    """A configured chip; nets have the data base's numbers."""

    kinds: dict[Place, str] = field(default_factory=dict)
    """Kind of each tile: logic, ramb, ramt, io, dsp0, …"""
    rows: dict[Place, list[str]] = field(default_factory=dict)
    """Configuration bits of each tile, a string of 0 and 1 for each row."""
    rams: dict[Place, list[str]] = field(default_factory=dict)
    """Contents of block RAMs, 16 lines of 64 hexadecimal digits; the first has the first words."""
    functions: dict[str, dict[str, list[tuple[int, int]]]] = field(default_factory=dict)
    """Of each kind of tile: row and column of the bits of a function."""
    cells: list[tuple[str, dict[str, Pin]]] = field(default_factory=list)
    """Cells of several tiles: their kind, and where each pin and each machine bit is."""
    nets: dict[Pin, int] = field(default_factory=dict)
    drivers: dict[int, int] = field(default_factory=dict)
    """The net that a closed switch connects to another."""
    pads: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    """Tile of a package's pin, and which of the tile's two cells it has."""

    def bits(self, place: Place, function: str) -> list[bool]:
        """The bits of a function in a tile, in the order of the data base."""
        where = self.functions[self.kinds[place]][function]
        return [self.rows[place][row][column] == "1" for row, column in where]

    def bit(self, x: int, y: int, function: str) -> bool:
        """The only bit of a function, which the tile may call by a longer name."""
        names = [name for name in self.functions[self.kinds[x, y]]
                 if name == function or name.endswith(f".{function}")]
        (value,) = self.bits((x, y), names[0])
        return value

    def source(self, pin: Pin) -> int | None:
        """The net behind all closed switches; one that nothing drives is its own source."""
        net = self.nets.get(pin)
        while net is not None and net in self.drivers:
            net = self.drivers[net]
        return net


def read_fabric(data_base: Path, bitstream: Path, package: str) -> Fabric:
    """Read the text form of a bitstream (``iceunpack``) with the data base of its chip."""
    fabric, globals_ = Fabric(), _Globals()
    _read_bitstream(fabric, globals_, bitstream)
    wanted: set[Pin] = set()
    with data_base.open() as lines:
        for line in lines:
            if not line.startswith("."):
                continue
            head = line.split()
            kind, block = head[0], iter(lines.readline, "\n")
            if kind in (".buffer", ".routing"):
                _read_switch(fabric, head, block)
            elif kind == ".net":
                _read_net(fabric, int(head[1]), block, wanted)
            elif kind.endswith("_tile_bits"):
                fabric.functions[kind[1:-10]] = {
                    name: [_row_and_column(bit) for bit in where]
                    for name, *where in map(str.split, block)}
            elif kind == ".extra_cell":
                pins = {key: (int(x), int(y), name)
                        for key, x, y, name in map(str.split, block)}
                wanted |= set(pins.values())
                fabric.cells.append((head[-1], pins))
            elif kind == ".pins" and head[1] == package:
                for number, x, y, cell in map(str.split, block):
                    fabric.pads[int(number)] = int(x), int(y), int(cell)
            elif kind in (".gbufpin", ".gbufin", ".extra_bits"):
                globals_.read(kind, block)
    globals_.connect(fabric)
    return fabric


class _Globals:
    """The eight global nets: each comes from a pad, or from the fabric through a tile."""

    def __init__(self) -> None:
        self.set_bits: set[tuple[int, ...]] = set()
        self._pads: dict[int, Pin] = {}
        self._tiles: dict[int, Pin] = {}
        self._bits: dict[int, tuple[int, ...]] = {}

    def read(self, kind: str, block: Iterator[str]) -> None:
        for line in block:
            words = line.split()
            if kind == ".extra_bits":
                self._bits[int(words[0].rpartition(".")[2])] = tuple(map(int, words[1:]))
            elif kind == ".gbufpin":
                self._pads[int(words[3])] = int(words[0]), int(words[1]), f"io_{words[2]}/D_IN_0"
            else:
                self._tiles[int(words[2])] = int(words[0]), int(words[1]), "fabout"

    def connect(self, fabric: Fabric) -> None:
        for number in range(8):
            x, y, _ = tile = self._tiles[number]
            source = self._pads[number] if self._bits[number] in self.set_bits else tile
            fabric.drivers[fabric.nets[x, y, f"glb_netwk_{number}"]] = fabric.nets[source]


def _read_bitstream(fabric: Fabric, globals_: _Globals, path: Path) -> None:
    into: list[str] = []
    for line in path.read_text().splitlines():
        if not line.startswith("."):
            if line:
                into.append(line)
            continue
        kind, *numbers = line.split()
        into = []
        if kind == ".extra_bit":
            globals_.set_bits.add(tuple(map(int, numbers)))
        elif kind == ".ram_data":
            fabric.rams[int(numbers[0]), int(numbers[1])] = into
        elif kind.endswith("_tile"):
            place = int(numbers[0]), int(numbers[1])
            fabric.kinds[place], fabric.rows[place] = kind[1:-5], into


def _read_switch(fabric: Fabric, head: list[str], block: Iterator[str]) -> None:
    rows = fabric.rows[int(head[1]), int(head[2])]
    now = ""
    for bit in head[4:]:
        row, column = _row_and_column(bit)
        now += rows[row][column]
    for line in block:
        setting, _, net = line.partition(" ")
        if setting == now:
            fabric.drivers[int(head[3])] = int(net)


def _read_net(fabric: Fabric, number: int, block: Iterator[str], wanted: set[Pin]) -> None:
    for line in block:
        x, y, name = line.split()
        pin = int(x), int(y), name
        if not name.startswith(_WIRES) or pin in wanted:
            fabric.nets[pin] = number


def _row_and_column(bit: str) -> tuple[int, int]:
    """Of a bit such as B3[17]."""
    row, _, column = bit[1:-1].partition("[")
    return int(row), int(column)
