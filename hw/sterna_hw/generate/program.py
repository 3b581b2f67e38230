"""What the processor does with frames of GENERATE and STOP, see `sterna.machine.generation`."""

from __future__ import annotations

from sterna.law.sampling import SHARE_BITS
from sterna.machine.generation import (
    HEADER,
    REQUEST_BYTES,
    STOP,
    TAKE,
    TOLD_BYTES,
    Kind,
    most_given,
    slot_distance,
)
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS, ErrorCode
from sterna.machine.units.generate import MOST_ENDS, PROGRAM_WORDS

from sterna_hw.generate.assembler import Assembled, assemble
from sterna_hw.generate.processor import Processor
from sterna_hw.generate.routines import answer, frame, start, stop, take

OWN = ("number", "given", "acknowledged", "told", "granted", "most", "newest", "oldest", "newer",
       "both", "begun", "candidates", "read", "stopped")
"""Words of a token stream. Positions are those of `sterna.machine.generation`, ``newest`` and
``oldest`` those of the slots, of which ``newer`` is the newer, and ``both`` are written. After
STOP, ``stopped``, so many are ``read``."""
INPUTS = ("count", "end", "id", "word", "broken")
"""Ports: bytes of the frame, the position behind the newest id of the stream, an id and a word of
the head where ``ring`` and ``index`` say, the failure of a memory."""
OUTPUTS = ("place", "stream", "hold", "release", "begin", "finish", "end", "more", "last", "slot",
           "save", "restore", "prompt", "end_place", "end_id", "ring", "index", "decide", "length",
           "send1", "send3", "send4", "entry", "row_words", "rows", "mantissa", "exponent", "count",
           "share", "seed_low", "seed_high", "text", "ends", "candidates")
"""Ports: the next byte of the frame; the stream; the loop is held, or not; the stream has a new
request, makes no more ids; ``end``; so many more ids may be made, they are the last; a slot, save
or restore it; an id to read; end tokens; what is read; the answer; and values of START. What takes
its time holds the processor up."""
CONDITIONS = (*Processor.OWN, "ask", "stops", "broken", "active", "ended", "pending")


def program(machine: Machine) -> Assembled:
    """For the texts of a machine."""
    unit, head = machine.generates, machine.head
    assert unit is not None
    stops, words = 256, head.result_words(machine)
    constants = {
        "STOPS": stops, "STOPS_BEHIND": stops - Kind.TAKE, "STREAMS": machine.streams,
        "HEADER": HEADER.size, "START_BYTES": HEADER.size + REQUEST_BYTES,
        "ENDS_PLACE": HEADER.size + REQUEST_BYTES - 1, "TAKE_BYTES": HEADER.size + TAKE.size,
        "STOP_BYTES": STOP.size, "TOLD_BYTES": TOLD_BYTES,
        "WINDOW": unit.window, "MOST_GIVEN": most_given(unit.window), "MOST_ENDS": MOST_ENDS,
        "DISTANCE": slot_distance(unit.window), "TOP_K": head.top_k, "WHOLE": 1 << SHARE_BITS,
        "-WHOLE": -1 << SHARE_BITS,
        "WORDS": words, "-WORD_BYTES": -words * CHUNK_BITS // 8,
        **{code.name: code.value for code in (
            ErrorCode.TYPE, ErrorCode.LENGTH, ErrorCode.REQUEST, ErrorCode.SPACE)},
    }
    found = assemble("".join(part.TEXT for part in (frame, start, take, stop, answer)), OWN,
                     (INPUTS, OUTPUTS, CONDITIONS), constants,
                    unit.program_words(machine))
    if len(found.words) > PROGRAM_WORDS:
        raise ValueError(f"the program has {len(found.words)} words; there is room for "
                         f"{PROGRAM_WORDS}")
    return found
