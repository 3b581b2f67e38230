"""10^5 draws of cipher and sampler in Verilog: each is that of the law, and all are as probable."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from amaranth.back import verilog
from amaranth.hdl import Array, Const, Module, Signal
from amaranth.lib.wiring import Out
from sterna.law.sampling import Sampling, chosen, kept_totals, probabilities, random_number
from sterna_hw.component import Component
from sterna_hw.sampling.cipher import RandomNumbers
from sterna_hw.sampling.sampler import Sampler
from sterna_sim.tool_runner import ToolRunner
from sterna_sim.toolchain import find_toolchain

DRAWS, SEED, TEXT = 100_000, 18, 3
VALUES = [9_000, 8_700, 8_700, 7_000, 4_000, 1_000, -2_000, -30_000]
SCALE = (99_999, -28)
SAMPLING = Sampling(temperature=0.8, top_p=0.999, seed=SEED)

MAIN = """
#include "Vdraws.h"
#include <cstdio>
int main() {
    Vdraws top;
    for (int drawn = 0; drawn < %d;) {
        top.clk = 0; top.eval(); top.clk = 1; top.eval();
        if (top.valid) { std::putchar('0' + top.place); ++drawn; }
    }
}
"""


class Draws(Component):
    """Draws again and again, for one position after the other."""

    def __init__(self) -> None:
        super().__init__({"valid": Out(1), "place": Out(3)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.numbers = numbers = RandomNumbers()
        m.submodules.sampler = sampler = Sampler(18, len(VALUES))
        position, index = Signal(32), Signal(range(len(VALUES)))
        asked = SAMPLING.parameters(len(VALUES))
        choice, given = sampler.choices.payload, sampler.candidates
        with m.If(numbers.places.ready):
            m.d.sync += position.eq(position + 1)
        with m.If(given.ready):
            m.d.sync += index.eq(index + 1)
        values = Array(Const(value, 18) for value in VALUES)
        m.d.comb += [
            numbers.places.valid.eq(1), numbers.places.payload.seed.eq(SEED),
            numbers.places.payload.text.eq(TEXT), numbers.places.payload.position.eq(position),
            sampler.choices.valid.eq(numbers.numbers.valid),
            numbers.numbers.ready.eq(sampler.choices.ready),
            choice.number.eq(numbers.numbers.payload), choice.share.eq(asked.share),
            choice.scale.mantissa.eq(SCALE[0]), choice.scale.exponent.eq(SCALE[1]),
            choice.sharpness.mantissa.eq(asked.sharpness[0]),
            choice.sharpness.exponent.eq(asked.sharpness[1]),
            given.valid.eq(1), given.payload.value.eq(values[index]),
            given.payload.last.eq(index == len(VALUES) - 1),
            sampler.places.ready.eq(1),
            self.valid.eq(sampler.places.valid), self.place.eq(sampler.places.payload),
        ]
        return m


@pytest.mark.slow
@pytest.mark.verilator
def test_a_hundred_thousand_draws(tmp_path: Path) -> None:
    tools = find_toolchain()
    (tmp_path / "draws.v").write_text(verilog.convert(Draws(), name="draws", emit_src=False))
    (tmp_path / "main.cpp").write_text(MAIN % DRAWS)
    include = tools.verilator_root / "include"
    with ToolRunner(tmp_path, tools) as runner:
        runner.run([str(tools.verilator), "--cc", "-O3", "-Wno-fatal", "--Mdir", "made",
                    "--prefix", "Vdraws", "draws.v"])
        sources = [*map(str, (tmp_path / "made").glob("*.cpp")), "main.cpp",
                   *(str(include / name) for name in ("verilated.cpp", "verilated_threads.cpp"))]
        runner.run([tools.compiler, "-std=c++17", "-O1", f"-I{include}", f"-I{include / 'vltstd'}",
                    "-Imade", *sources, "-o", "draws", "-lpthread"])
    printed = subprocess.run([tmp_path / "draws"], capture_output=True, text=True, check=True)
    found = [int(digit) for digit in printed.stdout]

    totals = kept_totals(VALUES, SCALE, SAMPLING.parameters(len(VALUES)))
    assert found == [chosen(totals, random_number(SEED, TEXT, at)) for at in range(DRAWS)]
    expected = np.array([float(part) for part in probabilities(totals)]) * DRAWS
    assert len(expected) > 4 and expected.min() > 5
    counts = np.bincount(found, minlength=len(expected))
    statistic = float(((counts - expected) ** 2 / expected).sum())
    half = torch.tensor([(len(expected) - 1) / 2, statistic / 2], dtype=torch.float64)
    chance = float(torch.special.gammaincc(half[0], half[1]))
    print("p =", chance, expected.round(), counts)
    assert chance > 1e-3
