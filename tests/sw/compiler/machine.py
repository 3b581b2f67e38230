"""An untimed accelerator in NumPy that executes a memory image instruction by instruction.

It knows the encoding, the protocol's memories and the arithmetic, and nothing of the compiler.
Besides the values it checks the promises a schedule makes to the hardware: code banks, command
queue, result queue, stream lengths, and that no read comes within the latency of its write.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from sterna.golden import scalars
from sterna.golden.scalars import ScalarFloat
from sterna.machine.encoding import decode
from sterna.machine.image import MemoryImage
from sterna.machine.protocol import Space
from sterna.machine.units.scalar import ScalarCode
from sterna.machine.units.ternary import Destination
from sterna.machine.units.vector import MultiplierSelect, SourceA, Wait, vector_latency
from sterna.machine.weight_words import unpack_words


def unpack_groups(words, fields, bits):
    """Signed fields [words, fields] of LOAD words."""
    spread = np.unpackbits(words, axis=1, bitorder="little")[:, :fields * bits]
    places = spread.reshape(len(words), fields, bits).astype(np.int64)
    values = (places << np.arange(bits)).sum(-1)
    return values - ((values >> (bits - 1)) << bits)


@dataclass
class Run:
    """What one run emitted on the trace ports, and its result."""

    vectors: list = field(default_factory=list)
    scalars: list = field(default_factory=list)
    accumulators: list = field(default_factory=list)
    head: list = field(default_factory=list)
    top: list = field(default_factory=list)
    scale: tuple = (0, 0)
    instructions: int = 0
    groups_issued: int = 0

    @property
    def shown(self) -> dict:
        """Entries by trace port."""
        return {"vector": self.vectors, "scalar": self.scalars, "accumulators": self.accumulators}


class Machine:
    """Loads an image; `run` executes one entry."""

    def __init__(self, image: MemoryImage) -> None:
        self.image, cfg = image, image.machine
        self.cfg, self.latency = cfg, vector_latency(cfg)
        parts = {space: part.array() for space, part in image.parts.items()}
        for space in image.parts:
            assert len(parts[space]) == image.parts[space].words
        self.program = [int.from_bytes(bytes(word), "little") for word in parts[Space.PROGRAM]]
        self.constants = unpack_groups(
            parts[Space.CONSTANTS], cfg.vector.lanes, cfg.vector.word_bits)
        pairs = unpack_groups(parts[Space.TABLES], 2, cfg.vector.word_bits)
        self.base, self.slope = (pairs[:, column].reshape(-1, 512) for column in (0, 1))
        self.weights = unpack_words(cfg, parts[Space.WEIGHTS])
        self.inputs = unpack_groups(parts[Space.INPUT], cfg.vector.lanes, cfg.vector.word_bits)
        rng = np.random.default_rng(1)  # memory is not zero after power-up
        self.memory = rng.integers(-cfg.vector.word_limit, cfg.vector.word_limit,
                                   (cfg.vector.depth, cfg.vector.lanes))
        self.registers = [scalars.ZERO] * 16
        self.absmax, self.squares = [0] * 4, [0] * 2

    def load_row(self, words) -> None:
        """What the host does before a run if rows come from it."""
        self.inputs = unpack_groups(words, self.cfg.vector.lanes, self.cfg.vector.word_bits)

    def run(self, entry: str, input_word: int = 0) -> Run:
        """Execute until END."""
        self.out = Run()
        self.weight, self.constant, self.input = 0, 0, input_word
        self.commands, self.results, self.banks = deque(), deque(), deque()
        self.filling, self.block, self.head_rows = 0, 0, 0
        self.last, self.floor = 0, 0
        self.written = np.full(self.cfg.vector.depth, -1000)
        self._sequence(self.image.entries[entry])
        while self.commands:
            self._engine()
        assert not self.results and not self.banks
        assert not any(self.absmax) and not any(self.squares)
        if entry == "run":
            assert self.weight == len(self.weights) and self.constant == len(self.constants)
            assert self.input - input_word == self.image.row_groups
        best = sorted((-value, row) for row, value in enumerate(self.out.head[:self.image.rows]))
        self.out.top = [(-value, row) for value, row in best[:self.cfg.head.top_k]]
        scale = self.registers[0]
        self.out.scale = scale.mantissa, scale.exponent
        return self.out

    def _sequence(self, pc: int) -> None:
        loops = [None, None]
        offset = [0, 0]
        while True:
            kind, fields = decode(self.cfg, self.program[pc])
            pc += 1
            self.out.instructions += 1
            if kind == "END":
                return
            if kind == "REPEAT":
                loops[fields["level"]] = [pc, fields["count"], fields["step"]]
            elif kind == "VECTOR":
                self._vector(fields, offset)
            elif kind == "SCALAR":
                self._scalar(fields)
            else:
                assert len(self.commands) < 8 or self._engine()
                while len(self.commands) == 8:
                    self._engine()
                self.commands.append(fields)
            for level in (0, 1):
                if fields["ends"] >> level & 1:
                    loop = loops[level]
                    loop[1] -= 1
                    offset[level] += loop[2]
                    if loop[1]:
                        pc = loop[0]
                        break
                    offset[level] = 0

    def _engine(self) -> bool:
        """Accumulate one block of the oldest command."""
        cfg, command = self.cfg, self.commands[0]
        assert self.banks, "a matrix command waits for codes that never come"
        groups, tiles, planes = command["groups"], command["tiles"], command.get("planes", 1)
        assert groups <= cfg.ternary.block_groups
        assert tiles * cfg.ternary.columns <= cfg.ternary.code_depth
        codes = self.banks[0][:tiles * cfg.ternary.columns].reshape(tiles, cfg.ternary.columns)
        count = groups * planes * tiles
        words = self.weights[self.weight:self.weight + count]
        self.weight += count
        words = words.reshape(tiles, planes, groups, cfg.ternary.rows, cfg.ternary.columns)
        whole = sum(3**plane * words[:, plane].astype(np.int64) for plane in range(planes))
        sums = np.einsum("tgrc,tc->gr", whole, codes)
        assert np.abs(sums).max() < 1 << (cfg.ternary.accumulator_bits - 1)
        self.out.accumulators += list(sums)
        if command.get("shift"):
            bits = 4 * command["shift"]
            sums = (sums + (1 << bits - 1)) >> bits
        sums = sums.clip(-cfg.vector.word_limit, cfg.vector.word_limit)
        if command["destination"] == Destination.HEAD:
            self.out.head += sums.reshape(-1).tolist()
        else:
            # Of longer blocks the engine computes as much as has room.
            most = max(cfg.ternary.result_depth, groups)
            self.results.extend(sums)
            assert len(self.results) <= most, "the result queue overflows"
        self.block += 1
        if self.block == command["blocks"]:
            self.block = 0
            self.commands.popleft()
            if command["release"]:
                self.banks.popleft()
        return True

    def _accumulators(self, length: int):
        per_row_group = self.cfg.ternary.rows // self.cfg.vector.lanes
        count, left = divmod(length, per_row_group)
        assert not left
        rows = []
        for _ in range(count):
            while not self.results:
                assert self.commands, "accumulators that no command gives"
                self._engine()
            rows.append(self.results.popleft())
        return np.stack(rows).reshape(length, self.cfg.vector.lanes)

    def _address(self, fields, name, offset) -> int:
        outer = offset[1] if fields[f"{name}_layer"] else 0
        return (fields[f"{name}_address"] + offset[0] + outer) % (1 << self.cfg.vector.address_bits)

    def _read(self, fields, name, offset):
        base, length = self._address(fields, name, offset), fields["length"]
        groups = np.arange(length)
        read = self.start + groups
        assert (read - self.written[base:base + length] >= self.latency).all(), "read too early"
        return self.memory[base:base + length].copy()

    def _vector(self, fields, offset) -> None:
        cfg, length = self.cfg, fields["length"]
        wait = Wait(fields["wait"])
        self.start = self.last + 1
        if wait is Wait.DRAIN:
            self.start = self.last + self.latency
        elif wait is Wait.CHAIN:
            self.start = self.last + 1 + max(0, self.latency - length)
        self.start = max(self.start, self.floor)
        source, select = SourceA(fields["a_source"]), MultiplierSelect(fields["multiplier"])
        zero = select is MultiplierSelect.ZERO
        if source is SourceA.ACCUMULATORS:
            a = self._accumulators(length)
        elif source is SourceA.INPUT:
            a = self.inputs[self.input:self.input + length]
            self.input += length
        else:
            a = self._read(fields, "a", offset)
        assert len(a) == length
        uses_b = fields["add_b"] or select is MultiplierSelect.MEMORY
        b = self._read(fields, "b", offset) if uses_b else 0
        shift, addend = 4 * fields["shift"], b if fields["add_b"] else 0
        if select in (MultiplierSelect.SCALAR, MultiplierSelect.SCALAR_NEGATIVE):
            value, shift = scalars.as_multiplier(
                self.registers[fields["scalar"]], cfg.vector.word_bits)
            factor = -value if select is MultiplierSelect.SCALAR_NEGATIVE else value
        elif select is MultiplierSelect.CONSTANT:
            factor = self.constants[self.constant:self.constant + length]
            self.constant += length
        elif select is MultiplierSelect.TABLE:
            bits = cfg.vector.word_bits - 9
            position = a + (1 << (cfg.vector.word_bits - 1))
            index, a = position >> bits, position & ((1 << bits) - 1)
            factor, addend = (table[fields["table"]][index] for table in (self.slope, self.base))
            shift = 12
        elif select is MultiplierSelect.MEMORY:
            factor = b
        else:
            factor = {MultiplierSelect.ONE: 1, MultiplierSelect.MINUS_ONE: -1}.get(select, 0)
        product = a * factor
        if shift:
            product = (product + (1 << (shift - 1))) >> shift
        result = (product + addend).clip(-cfg.vector.word_limit, cfg.vector.word_limit)
        self._deliver(fields, offset, result, zero)
        self.last = self.start + length - 1

    def _deliver(self, fields, offset, result, zero) -> None:
        cfg, length = self.cfg, fields["length"]
        self.out.vectors += list(result)
        self.out.groups_issued += length
        if fields["write"]:
            base = self._address(fields, "result", offset)
            assert base + length <= cfg.vector.depth
            self.memory[base:base + length] = result
            self.written[base:base + length] = self.start + np.arange(length)
        if fields.get("rank"):
            self.out.head += result.reshape(-1).tolist()
        if fields["codes"]:
            while len(self.banks) == 2:
                assert self.commands, "both code banks stay taken"
                self._engine()
            bank = np.zeros(cfg.ternary.code_depth, np.int64)
            codes = result.clip(-127, 127).reshape(-1)
            bank[:codes.size] = codes[:cfg.ternary.code_depth]
            self.banks.append(bank)
        if fields["absmax"]:
            register = fields["absmax_register"]
            self.absmax[register] = max(self.absmax[register], int(np.abs(result).max()))
        if fields["squares"]:
            entered = result if fields.get("sum") else result * result
            self.squares[fields["squares_register"]] += int(entered.sum())

    def _scalar(self, fields) -> None:
        code = ScalarCode(fields["operation"])
        a, b = self.registers[fields["a"]], self.registers[fields["b"]]
        if code in (ScalarCode.ABSMAX, ScalarCode.SQUARES):
            file = self.absmax if code is ScalarCode.ABSMAX else self.squares
            result = scalars.normalise_signed(file[fields["a"]])
            file[fields["a"]] = 0
            self.floor = max(self.floor, self.last + 1 + self.latency)
        elif code is ScalarCode.CONSTANT:
            group = self.constants[self.constant]
            self.constant += 1
            drop = 18 - self.cfg.vector.word_bits
            result = ScalarFloat(int(group[0]) << drop, int(group[1]))
        elif code is ScalarCode.MULTIPLY:
            result = scalars.multiply(a, b)
        elif code is ScalarCode.ADD:
            result = scalars.add(a, b)
        elif code is ScalarCode.CODE_SCALE:
            result = scalars.code_scale(a)
        else:
            result = scalars.rsqrt(a)
        self.registers[fields["result"]] = result
        self.out.scalars.append(tuple(result))
