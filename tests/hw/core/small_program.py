"""A hand-made program for the tiny machine, its memory contents and its integer model.

Per token: codes of the input row; matrix 1 (16 x 16); gain, shift, add to a state that lives from
run to run, absmax; codes of the state; head (24 x 16). A second program resets the state.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from sterna.law.arithmetic import CODE_SCALE_TABLE
from sterna.machine.encoding import encode
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import NO_ROW, FrameType, word_chunks
from sterna.machine.trits import pack_trits
from sterna.machine.units.scalar import ScalarCode
from sterna.machine.units.ternary import Destination
from sterna.machine.units.vector import MultiplierSelect, SourceA, Wait

from tests.hw.link.frame_model import frame_bytes
from tests.hw.spaces import Number

TINY = PRESETS["tiny"]
WIDTH, ROWS, LIMIT, TOKENS = 16, 24, 23, 4
GROUPS = WIDTH // TINY.vector.lanes
STATE, GAIN_SHIFT, SCALE = 32, 4, (0x1ABCD, -21)
RESET_ENTRY = 20


def program_words() -> dict[int, int]:
    """Instructions by address."""
    block = TINY.ternary.block_groups
    token = [
        encode(TINY, "VECTOR", length=GROUPS, a_source=SourceA.INPUT, codes=1,
               multiplier=MultiplierSelect.ONE),
        encode(TINY, "MATMUL", groups=block, blocks=WIDTH // TINY.ternary.rows // block,
               tiles=WIDTH // TINY.ternary.columns, release=1, destination=Destination.VECTOR),
        encode(TINY, "MATMUL", groups=block, blocks=ROWS // TINY.ternary.rows // block,
               tiles=WIDTH // TINY.ternary.columns, release=1, destination=Destination.HEAD),
        encode(TINY, "REPEAT", level=0, count=WIDTH // TINY.ternary.rows // block, step=block),
        encode(TINY, "VECTOR", ends=1, length=block, a_source=SourceA.ACCUMULATORS,
               multiplier=MultiplierSelect.CONSTANT, shift=GAIN_SHIFT // 4, add_b=1,
               b_address=STATE, write=1, result_address=STATE, absmax=1, absmax_register=2),
        encode(TINY, "SCALAR", operation=ScalarCode.ABSMAX, result=1, a=2),
        encode(TINY, "SCALAR", operation=ScalarCode.CODE_SCALE, result=3, a=1),
        encode(TINY, "VECTOR", length=GROUPS, a_source=SourceA.MEMORY, a_address=STATE,
               multiplier=MultiplierSelect.SCALAR, scalar=3, codes=1, wait=Wait.DRAIN),
        encode(TINY, "SCALAR", operation=ScalarCode.CONSTANT, result=0),
        encode(TINY, "END"),
    ]
    reset = [
        encode(TINY, "VECTOR", length=GROUPS, a_source=SourceA.MEMORY, a_address=STATE,
               multiplier=MultiplierSelect.ZERO, write=1, result_address=STATE),
        encode(TINY, "END"),
    ]
    return dict(enumerate(token)) | dict(enumerate(reset, RESET_ENTRY))


@dataclass(frozen=True)
class Parameters:
    """Random parameters: trits, gains and input rows."""

    first: np.ndarray
    head: np.ndarray
    gains: np.ndarray
    inputs: np.ndarray

    @classmethod
    def random(cls, seed: int) -> Parameters:
        rng = np.random.default_rng(seed)
        return cls(
            rng.integers(-1, 2, (WIDTH, WIDTH)), rng.integers(-1, 2, (ROWS, WIDTH)),
            rng.integers(-3000, 3000, WIDTH), rng.integers(-200, 200, (TOKENS, WIDTH)))


def _load(space: Number, word: int, values: list[int]) -> bytes:
    size = 4 * word_chunks(TINY, space.space)
    data = b"".join(value.to_bytes(size, "little") for value in values)
    return frame_bytes(FrameType.LOAD, space, struct.pack("<BI", space, word) + data)


def _weight_words(matrix: np.ndarray) -> list[int]:
    """Weight words in the order of `encoding.matmul_fields`."""
    rows, columns = TINY.ternary.rows, TINY.ternary.columns
    block = TINY.ternary.block_groups * rows
    words = []
    for start in range(0, len(matrix), block):
        for column in range(0, matrix.shape[1], columns):
            for row in range(start, start + block, rows):
                trits = matrix[row:row + rows, column:column + columns].astype(np.int8)
                words.append(int.from_bytes(pack_trits(trits.reshape(-1)).tobytes(), "little"))
    return words


def _groups(values: np.ndarray) -> list[int]:
    bits, lanes = TINY.vector.word_bits, TINY.vector.lanes
    return [sum((int(word) & ((1 << bits) - 1)) << bits * lane for lane, word in enumerate(group))
            for group in values.reshape(-1, lanes)]


def load_frames(parameters: Parameters) -> list[bytes]:
    """The frames that fill the memories; each is answered with ACK."""
    program = program_words()
    scale = np.array(SCALE)
    return [
        _load(Number.PROGRAM, 0, [program.get(word, 0) for word in range(max(program) + 1)]),
        _load(Number.WEIGHTS, 0, _weight_words(parameters.first) + _weight_words(parameters.head)),
        _load(Number.CONSTANTS, 0, _groups(np.concatenate([parameters.gains, scale]))),
        _load(Number.INPUT, 0, _groups(parameters.inputs)),
    ]


def run_frame(token: int, sequence: int) -> bytes:
    """RUN of the token program."""
    return frame_bytes(FrameType.RUN, sequence, struct.pack("<HII", 0, token * GROUPS, LIMIT))


def reset_frame(sequence: int) -> bytes:
    """RUN of the reset program."""
    return frame_bytes(FrameType.RUN, sequence, struct.pack("<HII", RESET_ENTRY, 0, 0))


def _round_shift(values, shift: int):
    return (values + (1 << (shift - 1))) >> shift if shift else values


class Model:
    """The same in integers."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.state = np.zeros(WIDTH, dtype=np.int64)
        self.accumulators: list[np.ndarray] = []

    def run(self, token: int) -> list[tuple[int, int]]:
        """The top-k entries of one token."""
        parameters, limit = self.parameters, TINY.vector.word_limit
        codes = np.clip(parameters.inputs[token], -127, 127)
        sums = parameters.first @ codes
        gained = _round_shift(sums * parameters.gains, GAIN_SHIFT)
        self.state = np.clip(gained + self.state, -limit, limit)
        multiplier, shift = self._code_multiplier(int(np.abs(self.state).max()))
        codes = np.clip(_round_shift(self.state * multiplier, shift), -127, 127)
        logits = parameters.head @ codes
        self.accumulators = [sums, logits]
        order = sorted(range(LIMIT), key=lambda row: (-logits[row], row))[:TINY.head.top_k]
        return [(int(logits[row]), row) for row in order]

    @staticmethod
    def _code_multiplier(largest: int) -> tuple[int, int]:
        """127 / largest as multiplier and shift, by the definition of the scalar floats."""
        if largest == 0:
            return 0, 0
        exponent = largest.bit_length() - 17
        mantissa = largest >> exponent if exponent > 0 else largest << -exponent
        index, fraction = divmod(mantissa - (1 << 16), 256)
        base, slope = CODE_SCALE_TABLE[index]
        mantissa, exponent = base - (slope * fraction >> 8), -26 - exponent
        drop = 18 - TINY.vector.word_bits
        shift = -exponent
        if shift < drop:
            return TINY.vector.word_limit, 0
        down = drop + (shift - drop) % 4
        if shift - down > 32:
            return 0, 0
        return mantissa >> down, shift - down


@dataclass(frozen=True)
class Result:
    """A RESULT payload."""

    cycles: int
    busy: int
    waiting_weights: int
    waiting_codes: int
    scale: tuple[int, int]
    entries: list[tuple[int, int]]

    @classmethod
    def parse(cls, payload: bytes) -> Result:
        *counters, mantissa, exponent = struct.unpack_from("<IIIIIi", payload)
        entries = list(struct.iter_unpack("<iI", payload[24:-8]))
        assert len(entries) == TINY.head.top_k
        return cls(*counters, (mantissa, exponent), entries)


NO_ENTRIES = [(0, NO_ROW)] * TINY.head.top_k
WEIGHT_WORDS = (WIDTH + ROWS) * WIDTH // TINY.ternary.lanes
