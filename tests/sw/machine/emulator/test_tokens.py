"""The emulator computes what the golden computes, in what it sends of every token."""

from __future__ import annotations

import numpy as np
import pytest
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.store import load_model
from sterna.families.tokens.golden_device import GoldenDevice
from sterna.host.token_board import TokenBoard
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi
from sterna.machine.presets import PRESETS, token_machine
from sterna.program.definition import Program

from tests.sim.shapes import random_program

TABLES = token_machine(rows=4, columns=24, vector_lanes=4, lane="tables", code_depth=96)
SHAPES = {
    "standard": PRESETS["standard"],
    "tiny": PRESETS["tiny"],
    "tables": TABLES,
    "one lane": PRESETS["tiny"].having(rows=2, columns=4, vector_lanes=1, block_groups=2),
    "resident": PRESETS["tiny"].having(memory=Axi(bits=32, resident_words=7)),
}


def opened(program: Program, base: Machine, embedding: str = "auto") -> TokenBoard:
    machine = fit_machine(program, base, embedding)
    device = TokenBoard(EmulatedBoard(machine), "emulator")
    device.load(compile_program(program, machine, embedding))
    return device


@pytest.mark.parametrize("embedding", ["host", "chip"])
@pytest.mark.parametrize("shape", SHAPES)
def test_random_programs(shape, embedding):
    base = SHAPES[shape]
    program = random_program(24, 2, 40, 61, seed=3)
    device, golden = opened(program, base, embedding), GoldenDevice(program, base.head.top_k)
    for token in np.random.default_rng(1).integers(0, program.rows, 6).tolist():
        assert device.step(token).candidates() == golden.step(token).candidates()
    device.reset()
    golden.reset()
    assert device.step(5).candidates() == golden.step(5).candidates()


def test_the_shipped_model():
    program = lower(load_model("demo-tiny"), name="demo-tiny")
    device = opened(program, PRESETS["standard"])
    golden = GoldenDevice(program, PRESETS["standard"].head.top_k)
    for token in np.random.default_rng(0).integers(0, program.rows, 24).tolist():
        assert device.step(token).candidates() == golden.step(token).candidates()


@pytest.mark.parametrize("streams", [2, 3])
def test_texts_side_by_side_and_prompts_in_chunks(streams):
    """Streams join and leave; a prompt is read by as many data paths as are free."""
    program = random_program(24, 2, 40, 61, seed=4)
    device = opened(program, PRESETS["tiny"].having(streams=streams))
    golden = GoldenDevice(program, PRESETS["tiny"].head.top_k)
    random = np.random.default_rng(2)
    texts = {0: []}
    for turn in range(12):
        if len(texts) < device.streams and turn % 3 == 1:
            texts[device.join()] = []
        tokens = {stream: random.integers(0, program.rows, 3).tolist() for stream in texts}
        for stream, step in device.run(tokens).items():
            texts[stream] += tokens[stream][:len(step.places)]
            golden.reset()
            for token in texts[stream]:
                expected = golden.step(token)
            assert step.result.candidates() == expected.candidates()
        if turn % 5 == 4:
            stream = random.choice(list(texts))
            device.leave(stream)
            del texts[stream]
            if not texts:
                texts[device.join()] = []
    device.close()
