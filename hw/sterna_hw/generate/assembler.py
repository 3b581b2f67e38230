"""Words for the processor that answers frames, from text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from amaranth.hdl import unsigned
from amaranth.lib import enum
from amaranth.lib.data import StructLayout

NUMBER_BITS = 6
"""Of a port or a condition; of a BYTES one less than how many."""
WORD_BITS = 32
_BYTES = {"u8": 1, "u16": 2, "u24": 3, "u32": 4}


class Op(enum.Enum, shape=3):
    """What an instruction does; all but JUMP go on with the next."""

    JUMP = 0
    """Goes on at the operand if the condition, inverted or not, is true."""
    LOAD = 1
    """The accumulator becomes a word of the memory."""
    LESS = 2
    """The accumulator becomes less by a word; ``borrow`` if that was larger."""
    KEEP = 3
    """A word becomes the accumulator."""
    BYTES = 4
    """The accumulator becomes the number of so many next bytes of the frame."""
    IN = 5
    """The accumulator becomes what a port has."""
    OUT = 6
    """A port takes the accumulator."""


def instruction(address_bits: int) -> StructLayout:
    """An instruction; ``own``: the address is one of the region of the token stream."""
    return StructLayout({
        "address": unsigned(address_bits), "own": 1, "op": Op, "number": unsigned(NUMBER_BITS),
        "inverted": 1})


@dataclass(frozen=True)
class Assembled:
    """``words`` are those at reset; regions of the token streams lie at the end of all there are,
    that of stream 0 last."""

    words: tuple[int, ...]
    depth: int

    @property
    def address_bits(self) -> int:
        """Of a word."""
        return (self.depth - 1).bit_length()


def assemble(text: str, own: tuple[str, ...], names: tuple[tuple[str, ...], tuple[str, ...],
             tuple[str, ...]], constants: Mapping[str, int], depth: int) -> Assembled:
    """Translate a program.

    A line has an instruction with a comment behind ``;``, or ``label:``. Operands are ``#number``
    or ``#NAME`` of ``constants``, ``.word`` of the region of a stream, which are ``own``, or any
    other name. ``go L``, ``if C go L``, ``unless C go L`` jump; ``uN`` reads a number of N bits.

    Args:
        names: of ports to read, of ports to write, and of conditions, by their numbers.
        depth: words of the memory, a power of two.

    Raises:
        ValueError: a name that is not there.
    """
    inputs, outputs, conditions = names
    lines = [line.split(";")[0].split() for line in text.splitlines()]
    found: list[tuple[Op, str, int, bool]] = []
    labels: dict[str, int] = {}
    for line in filter(None, lines):
        match line:
            case [label] if label.endswith(":"):
                labels[label[:-1]] = len(found)
            case [number] if number in _BYTES:
                found.append((Op.BYTES, "#0", _BYTES[number] - 1, False))
            case ["load" | "less" | "keep" as op, operand]:
                found.append((Op[op.upper()], operand, 0, False))
            case ["in", port]:
                found.append((Op.IN, "#0", inputs.index(port), False))
            case ["out", port]:
                found.append((Op.OUT, "#0", outputs.index(port), False))
            case ["go", label]:
                found.append((Op.JUMP, f"@{label}", conditions.index("always"), False))
            case ["if" | "unless" as word, condition, "go", label]:
                found.append((Op.JUMP, f"@{label}", conditions.index(condition),
                              word == "unless"))
            case _:
                raise ValueError(f"no instruction: {' '.join(line)}")
    words = [0] * len(found)
    places: dict[str, int] = {}

    def place(operand: str) -> tuple[int, bool]:
        """The address of an operand, and whether it is one of the stream."""
        kind, rest = operand[0], operand[1:]
        if kind == "@":
            return labels[rest], False
        if kind == ".":
            return own.index(rest), True
        value = 0
        if kind == "#":
            value = constants[rest] if rest in constants else int(rest)
            operand = f"#{value % (1 << WORD_BITS)}"
        if operand not in places:
            places[operand] = len(words)
            words.append(value % (1 << WORD_BITS))
        return places[operand], False

    operands = [place(operand) for _, operand, _, _ in found]
    layout = instruction(depth.bit_length() - 1)
    for number, ((op, _, port, inverted), (address, is_own)) in enumerate(
            zip(found, operands, strict=True)):
        words[number] = layout.const({
            "address": address, "own": is_own, "op": op, "number": port,
            "inverted": inverted}).as_bits()
    return Assembled(tuple(words), depth)
