# amaranth: UnusedElaboratable=no
"""An accelerator with its memory image in the bitstream computes the same, and loads nothing."""

from __future__ import annotations

import pytest
from amaranth.back import verilog
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import Embedding, fit_machine
from sterna.errors import LinkError
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.model import open_model
from sterna.families.tokens.golden_device import GoldenDevice
from sterna.host.token_board import TokenBoard
from sterna.machine.presets import PRESETS
from sterna_boards.flows.open.designs import with_contents
from sterna_sim.board import SimulatedBoard
from sterna_sim.build import build_library
from sterna_sim.toolchain import find_toolchain

SHAPE = "random:hidden=24,layers=2,intermediate=20,vocabulary=40"


@pytest.mark.slow
@pytest.mark.verilator
@pytest.mark.parametrize("embedding", [
    pytest.param("host", marks=pytest.mark.long), "chip"])
def test_baked_board_equals_golden_without_loading(embedding: Embedding) -> None:
    program = lower(open_model(SHAPE).model)
    machine = fit_machine(program, PRESETS["tiny"], embedding)
    image = compile_program(program, machine, embedding)
    text = verilog.convert(with_contents(image), name="sterna", emit_src=False)
    library = build_library(text, [], find_toolchain(), lambda step, done, parts: None)

    told: list[str] = []
    device = TokenBoard(SimulatedBoard(machine, library=library), "sim")
    try:
        device.load(image, lambda step, *rest: told.append(step))
        golden = GoldenDevice(program, machine.head.top_k)
        for token in (3, 39, 0, 17):
            assert device.step(token).candidates() == golden.step(token).candidates()
        assert told == []
        other = compile_program(lower(open_model(SHAPE + ",seed=1").model), machine,
                                embedding)
        with pytest.raises(LinkError, match="bitstream with model"):
            device.load(other)
    finally:
        device.close()
