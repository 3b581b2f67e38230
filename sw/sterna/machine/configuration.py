"""The one configuration that compiler, RTL, tests and driver share.

A `HardwareConfiguration` fixes the shape of a generated accelerator. It knows nothing of any
model: two models whose programs fit the same configuration run on the same Verilog.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from math import ceil, log2
from typing import Literal, get_args

from sterna.errors import InputError
from sterna.law.arithmetic import CODE_LIMIT
from sterna.law.planes import full, reach, signed_bits
from sterna.machine.sdram import BURST_BEATS, find_part

TRITS_PER_BYTE = 5
WEIGHT_SOURCES = ("chip", "axi", "sdram")
AXI_ADDRESS_BITS = 32
COMMANDS_AHEAD = 32
"""Commands that the data path of a token stream may be behind that of another one."""

Lane = Literal["adders", "tables"]
"""What the ternary lanes are made of: trees of adders, or tables of the sums of three codes."""
LANES: tuple[str, ...] = get_args(Lane)


def _is_power_of_two(value: int) -> bool:
    return value > 0 and value & (value - 1) == 0


@dataclass(frozen=True, kw_only=True)
class HardwareConfiguration:
    """Shape of an accelerator.

    The ternary engine accepts ``rows * columns`` weights a clock (its lanes). The vector unit works
    on groups of ``vector_lanes`` words of ``word_bits`` bits. All depths are in words of the memory
    that they name.
    """

    rows: int = 8
    """Weight rows accumulated in parallel; a multiple of ``vector_lanes``."""
    columns: int = 32
    """Activation codes consumed in parallel: with adders a power of two of at least
    ``vector_lanes``, with tables a multiple of ``3 * vector_lanes``."""
    vector_lanes: int = 8
    """Elements in a vector group; a power of two."""
    vector_interval: int = 1
    """Clocks from a vector group to the next: 1, or 2 for a vector memory in single-port RAM."""
    word_bits: int = 18
    """Width of vector words, gains and table entries, signed."""
    accumulator_bits: int = 20
    """Width of an accumulator, signed; it must hold `reach` of ``code_depth`` columns."""
    block_groups: int = 8
    """Most row groups that one accumulation block may interleave (depth of an accumulator)."""
    code_depth: int = 512
    """Most activation codes of one matrix (its columns, padded); there are two such banks."""
    vector_depth: int = 512
    """Vector memory, in groups."""
    weight_depth: int = 8192
    """Weight words of a token, of ``rows * columns`` trits each, wherever they are kept."""
    weight_source: str = "chip"
    """Where weights come from: ``chip``, ``axi`` for memories behind AXI4 ports, or ``sdram``."""
    memory_ports: int = 1
    """AXI4 read ports among which the weights are striped, a power of two."""
    memory_bits: int = 128
    """Width of a port, from 32 to 512, a power of two; with an SDRAM its own."""
    memory_burst: int = 16
    """Beats of a burst, a power of two; a burst has at most 4 kB."""
    memory_prefetch: int = 512
    """Beats that each port fetches ahead, at least two bursts."""
    sdram: str = "16m16"
    """SDR SDRAM that holds the weights: a key of `sterna.machine.sdram.PARTS`."""
    sdram_hz: int = 75_000_000
    """Clock of the accelerator and of its SDRAM, in hertz, which gives the part's times."""
    resident_words: int = 0
    """Weight words kept on the chip although the weights are outside, spread evenly over the
    token (`sterna.machine.weight_words.resident`)."""
    constant_source: str = "chip"
    """Where constants come from: ``chip``, or ``axi``, behind the weights in their memory."""
    constant_depth: int = 2048
    """Constant memory, in groups."""
    input_depth: int = 64
    """Input memory (embedding rows or one row from the host), in groups."""
    program_depth: int = 256
    """Program memory, in instructions."""
    tables: int = 1
    """Look-up tables that the vector lanes hold."""
    top_k: int = 8
    """Best logits that the head keeps."""
    head_words: int = 1
    """Words of the head that are compared with the worst of those in a clock, a power of two."""
    lane: Lane = "adders"
    """Adders take any order of work; tables are smaller, but must be written for each tile."""
    streams: int = 1
    """Token streams that share every fetched weight; each has a data path of its own."""
    compact: bool = False
    """For small parts at a slow clock: without the registers between units and before memories,
    and without the queue before the list of the best."""
    baud: int = 0
    """Bits a second of the serial port of the board that it is built for, 0 if there is none."""
    trace: bool = False
    """Whether the top level has trace ports (simulation only)."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type != "int":
                continue
            if field.name in ("resident_words", "baud") and value == 0:
                continue
            if not isinstance(value, int) or value < 1:
                raise InputError(
                    f"configuration: {field.name} must be a positive integer, not {value!r}"
                )
        self._check(_is_power_of_two(self.vector_lanes), "vector_lanes", "a power of two")
        self._check(self.vector_interval <= 2, "vector_interval", "1 or 2")
        self._check(self.rows % self.vector_lanes == 0, "rows", "a multiple of vector_lanes")
        self._check(self.lane in LANES, "lane", " or ".join(LANES))
        if self.lane == "tables":
            self._check(self.columns % (3 * self.vector_lanes) == 0, "columns",
                        "a multiple of 3 * vector_lanes with tables")
        else:
            least = max(2, self.vector_lanes)
            self._check(_is_power_of_two(self.columns) and self.columns >= least,
                        "columns", f"a power of two and at least {least} with adders")
        self._check(12 <= self.word_bits <= 18, "word_bits", "between 12 and 18")
        self._check(self.block_groups <= 16, "block_groups", "at most 16")
        self._check(self.accumulator_bits <= 32, "accumulator_bits", "at most 32")
        largest = reach(full(self.code_depth))
        self._check(signed_bits(largest) <= self.accumulator_bits, "accumulator_bits",
                    f"wide enough for {CODE_LIMIT} * code_depth = {largest}")
        self._check(self.code_depth % self.columns == 0, "code_depth", "a multiple of columns")
        self._check(self.tables <= 4, "tables", "at most 4")
        self._check(self.top_k <= 64, "top_k", "at most 64")
        self._check(_is_power_of_two(self.head_words) and self.head_words <= self.vector_lanes,
                    "head_words", "a power of two of at most vector_lanes")
        self._check(self.streams <= 16, "streams", "at most 16")
        self._check_memory()

    def _check_memory(self) -> None:
        self._check(self.weight_source in WEIGHT_SOURCES, "weight_source",
                    " or ".join(WEIGHT_SOURCES))
        self._check(self.constant_source == "chip" or (
            self.constant_source == self.weight_source == "axi"), "constant_source",
            "chip, or axi where the weights are axi")
        self._check(self.resident_words < (self.weight_depth if self.weight_source != "chip"
                                           else 1), "resident_words",
                    "less than weight_depth, and 0 unless the weights are outside")
        if self.weight_source == "sdram":
            self._check_sdram()
            return
        self._check(_is_power_of_two(self.memory_ports) and self.memory_ports <= 32,
                    "memory_ports", "a power of two of at most 32")
        self._check(_is_power_of_two(self.memory_bits) and 32 <= self.memory_bits <= 512,
                    "memory_bits", "a power of two from 32 to 512")
        self._check(_is_power_of_two(self.memory_burst) and self.memory_burst <= 256
                    and self.memory_burst * self.memory_bits // 8 <= 4096,
                    "memory_burst", "a power of two of at most 256 beats and 4096 bytes")
        self._check(self.memory_prefetch >= 2 * self.memory_burst, "memory_prefetch",
                    f"at least two bursts, {2 * self.memory_burst}")
        region = self.memory_bytes // self.memory_ports
        self._check(self.weight_source != "axi" or region <= (1 << AXI_ADDRESS_BITS) - 8192,
                    "weight_depth", f"at most what {AXI_ADDRESS_BITS} address bits reach")

    def _check_sdram(self) -> None:
        part = find_part(self.sdram)
        part.clocks(self.sdram_hz)
        self._check(self.memory_ports == 1, "memory_ports", "1 with an SDRAM")
        self._check(self.memory_bits == part.bits, "memory_bits", f"those of the part, {part.bits}")
        self._check(self.memory_burst == BURST_BEATS, "memory_burst",
                    f"{BURST_BEATS} with an SDRAM")
        self._check(self.memory_prefetch >= 2 * BURST_BEATS, "memory_prefetch",
                    f"at least two bursts, {2 * BURST_BEATS}")
        self._check(self.memory_bytes <= part.bytes, "weight_depth",
                    f"at most what {part.bytes} bytes of {part.name} hold")

    def with_sdram(self, name: str, clock_hz: float, prefetch: int = 1024) -> HardwareConfiguration:
        """The same with the weights in an SDRAM; raises `InputError` when that cannot be."""
        part = find_part(name)
        return replace(
            self, weight_source="sdram", sdram=name, sdram_hz=round(clock_hz), memory_ports=1,
            memory_bits=part.bits, memory_burst=BURST_BEATS, memory_prefetch=prefetch)

    def _check(self, condition: bool, name: str, rule: str) -> None:
        if not condition:
            raise InputError(f"configuration: {name} = {getattr(self, name)} must be {rule}")

    @property
    def lanes(self) -> int:
        """Ternary weights accepted in one clock."""
        return self.rows * self.columns

    @property
    def weight_bytes(self) -> int:
        """Bytes of one packed weight word: five trits a byte, or three in five bits with tables."""
        if self.lane == "tables":
            return ceil(5 * self.lanes / 24)
        return ceil(self.lanes / TRITS_PER_BYTE)

    @property
    def outside_words(self) -> int:
        """Weight words in the memory outside, if the weights are there."""
        return self.weight_depth - self.resident_words

    @property
    def constant_bytes(self) -> int:
        """Bytes of a group of constants in a memory outside."""
        return ceil(self.vector_lanes * self.word_bits / 8)

    @property
    def constant_base(self) -> int:
        """Byte of the first constant in a memory outside: behind the last burst of weights."""
        burst = self.memory_burst * self.memory_ports * self.memory_bits // 8
        return ceil(self.outside_words * self.weight_bytes / burst) * burst

    @property
    def memory_bytes(self) -> int:
        """Bytes that a memory outside holds, which are also those that a token reads."""
        if self.constant_source == "chip":
            return self.outside_words * self.weight_bytes
        return self.constant_base + self.constant_depth * self.constant_bytes

    @property
    def tiles(self) -> int:
        """Most column tiles of a matrix."""
        return self.code_depth // self.columns

    @property
    def result_depth(self) -> int:
        """Row groups that the engine's result queue holds, at least one block."""
        if self.lane == "tables":
            return 16  # the depth of a look-up table memory
        return max(2 * self.block_groups, ceil(log2(self.columns)) + 6)

    @property
    def tile_clocks(self) -> int:
        """Clocks without a weight word when the engine goes on to another column tile."""
        return 14 if self.lane == "tables" else 0

    @property
    def groups_per_row_group(self) -> int:
        """Vector groups in the results of one row group."""
        return self.rows // self.vector_lanes

    @property
    def groups_per_tile(self) -> int:
        """Code groups in one column tile."""
        return self.columns // self.vector_lanes

    @property
    def scalar_groups(self) -> int:
        """Constant groups that a scalar takes: its mantissa and its exponent are words."""
        return 1 if self.vector_lanes > 1 else 2

    @property
    def address_bits(self) -> int:
        """Width of a vector memory address in an instruction."""
        return max(1, ceil(log2(self.vector_depth)))

    @property
    def vector_registers(self) -> int:
        """Stages that the vector pipeline has only for the way between its memories.

        An engine of tables takes the block RAMs of a whole part, so that those of the vector unit
        lie far from each other.
        """
        return 4 if self.lane == "tables" else 0

    @property
    def vector_latency(self) -> int:
        """Clocks from the issue of a vector group to the first issue that may read its result."""
        return 8 + self.vector_registers

    @property
    def absmax_latency(self) -> int:
        """Clocks from the issue of a vector group until it is in its absmax register."""
        return 8 + self.vector_registers + int(log2(self.vector_lanes))

    @property
    def squares_latency(self) -> int:
        """Clocks from the issue of a vector group until it is in its sum of squares."""
        return 10 + self.vector_registers + int(log2(self.vector_lanes))

    @property
    def input_lanes(self) -> int:
        """Integers in a word of the INPUT memory."""
        return self.vector_lanes

    @property
    def input_bits(self) -> int:
        """Bits of each of them."""
        return self.word_bits

    @property
    def word_limit(self) -> int:
        """Largest magnitude of a vector word; saturation is symmetric."""
        return (1 << (self.word_bits - 1)) - 1

    def to_json(self) -> str:
        """The configuration as a JSON object with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> HardwareConfiguration:
        """Read what `to_json` wrote; raises `InputError` on unknown or missing fields."""
        try:
            return cls(**json.loads(text))
        except (TypeError, json.JSONDecodeError) as error:
            raise InputError(f"configuration: not readable: {error}") from error

    def digest(self) -> int:
        """A 64-bit number that names this hardware (trace ports and serial port do not count)."""
        values = json.loads(replace(self, trace=False).to_json())
        del values["baud"]
        text = json.dumps(values, sort_keys=True)
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


PRESETS: dict[str, HardwareConfiguration] = {
    "tiny": HardwareConfiguration(
        rows=2, columns=4, vector_lanes=2, block_groups=4, code_depth=64, vector_depth=256,
        weight_depth=1024, constant_depth=512, input_depth=32, top_k=4,
    ),
    "small": HardwareConfiguration(
        rows=4, columns=16, vector_lanes=4, block_groups=8, code_depth=256, top_k=8,
    ),
    "standard": HardwareConfiguration(rows=16, columns=16, vector_lanes=16),
}
"""Named shapes: ``standard`` has 256 lanes and is the default of the command line."""
