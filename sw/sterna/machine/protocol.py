"""The link protocol: frames over a byte stream, the same on a UART, TCP or in simulation.

A frame is ``START, type, sequence, length (u16), payload, crc (u16)``, little endian. The CRC is
CRC-16/IBM-3740 (polynomial 0x1021, start 0xFFFF, not reflected) over type, sequence, length and
payload. The board answers every frame with one frame that repeats its sequence number. Bytes
before START are skipped, and zeros there say that an answer is on its way; a frame that stops in
the middle is given up after a time-out.

| host sends | payload | board answers | payload |
|--|--|--|--|
| HELLO | - | INFO | items (below) |
| BEGIN | nonce u32 | ACK | - |
| LOAD | space u8, first word u32, data | ACK | - |
| READ | space u8, first word u32, words u16 | READ_ANSWER | data, session |
| RUN | entry u16, first input words u32, row limit u32 | RESULT | counters, scale, top-k, session |
| GENERATE | see `sterna.machine.generation` | GENERATE_ANSWER | ids, session |
| STOP | the same | STOP_ANSWER | position, session |
| anything broken | | ERROR | code u8, an `ErrorCode` |
| LOAD or RUN, memory outside fails | | ERROR | code u8, `FAILED_READ` or `FAILED_WRITE` + port |

A type that it does not know the board answers with ERROR and code TYPE: so it does READ on a
machine without the READ unit, and GENERATE and STOP on one without that for them.

INFO is a list of items: type u8, an `InfoType`, length u8, and a value of so many bytes. The host
skips types that it does not know.

| item | value | |
|--|--|--|
| VERSION | u16 | `VERSION`; always the first item |
| ENTRIES | u16 | entries of a RESULT: top_k, and the outputs of a spiking network |
| CONFIGURATION | u64 | digest of the machine |
| CONTENTS | u64 | memory image in the bitstream (`MemoryImage.contents`); 0: to be loaded |
| SESSION | nonce u32, count u32 | of the last BEGIN, and RESULTs since then modulo 2**32 |

A board with contents refuses LOAD to every memory but those of the input, and those that READ
reads, with SPACE.

The session shows that a board has kept its state. A board that starts, or is reset, has nonce 0.
The host begins one with a nonce of its own, not 0, before it loads the memories or resets the
state; every RESULT ends with the session, which counts that RESULT. Another one than expected says
that the board started again, or does somebody else's work: what it holds is lost.

LOAD data are whole memory words, each padded to a multiple of four bytes (see `word_chunks`).

READ reads what a RUN writes (`Machine.states`): vectors, states of neurons, delay lines. The answer
has as many words as were asked for, in LOAD form, then the session, which does not count them. It
is refused with SPACE for another memory and for words beyond it, and with LENGTH when its words
are none, or more than a frame can hold. Nothing changes by READ, so that it may be sent again. LOAD
writes the same memories; those that a reset has not touched since the last RUN or LOAD read as they
were left, and those of neurons as 0 until their first step. Before a RUN all words of a memory of
neurons are to be written, or none. Scalars and reductions hold nothing from a RUN to the next one
(`sterna.program.validate`), and are not read.

RESULT: the counters of the machine (`Machine.counters`), u32 each, clocks first; then the words of
each unit that has some (`Unit.result_words`), and the session. Those of a head: scale mantissa u32,
exponent i32, then ``top_k`` pairs (accumulator i32, row u32), best first; unused entries have row
0xFFFFFFFF. Those of neurons: the values of the network, i32 each, of the ``outputs`` that there are
the first; the others mean nothing. A RUN is a token or a time step; the first input word is that of
its embedding row or of its codes, of which the program reads one, and the row limit means something
to a head only.

A board of several token streams gets a first input word for each of them in RUN, and behind the row
limit two masks u16. The first names the streams that run; the others keep their state. The second
names those of them that compute the token behind that of the stream one lower (of the highest, for
stream 0) in the same text, with the state that it leaves; the state of the text is then that of the
last one. RESULT has the words of its units for every stream that ran, the lowest first.

The board writes LOAD data as they come, before the check: after an ERROR with code CRC the frame is
sent again, and since its address may have been what was broken, memories that were loaded before
count as lost. BEGIN and RUN do nothing before their check. Of several faults the answer names the
first of CRC, TYPE, LENGTH, SPACE; SPACE also answers words beyond the memory, which are not
written. A frame sent during a RUN waits.

A memory behind AXI4 ports may answer a read or a write with SLVERR or DECERR. The RUN that used
such a beat has computed something else and left its state behind; the LOAD that came upon such a
write, or one before it, has not reached the memory. Both have an ERROR for an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from functools import lru_cache
from struct import Struct

from sterna.machine.machine import Machine
from sterna.machine.unit import MemorySpec

START = 0xA5
VERSION = 4
CRC_POLYNOMIAL = 0x1021
CRC_START = 0xFFFF
MAX_PAYLOAD = 4096
"""Longest payload that the host sends; the board accepts any length."""
NO_ROW = 0xFFFF_FFFF
CHUNK_BITS = 32
SESSION_WORDS = 2
FAILED_READ, FAILED_WRITE = 0x20, 0x40
"""Codes of an ERROR frame, to which the number of the AXI4 port is added."""
FAILURE_BITS = 7
READ_REQUEST = Struct("<BIH")
"""Payload of READ."""
LONGEST_READ = 0xFFFF - 4 * SESSION_WORDS
"""Most bytes of words in an answer to READ."""
MASK_BITS = 16
"""Bits of a mask of token streams."""


class FrameType(IntEnum):
    """Frame types; answers have the top bit set."""

    HELLO = 0x01
    LOAD = 0x02
    RUN = 0x03
    READ = 0x04
    GENERATE = 0x05
    STOP = 0x06
    BEGIN = 0x07
    INFO = 0x81
    ACK = 0x82
    RESULT = 0x83
    READ_ANSWER = 0x84
    GENERATE_ANSWER = 0x85
    STOP_ANSWER = 0x86
    ERROR = 0xFF


class InfoType(IntEnum):
    """Items of an INFO frame."""

    VERSION = 1
    ENTRIES = 2
    CONFIGURATION = 3
    CONTENTS = 4
    SESSION = 5


class ErrorCode(IntEnum):
    """Why the board refused a frame."""

    CRC = 1
    TYPE = 2
    LENGTH = 3
    SPACE = 4
    REQUEST = 5
    """The board has no such request of GENERATE, perhaps since it started again."""


class Space(StrEnum):
    """Names of the memories of Sterna's own units, see `MemorySpec`; LOAD names them by number."""

    PROGRAM = "program"
    WEIGHTS = "weights"
    """Packed trits of a ternary engine."""
    CONSTANTS = "constants"
    """Vector groups, lane 0 lowest: vectors, and the two words of a scalar."""
    TABLES = "tables"
    """Word ``table * TABLE_SEGMENTS + segment``, base in the low half, slope above."""
    SYNAPSES = "synapses"
    """Weights of the lanes of synapses, above them their taps."""
    WINDOWS = "windows"
    """Where targets of windows are (`sterna.machine.units.synapses.Synapses.window_fields`)."""
    NEURONS = "neurons"
    """Varying parameters of the lanes of neurons."""
    INPUT = "input"
    """What a RUN begins with: a vector group, or codes of the lanes of neurons."""
    INPUT_CODES = "input_codes"
    """Codes of the lanes of neurons, in a machine whose `INPUT` has vector groups."""


def memory_spec(machine: Machine, space: str) -> MemorySpec:
    """The memory of that name. Raises KeyError if the machine has none."""
    return _memories(machine)[space]


def input_space(machine: Machine, *, codes: bool) -> str:
    """The memory from which a RUN that is given codes, or words, takes them."""
    return Space.INPUT_CODES if codes and machine.has_words else Space.INPUT


def space_number(machine: Machine, space: str) -> int:
    """The number by which frames name a memory. Raises KeyError if the machine has none."""
    return list(_memories(machine)).index(memory_spec(machine, space).name)


@lru_cache(maxsize=256)
def _memories(machine: Machine) -> Mapping[str, MemorySpec]:
    return {item.name: item for item in machine.spaces}


def address_bits(machine: Machine) -> int:
    """Width of the number of a word, and of the one behind the last."""
    return max(item.depth for item in machine.spaces).bit_length()


def chunk_bits(machine: Machine) -> int:
    """Width of the number of a chunk of a word."""
    most = max(word_chunks(machine, item.name) for item in machine.spaces)
    return max(1, (most - 1).bit_length())


def space_bits(machine: Machine) -> int:
    """Width of the number of a memory."""
    return max(1, (len(machine.spaces) - 1).bit_length())


def word_bits(machine: Machine, space: str) -> int:
    """Width of a word of the memory."""
    return memory_spec(machine, space).bits


def word_depth(machine: Machine, space: str) -> int:
    """Words of the memory."""
    return memory_spec(machine, space).depth


def word_chunks(machine: Machine, space: str) -> int:
    """32-bit chunks that one word of the memory takes in LOAD data."""
    return -(-word_bits(machine, space) // CHUNK_BITS)


def counter_words(machine: Machine) -> int:
    """Words of RESULT before those of the units: its counters."""
    return len(machine.counters)


def result_words(machine: Machine, streams: int = 1) -> int:
    """32-bit words in the payload of a RESULT frame of so many token streams."""
    words = counter_words(machine) + SESSION_WORDS
    for unit in machine.units:
        words += unit.result_words(machine) * (streams if unit.per_stream else 1)
    return words


def result_entries(machine: Machine) -> int:
    """The entries of a RESULT frame, an item of INFO."""
    return sum(unit.result_entries(machine) for unit in machine.units)
