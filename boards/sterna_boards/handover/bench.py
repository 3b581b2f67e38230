"""``bench.v``: a test bench in plain Verilog that runs one token or time step, and its words."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.frames import OVERHEAD, Frame, FrameDecoder, encode_frame
from sterna.machine.image import RESET, RUN, MemoryImage
from sterna.machine.protocol import (
    MASK_BITS,
    MAX_PAYLOAD,
    FrameType,
    counter_words,
    memory_spec,
    result_words,
    space_number,
    word_chunks,
)
from sterna.machine.words import pack_input

from sterna_boards.handover.bench_device import device_of
from sterna_boards.handover.bench_memories import memories_of
from sterna_boards.handover.bench_text import TEXT
from sterna_boards.handover.core import Core, Written

NAME, IMAGE, EXPECTED = "bench.v", "image.hex", "expected.hex"
MOST_WORDS = 1 << 22
"""Words of an image that a simulation loads in bearable time."""
NONCE = 0x5EED
TOKEN = 1
_LOAD_HEADER = struct.Struct("<BI")
Words = NDArray[np.uint8]


@dataclass(frozen=True)
class Load:
    """Words [words, bytes] for a memory, from word ``first`` on."""

    space: str
    first: int
    words: Words


def has_bench(core: Core) -> bool:
    """Whether a test bench is written: with a model whose image is not too large; not in
    the project of a board."""
    return (core.board is None and core.image is not None and not core.machine.trace
            and sum(part.words * part.size for part in core.image.parts.values()) // 4
            <= MOST_WORDS)


def write(core: Core, folder: Path) -> Written:
    """The bench, the words that it loads and those that it expects; nothing where `has_bench` says
    so."""
    if not has_bench(core):
        return Written()
    image = core.image
    assert image is not None
    loads = [Load(space, 0, part.array()) for space, part in image.parts.items() if part.words]
    inputs = list(_inputs(image))
    result = _result(image, [*loads, *inputs])
    with (folder / IMAGE).open("w", encoding="utf-8", newline="\n") as file:
        for load in [*loads, *inputs]:
            file.write(f"// {load.space}\n")
            file.writelines(f"{word:08x}\n" for word in _chunks(load.words).tolist())
    (folder / EXPECTED).write_text("".join(f"{word:08x}\n" for word in result), encoding="utf-8")
    (folder / NAME).write_text(_text(core, loads, inputs), encoding="utf-8")
    return Written({
        NAME: "test bench in Verilog, for Icarus Verilog and Verilator; its first lines say how",
        IMAGE: "words of 32 bits that the test bench loads, memory after memory, then the input",
        EXPECTED: "words of RESULT that the test bench expects; counters read as 0",
    })


def _chunks(words: Words) -> NDArray[np.uint32]:
    return np.ascontiguousarray(words).view("<u4").reshape(-1)


def _inputs(image: MemoryImage) -> Iterator[Load]:
    """What the host sends before a RUN: an embedding row, or codes 0 and 1 in turn."""
    if image.placement != "host":
        return
    for stream in range(image.machine.streams):
        if image.embedding is not None:
            yield Load(image.input, image.input_word(_token(image), stream),
                       image.embedding(_token(image)))
        else:
            lanes = memory_spec(image.machine, image.input).lanes
            codes = np.arange(image.row_groups * lanes) % 2
            yield Load(image.input, stream * image.row_groups,
                       pack_input(image.machine, codes, image.input))


def _token(image: MemoryImage) -> int:
    return min(TOKEN, image.rows - 1)


def _first_words(image: MemoryImage) -> list[int]:
    return [image.input_word(_token(image), stream) if image.rows else stream * image.row_groups
            for stream in range(image.machine.streams)]


def _run(image: MemoryImage, entry: str) -> bytes:
    streams = image.machine.streams
    payload = struct.pack(f"<H{streams}II", image.entries[entry], *_first_words(image), image.rows)
    if streams > 1:
        for mask in ((1 << streams) - 1, 0):
            payload += mask.to_bytes(MASK_BITS // 8, "little")
    return payload


def _result(image: MemoryImage, loads: list[Load]) -> list[int]:
    """Words of RESULT, from the emulator."""
    machine = image.machine
    board, decoder = EmulatedBoard(machine), FrameDecoder()

    def ask(kind: FrameType, payload: bytes, wanted: FrameType) -> bytes:
        board.write(encode_frame(Frame(kind, 0, payload)))
        answer, = decoder.feed(board.read(OVERHEAD + (1 << 16), 0))
        assert answer.type == wanted, answer
        return answer.payload

    ask(FrameType.BEGIN, NONCE.to_bytes(4, "little"), FrameType.ACK)
    for load in loads:
        size = load.words.shape[1]
        for at in range(0, len(load.words), most := max(1, MAX_PAYLOAD // size)):
            header = _LOAD_HEADER.pack(space_number(machine, load.space), load.first + at)
            ask(FrameType.LOAD, header + load.words[at:at + most].tobytes(), FrameType.ACK)
    ask(FrameType.RUN, _run(image, RESET), FrameType.RESULT)
    answer = ask(FrameType.RUN, _run(image, RUN), FrameType.RESULT)
    words = np.frombuffer(answer, "<u4").copy()
    words[:counter_words(machine)] = 0
    return words.tolist()


def _text(core: Core, loads: list[Load], inputs: list[Load]) -> str:
    machine, image = core.machine, core.image
    assert image is not None
    streams = machine.streams
    values = {
        "IMAGE_WORDS": sum(load.words.size // 4 for load in [*loads, *inputs]),
        "RESULT_WORDS": result_words(machine, streams), "COUNTERS": counter_words(machine),
        "RUN_BYTES": len(_run(image, RUN)), "ROWS": image.rows, "NONCE": NONCE,
        "ENTRY_RESET": image.entries[RESET], "ENTRY_RUN": image.entries[RUN],
        "LONGEST_LOAD": (MAX_PAYLOAD - _LOAD_HEADER.size) // 4,
    }
    calls, at = [], 0
    for load in [*loads, *inputs]:
        chunks = word_chunks(machine, load.space)
        calls.append(f"    load({space_number(machine, load.space)}, {chunks}, {load.first}, "
                     f"{len(load.words)}, {at});  // {load.space}")
        at += load.words.size // 4
    masks = ([] if streams == 1 else
             [f"    send16({(1 << streams) - 1});  // streams that run", "    send16(0);"])
    memories = memories_of(machine)
    device = device_of(core, memories.connections)
    return TEXT.format(
        parameters="\n".join(
            f"  localparam {_width(name)}{name} = {value};" for name, value in values.items()),
        files=" ".join(device.files),
        wires=memories.wires, device=device.instance, memories=memories.instances,
        first_words="\n".join(f"    send32({word});" for word in _first_words(image)),
        masks="\n".join(masks), loads="\n".join(calls[:len(loads)]),
        inputs="\n".join(calls[len(loads):])
    ) + memories.modules + device.modules


def _width(name: str) -> str:
    return "[15:0] " if name.startswith("ENTRY") else "[31:0] " if name in ("ROWS", "NONCE") else ""
