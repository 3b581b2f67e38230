"""Weights from AXI ports: no memory, however it behaves, changes a bit."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.errors import InputError, LinkError
from sterna.families.tokens.golden_device import GoldenDevice
from sterna.host.token_board import TokenBoard
from sterna.machine.frames import Frame, encode_frame
from sterna.machine.machine import Machine
from sterna.machine.memory import Axi, memory_bytes
from sterna.machine.protocol import FrameType, Space
from sterna_hw.memory.storage import MODULE_DEPTH
from sterna_sim.board import CYCLES_PER_SECOND, DECODE_ERROR, SLAVE_ERROR, SimulatedBoard
from sterna_sim.memory.timing import MemoryTiming
from sterna_sim.verification import Verification, Verifier

from tests.sim.outside import AXI, all_outside, levels, program

pytestmark = pytest.mark.verilator

REFRESH = {"interval": 300, "refresh": 60}


def verify(timing: MemoryTiming, seed: int = 0, counts: tuple[int, ...] = (3, 2),
           chosen: Machine | None = None, **options) -> Verification:
    generator = np.random.default_rng(seed)
    texts = [generator.integers(0, 97, count).tolist() for count in counts]
    verifier = Verifier(program(), chosen or all_outside(), "host", seed=seed, memory=timing,
                        **options)
    try:
        return verifier.verify(texts)
    finally:
        verifier.close()


@pytest.mark.parametrize("timing", [
    MemoryTiming(latency=0),
    MemoryTiming(latency=300, requests=1),
    MemoryTiming(rate=9000, stagger=77, **REFRESH),
    MemoryTiming(rate=200_000, buffer=16, **REFRESH),
    MemoryTiming(stall_permille=600),
], ids=["fast", "one request", "slow with refresh", "bursts after refresh", "stalls"])
def test_no_vector_differs(timing):
    outcome = verify(timing)
    assert outcome.first_difference is None
    assert (outcome.tokens, outcome.differences) == (5, 0)
    assert outcome.vectors_compared > 500


@pytest.mark.parametrize("shape", [
    pytest.param({"rows": 8, "columns": 12, "lane": "tables",
                  "memory": Axi(ports=1, bits=32, burst=8)}, marks=pytest.mark.long),
    {"rows": 4, "columns": 36, "lane": "twin_tables",
     "memory": Axi(ports=4, bits=128, burst=4, prefetch=64)},
], ids=["tables", "twin tables"])
def test_dense_words_of_tables(shape):
    """Columns, rows and bytes of a word that no other of them is a multiple of."""
    base = AXI.having(code_depth=36 * 8, block_groups=16, **shape)
    chosen = fit_machine(program(), base, "host")
    words = -(-chosen.ternary.weight_depth // 5) * 5
    assert memory_bytes(chosen) == words * chosen.ternary.lanes // 5
    for timing in (MemoryTiming(latency=0), MemoryTiming(stall_permille=300, **REFRESH)):
        outcome = verify(timing, counts=(2, 1), chosen=chosen, stall_permille=100)
        assert outcome.first_difference is None and outcome.tokens == 3


@pytest.mark.parametrize("mixed", [False, True], ids=["all outside", "levels"])
def test_memories_loaded_over_the_link(mixed):
    outcome = verify(MemoryTiming(stall_permille=100), counts=(2,), over_link=True,
                     chosen=levels() if mixed else None)
    assert outcome.first_difference is None and outcome.vectors_compared > 200


def test_random_memories_never_change_a_bit():
    """Stalls, refresh at every phase against the token, pauses of the link: a long random run.

    All weights outside, and with half of them on the chip and the constants outside.
    """
    generator = np.random.default_rng(11)
    for seed in range(40):
        interval = int(generator.integers(20, 2000))
        timing = MemoryTiming(
            latency=int(generator.integers(0, 400)),
            rate=int(generator.integers(3000, 130_000)),
            buffer=int(generator.integers(1, 64)),
            requests=int(generator.integers(1, 16)),
            interval=interval,
            refresh=int(generator.integers(1, interval)),
            stagger=int(generator.integers(0, interval)),
            stall_permille=int(generator.integers(0, 700)),
        )
        stalls = int(generator.integers(0, 500))
        outcome = verify(timing, seed, (2, 1), stall_permille=stalls,
                         chosen=levels() if seed % 2 else None)
        assert outcome.first_difference is None, timing
        assert outcome.tokens == 3


def test_the_memory_is_as_fast_as_its_timing():
    """A token that waits only for weights takes as long as its bytes at the memory's rate."""
    words = all_outside().ternary.weight_depth
    size = words * all_outside().ternary.weight_bytes
    cycles = verify(MemoryTiming(rate=8192), counts=(1,)).counters.cycles
    clocks = size / (2 * 8 / 8)
    assert clocks < cycles < 1.05 * clocks + 300


def test_large_memories_are_loaded_from_behind():
    """Those that are modules of their own in the Verilog; the others come over the link."""
    for chosen, constants in ((all_outside(), all_outside().vector.constant_depth >= MODULE_DEPTH),
                              (levels(), True)):
        board = SimulatedBoard(chosen)
        expected = {Space.WEIGHTS, Space.CONSTANTS} if constants else {Space.WEIGHTS}
        assert set(board.loaders()) == expected
        board.close()
    assert levels().memory.resident >= MODULE_DEPTH


def test_levels_take_their_share_of_the_memory():
    """The token is faster than the memory alone would let it be, by the words on the chip."""
    timing = MemoryTiming(rate=8192)
    alone = verify(timing, counts=(1,)).counters.cycles
    mixed = verify(timing, counts=(1,), chosen=levels()).counters.cycles
    ternary = all_outside().ternary
    size = memory_bytes(levels()) / (ternary.weight_depth * ternary.weight_bytes)
    assert size < 0.7
    assert mixed < (size + 0.05) * alone


@pytest.mark.parametrize("chosen", [all_outside, levels], ids=["all outside", "levels"])
@pytest.mark.parametrize("port, after, response", [(0, 0, DECODE_ERROR), (1, 77, SLAVE_ERROR)])
def test_error_answers_of_a_read_end_the_run_and_the_next_is_right(chosen, port, after, response):
    fitted = chosen()
    board = SimulatedBoard(fitted)
    device = TokenBoard(board, "sim", board.loaders())
    golden = GoldenDevice(program(), fitted.head.top_k)
    try:
        device.load(compile_program(program(), fitted, "host"))
        assert device.step(5).candidates() == golden.step(5).candidates()
        board.answer_with_error(port, after=after, response=response)
        with pytest.raises(LinkError, match=f"^sim: the memory behind AXI4 port {port} answered a "
                                            "read with an error .* during RUN; see that"):
            device.step(6)
        for token in (6, 7):
            assert device.step(token).candidates() == golden.step(token).candidates()
        assert device.recoveries == 1
    finally:
        device.close()


@pytest.mark.parametrize("chosen", [all_outside, levels], ids=["all outside", "levels"])
@pytest.mark.parametrize("port, after", [(0, 0), (1, 83)])
def test_an_early_last_beat_ends_the_run_and_the_next_is_right(chosen, port, after):
    fitted = chosen()
    board = SimulatedBoard(fitted, memory=MemoryTiming(buffer=4))
    device = TokenBoard(board, "sim", board.loaders())
    golden = GoldenDevice(program(), fitted.head.top_k)
    try:
        device.load(compile_program(program(), fitted, "host"))
        board.end_burst_early(port, after)
        with pytest.raises(LinkError, match=f"^sim: the memory behind AXI4 port {port} answered a "
                                            "read with an error"):
            device.step(6)
        for token in (6, 7):
            assert device.step(token).candidates() == golden.step(token).candidates()
    finally:
        device.close()


@pytest.mark.parametrize("controllers", [False, True], ids=["memory goes on", "memory too"])
def test_a_reset_in_mid_read(controllers):
    """The next run waits for what is still on its way, or finds that nothing is."""
    board = SimulatedBoard(all_outside(), memory=MemoryTiming(latency=300))
    image = compile_program(program(), all_outside(), "host")
    golden = GoldenDevice(program(), all_outside().head.top_k)
    expected = [golden.step(token).candidates() for token in (6, 7)]
    for clocks in range(0, 700, 100):
        device = TokenBoard(board, "sim", board.loaders())
        device.load(image)
        assert [device.step(token).candidates() for token in (6, 7)] == expected
        payload = struct.pack("<HII", image.entries["run"], 0, image.rows)
        board.write(encode_frame(Frame(FrameType.RUN, 1, payload)))
        board.read(1 << 20, (60 + clocks) / CYCLES_PER_SECOND)
        board.reset(controllers=controllers)
    board.close()


def test_an_exclusive_answer_is_no_error():
    """Only bit 1 of RRESP tells of one."""
    board = SimulatedBoard(all_outside())
    device = TokenBoard(board, "sim", board.loaders())
    try:
        device.load(compile_program(program(), all_outside(), "host"))
        board.answer_with_error(0, after=9, response=1)
        device.step(5)
    finally:
        device.close()


def test_error_answers_of_a_write_end_the_loading():
    board = SimulatedBoard(all_outside())
    device = TokenBoard(board, "sim")
    image = compile_program(program(), all_outside(), "host")
    golden = GoldenDevice(program(), all_outside().head.top_k)
    try:
        board.answer_with_error(1, write=True, after=500)
        with pytest.raises(LinkError, match="^sim: the memory behind AXI4 port 1 answered a write "
                                            "with an error .* during LOAD; see that"):
            device.load(image)
        device.load(image)
        assert device.step(5).candidates() == golden.step(5).candidates()
    finally:
        device.close()


@pytest.mark.parametrize("wrong, message", [
    ({"latency": -1}, "latency is negative"),
    ({"rate": 0}, "at least 1"),
    ({"stall_permille": 1000}, "always pauses"),
    ({"interval": 5, "refresh": 5}, "always pauses"),
])
def test_impossible_memories(wrong, message):
    with pytest.raises(InputError, match=message):
        MemoryTiming(**wrong)
