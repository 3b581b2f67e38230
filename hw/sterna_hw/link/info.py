"""The payload of an INFO frame that never changes, as a table read from its end."""

from __future__ import annotations

from amaranth.hdl import Array, Const, Signal, Value
from sterna.machine.machine import Machine
from sterna.machine.protocol import CHUNK_BITS, SESSION_WORDS, VERSION, InfoType, result_entries

SESSION_BYTES = SESSION_WORDS * CHUNK_BITS // 8


def identity(machine: Machine, contents: int) -> bytes:
    """All items of INFO but the value of the last, the session."""
    items = {
        InfoType.VERSION: VERSION.to_bytes(2, "little"),
        InfoType.ENTRIES: result_entries(machine).to_bytes(2, "little"),
        InfoType.CONFIGURATION: machine.digest().to_bytes(8, "little"),
        InfoType.CONTENTS: contents.to_bytes(8, "little"),
    }
    return (b"".join(bytes([kind, len(value)]) + value for kind, value in items.items())
            + bytes([InfoType.SESSION, SESSION_BYTES]))


def identity_byte(data: bytes, left: Signal) -> Value:
    """The byte of `identity` behind which, with itself and the session, ``left`` bytes are left.

    It looks at as few bits of the count as tell the bytes apart.
    """
    bits = (len(data) - 1).bit_length()
    table = [0] * (1 << bits)
    for place, byte in enumerate(data):
        table[(len(data) + SESSION_BYTES - place) % len(table)] = byte
    return Value.cast(Array(Const(byte, 8) for byte in table)[left[:bits]])
