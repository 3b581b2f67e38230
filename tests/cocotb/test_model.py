"""A whole small model on the top level, in event-driven simulators, against the golden.

Other than the simulated board these check every clock edge and, in Icarus, undefined values.
"""

from __future__ import annotations

import json
import shutil
import struct

import pytest
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.golden.executor import GoldenExecutor
from sterna.machine.frames import Frame, encode_frame
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import FrameType, Space, space_number
from sterna_hw.verilog import to_verilog
from sterna_sim.cocotb_runner import run_testbench

from tests.sim.shapes import random_program

WORDS_IN_FRAME = 64


def record(program, image, text: list[int]) -> list[tuple[bytes, int, bytes]]:
    """Frames of a session: load, reset, some tokens; with what the golden says to each."""
    golden = GoldenExecutor(program, top_k=image.machine.head.top_k)
    session = []
    nonce, runs = 0x5EED1234, 0

    def request(kind: FrameType, payload: bytes, answer: FrameType, ending: bytes = b"") -> None:
        frame = Frame(kind, len(session) % 256, payload)
        session.append((encode_frame(frame), int(answer), ending))

    def load(space: str, first: int, words: bytes) -> None:
        number = space_number(image.machine, space)
        request(FrameType.LOAD, struct.pack("<BI", number, first) + words, FrameType.ACK)

    def run(entry: str, token: int, ending: bytes) -> None:
        nonlocal runs
        runs += 1
        where = image.entries[entry], image.input_word(token), image.rows
        request(FrameType.RUN, struct.pack("<HII", *where), FrameType.RESULT,
                ending + struct.pack("<II", nonce, runs))

    items = struct.pack("<BBQBBQBBII", 3, 8, image.machine.digest(), 4, 8, 0, 5, 8, 0, 0)
    request(FrameType.HELLO, b"", FrameType.INFO, items)
    request(FrameType.BEGIN, struct.pack("<I", nonce), FrameType.ACK)
    for space, part in image.parts.items():
        words = part.array()
        for first in range(0, len(words), WORDS_IN_FRAME):
            load(space, first, words[first : first + WORDS_IN_FRAME].tobytes())
    run("reset", 0, b"")
    for token in text:
        result = golden.step(token)
        pairs = zip(result.accumulators, result.rows, strict=True)
        ending = struct.pack("<Ii", result.mantissa, result.exponent)
        ending += b"".join(struct.pack("<iI", *pair) for pair in pairs)
        if image.placement == "host":
            load(Space.INPUT, 0, image.embedding(token).tobytes())
        run("run", token, ending)
    return session


# Icarus runs some forty clocks a second, and most of them load the memories.
@pytest.mark.parametrize(("simulator", "placement", "density", "shape", "text"), [
    pytest.param("verilator", "chip", 0.8, (12, 2, 5, 21), [3, 20, 3],
                 marks=(pytest.mark.verilator, pytest.mark.long)),
    pytest.param("icarus", "host", 1.0, (6, 1, 5, 9), [3, 8], marks=[
        pytest.mark.icarus,
        pytest.mark.skipif(shutil.which("iverilog") is None, reason="needs Icarus Verilog"),
    ]),
])
def test_results_are_those_of_the_golden(simulator, placement, density, shape, text, tmp_path):
    hidden, layers, intermediate, vocabulary = shape
    program = random_program(
        hidden=hidden, layers=layers, intermediate=intermediate, vocabulary=vocabulary
    )
    machine = fit_machine(program, PRESETS["tiny"], placement)
    session = record(program, compile_program(program, machine, placement), text)
    lines = [json.dumps([sent.hex(), kind, ending.hex()]) for sent, kind, ending in session]
    (tmp_path / "session").write_text("\n".join(lines))
    outcome = run_testbench(
        simulator, to_verilog(machine), "tests.cocotb.model_bench", tmp_path,
        {"SESSION": str(tmp_path / "session"), "DENSITY": str(density)},
    )
    assert outcome == (1, 0)
