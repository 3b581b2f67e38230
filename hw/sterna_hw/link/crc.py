"""CRC-16/IBM-3740, a byte at a time: in hardware and in Python."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Value
from sterna.machine.protocol import CRC_POLYNOMIAL, CRC_START

CRC_BITS = 16

if CRC_POLYNOMIAL != 0x1021:
    raise AssertionError("the byte-parallel step below is that of the polynomial 0x1021")


def crc_step(crc: Value, byte: Value) -> Value:
    """The 16-bit remainder after one more byte.

    ``crc`` is 16 bits, ``byte`` 8 bits. At most eight inputs reach one output bit. The form is the
    usual folding of the polynomial x^16 + x^12 + x^5 + 1: with ``t`` the byte that leaves the
    register, the taps at 12 and 5 reach back into the same byte once (``t ^ t >> 4``).
    """
    leaving = crc[8:16] ^ byte
    leaving = leaving ^ (leaving >> 4)
    kept = Cat(Const(0, 8), crc[0:8])
    return (kept ^ (leaving << 12) ^ (leaving << 5) ^ leaving)[:CRC_BITS]


def crc_of(data: bytes) -> int:
    """The CRC of a whole message, as software computes it."""
    crc = CRC_START
    for byte in data:
        leaving = crc >> 8 ^ byte
        leaving ^= leaving >> 4
        crc = (crc << 8 ^ leaving << 12 ^ leaving << 5 ^ leaving) & 0xFFFF
    return crc
