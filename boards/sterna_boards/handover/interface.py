"""``INTERFACE.md``: how to use the accelerator, for an engineer without Python."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from pathlib import Path

from sterna.machine import generation, protocol
from sterna.machine.encoding import instruction_fields
from sterna.machine.frames import Frame, crc, encode_frame
from sterna.machine.machine import Machine
from sterna.machine.protocol import (
    FAILED_READ,
    FAILED_WRITE,
    VERSION,
    ErrorCode,
    FrameType,
    InfoType,
    counter_words,
    result_words,
    space_number,
    word_chunks,
)
from sterna_hw.board.serial import serial_members
from sterna_hw.memory.ports import memory_members
from sterna_hw.ports import Port, ports_of

from sterna_boards.handover import bench
from sterna_boards.handover.core import Core, Written

NAME = "INTERFACE.md"
_PORTS = {
    "clk": "clock; everything happens at its rising edge",
    "rst": "reset, synchronous, active high; memories and their contents stay",
    "link_in__payload": "a byte from the host",
    "link_in__valid": "whether there is one",
    "link_in__ready": "whether it is taken",
    "link_out__payload": "a byte to the host",
    "link_out__valid": "whether there is one",
    "link_out__ready": "whether the host takes it",
    "rx": "from the host: UART, 8 data bits, no parity, a stop bit; idle high",
    "tx": "to the host, the same",
}
_HERE = {
    "`sterna.machine.generation`": "GENERATE and STOP below",
    "\n(`sterna.program.validate`), and": ", and", " (`MemoryImage.contents`)": "",
    " (see `word_chunks`)": "", " (`Unit.result_words`)": "",
    "`Machine.states`": "those marked READ below", "`Machine.counters`": "see below",
    "`FAILED_READ` or `FAILED_WRITE` + port":
        f"0x{FAILED_READ:02X} (a read) or 0x{FAILED_WRITE:02X} (a write) + port",
    "u16 | `VERSION`;": f"u16 | {VERSION};",
}
"""What docstrings name, as the page has it."""
_HANDSHAKE = """\
Streams: a byte goes over at a rising edge of the clock at which `valid` and `ready` are both high.
Once `valid` is high, it and the payload stay as they are until then; `ready` may come and go.
Neither side waits with `valid` for `ready`. There is one clock; all inputs are synchronous to it.
Hold `rst` high for at least one rising edge after power-up where the part does not begin with the
initial values of registers. A reset in the middle of anything is fine; what memories hold stays.
"""
_CRC = """\
The CRC is CRC-16/IBM-3740: polynomial 0x1021 (x^16 + x^12 + x^5 + 1), start 0xFFFF, bytes from the
first on, the highest bit of a byte first, no reflection, no final exclusive-or; over everything
between START (0xA5) and the CRC. It is sent low byte first. Check: the nine ASCII characters
`123456789` give 0x{check:04X}.
"""


def write(core: Core, folder: Path) -> Written:
    """The page; its ports are those of module `Core.top`, and of the accelerator in it."""
    (folder / NAME).write_text(page(core), encoding="utf-8")
    return Written({NAME: "how to use the accelerator: ports, frames, memories, results"},
                   {"ports": {port.name: {"direction": port.direction, "bits": port.width}
                              for port in ports(core)}})


def ports(core: Core) -> list[Port]:
    """Those of the accelerator's module: with a UART in a board's project."""
    if core.board is None:
        return core.ports
    return ports_of(serial_members(memory_members(core.machine)))


def page(core: Core) -> str:
    """The text in Markdown."""
    machine = core.machine
    model = "no model" if core.model is None else f"the model {core.model}"
    parts = [
        f"# Interface of the accelerator for {model}",
        f"Machine {machine.digest():016x}: " + "; ".join(
            unit.shape for unit in machine.units if unit.shape) + f". Memory: "
        f"{machine.memory_name}. Everything here follows from `configuration.json`.",
        "## Ports", _ports(core), _HANDSHAKE.strip(),
        "## Frames", _text(protocol), _CRC.format(check=crc(b"123456789")).strip(),
        _examples(machine),
        "### Types", _codes(FrameType), "### Items of INFO", _codes(InfoType),
        "### Codes of ERROR", _codes(ErrorCode),
        "## Memories", _memories(core),
        "## Words of RESULT", _result(machine),
    ]
    if machine.generates is not None:
        parts += ["## GENERATE and STOP", _text(generation)]
    if core.image is not None:
        parts += ["## The model", _model(core)]
    parts += ["## Instructions", _instructions(machine), "## Units", _units(machine)]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["--"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _text(item: object) -> str:
    """A docstring as Markdown."""
    text = inspect.getdoc(item) or ""
    for name, here in _HERE.items():
        text = text.replace(name, here)
    return text.replace("``", "`").strip()


def _ports(core: Core) -> str:
    top = core.top if core.board is None else "sterna"
    note = ("" if core.wrapper is None else
            f"\n\n`{top}` has module `sterna` in it, whose frames go over the bus.")
    axi = ("\n\nPorts `m_axi_*` are AXI4 masters without identifiers: bursts of reads in order, "
           "single writes. Addresses begin at 0 in every port."
           if machine_has_axi(core.machine) else "")
    trace = ("\n\nPorts `trace_*` are for simulation; bit 0 is their valid."
             if core.machine.trace else "")
    return f"Module `{top}`.\n\n" + _table(
        ("port", "direction", "bits", "meaning"),
        ((f"`{port.name}`", port.direction, port.width, _meaning(port.name))
         for port in ports(core))) + note + axi + trace


def machine_has_axi(machine: Machine) -> bool:
    """Whether it has AXI4 masters."""
    return machine.memory.axi_ports > 0


def _meaning(name: str) -> str:
    if name.startswith("m_axi_"):
        _, _, port, signal = name.split("_", 3)
        return f"AXI4 {signal.upper()} of memory port {port}"
    if name.startswith("trace_"):
        return "trace of values"
    return _PORTS.get(name, f"{name.rpartition('__')[2]} of its bus or memory")


def _examples(machine: Machine) -> str:
    def shown(title: str, frame: Frame) -> str:
        return f"- {title}: `{encode_frame(frame).hex(' ')}`"

    words = bytes(range(1, 1 + 4 * word_chunks(machine, "program")))
    load = bytes([space_number(machine, "program")]) + (7).to_bytes(4, "little") + words
    return "Examples, as hexadecimal bytes in their order on the link:\n\n" + "\n".join((
        shown("HELLO, sequence 1", Frame(FrameType.HELLO, 1)),
        shown("BEGIN, sequence 2, nonce 0x12345678",
              Frame(FrameType.BEGIN, 2, (0x12345678).to_bytes(4, "little"))),
        shown("LOAD of word 7 of `program`, sequence 3", Frame(FrameType.LOAD, 3, load)),
        shown("the ACK for it", Frame(FrameType.ACK, 3))))


def _codes(kind: type[FrameType] | type[InfoType] | type[ErrorCode]) -> str:
    return _table(("name", "code"), ((item.name, f"0x{item.value:02X}") for item in kind))


def _memories(core: Core) -> str:
    machine, image = core.machine, core.image
    used = {} if image is None else {name: words for name, words, _, _ in image.memories()}
    rows = []
    for spec in machine.spaces:
        state = spec.name not in {item.name for item in machine.memories}
        rows.append((space_number(machine, spec.name), f"`{spec.name}`", spec.bits,
                     4 * word_chunks(machine, spec.name), spec.depth, spec.lanes,
                     "READ, LOAD" if state else used.get(spec.name, "–") if used else "–"))
    text = _table(("space", "memory", "bits of a word", "bytes in LOAD", "words", "numbers a word",
                   "words of the image"), rows)
    read = ("" if machine.readable else
            "\n\nThis machine has no unit for READ: it answers it with ERROR, code TYPE.")
    return (f"{text}\n\nA word is sent with its lowest byte first, zeros above its highest bit; "
            "fields of a word are packed from the lowest bit on, without gaps. Words that the "
            "image does not have are never read, or hold what the program wrote." + read)


def _result(machine: Machine) -> str:
    rows: list[tuple[object, str]] = [
        (place, f"counter `{counter.name}`, u32") for place, counter in enumerate(machine.counters)]
    position = counter_words(machine)
    for stream in (*range(machine.streams), None):
        for unit in machine.units:
            size = unit.result_words(machine)
            if unit.per_stream != (stream is not None) or not size:
                continue
            of = "" if machine.streams == 1 or stream is None else f" of stream {stream}"
            rows.append((f"{position} to {position + size - 1}", f"words of `{unit.name}`{of}"))
            position += size
    rows += [(position, "session: nonce"), (position + 1, "session: count of RESULTs")]
    assert position + 2 == result_words(machine, machine.streams)
    text = _table(("word", "meaning"), rows)
    if machine.streams > 1:
        text += "\n\nThat is with all streams; words of streams that do not run are left out."
    return text


def _model(core: Core) -> str:
    image = core.image
    assert image is not None
    entries = _table(("entry", "number in RUN"), image.entries.items())
    if image.placement != "host":
        given = (f"Item r begins at word r * {image.row_groups} of `{image.input}`, which the "
                 "image fills: RUN names that word.")
    else:
        given = (f"Before each RUN the host writes {image.row_groups} words into "
                 f"`{image.input}`, those of stream n from word n * {image.row_groups} on, and "
                 "RUN names the first.")
    steps = ("To use it: HELLO; BEGIN with a nonce; LOAD every memory of the image; RUN of entry "
             "`reset` before each text or sequence; RUN of entry `run` for each token or time "
             "step.")
    text = f"{entries}\n\nRow limit of RUN: {image.rows}. {given}\n\n{steps}"
    if bench.has_bench(core):
        text += (f"\n\n`{bench.NAME}` does just this with Icarus Verilog or Verilator. It takes the"
                 f" words of the image from `{bench.IMAGE}`: 32 bits a line, memory after memory in"
                 f" the order of its calls of `load`, and what RESULT shall be from "
                 f"`{bench.EXPECTED}`.")
    return text


def _instructions(machine: Machine) -> str:
    rows = []
    for code, item in enumerate(machine.instructions):
        place, fields = 0, []
        for name, width in instruction_fields(machine)[item.name]:
            fields.append(f"{name} [{place + width - 1}:{place}]" if width else name)
            place += width
        rows.append((code, item.name, item.meaning.replace("``", "`"), ", ".join(fields)))
    return ("Words of `program`; the sequencer executes them from the entry of a RUN to END.\n\n"
            + _table(("kind", "name", "meaning", "fields with their bits"), rows))


def _units(machine: Machine) -> str:
    parts = []
    for unit in machine.units:
        values = ", ".join(f"{name} = {value}" for name, value in unit.named_fields()
                           if isinstance(value, int | str))
        fields = inspect.getdoc(getattr(type(unit), "fields", None)) if hasattr(
            type(unit), "fields") else None
        parts.append("\n\n".join(filter(None, (
            f"### {unit.name}", _text(type(unit)), values,
            fields.replace("``", "`") if fields else None))))
    return "\n\n".join(parts)
