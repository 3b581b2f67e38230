"""Addresses of real boards: what they say, found out before anything is opened."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlsplit

from sterna.errors import InputError
from sterna.host.transport import (
    DEFAULT_BAUD,
    SerialTransport,
    TcpTransport,
    Transport,
    no_port,
)

MOST_BAUD = (1 << 31) - 1
"""What an operating system takes."""
_NUMBER = re.compile("[0-9]{1,10}")
MOST_PORT = (1 << 16) - 1


@dataclass(frozen=True)
class BoardAddress:
    """``serial:///dev/ttyUSB0``, ``serial://COM3?baud=1000000`` or ``tcp://host:port``."""

    text: str
    """As it was typed."""
    place: str
    """The serial port, or the host."""
    tcp_port: int | None = None
    """None for a serial port."""
    baud: int | None = None
    """The rate that the address names."""

    def check_there(self) -> None:
        """Raise `InputError` for a serial port that is not there."""
        if self.tcp_port is None and os.path.isabs(self.place) and not os.path.exists(self.place):
            raise no_port(self.text)

    def open(self, baud: int = DEFAULT_BAUD) -> Transport:
        """Open it; `baud` is the rate of a serial port whose address names none.

        Raises `InputError` when it cannot be opened.
        """
        if self.tcp_port is None:
            return SerialTransport(self.place, self.baud or baud, self.text)
        return TcpTransport(self.place, self.tcp_port)


def board_address(text: str) -> BoardAddress:
    """What an address says. Raises `InputError` that repeats it as it was typed."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port if parts.scheme == "tcp" else None
    except ValueError:
        raise _unknown(text) from None
    if parts.scheme == "serial":
        return BoardAddress(text, _serial_port(text, parts), baud=_baud(text, parts.query))
    if parts.scheme == "tcp" and host and port and not (parts.path.strip("/") or parts.query):
        return BoardAddress(text, host, port)
    raise _unknown(text)


def _unknown(text: str) -> InputError:
    return InputError(f"{text}: not an address of a board; give serial:///dev/ttyUSB0 or "
                      f"tcp://host:port, with a port of 1 to {MOST_PORT}")


def _serial_port(text: str, parts: SplitResult) -> str:
    if parts.netloc and parts.path:
        raise InputError(f"{text}: between serial:// and the port of a path is a third slash; give "
                         f"serial:///{parts.netloc}{parts.path}")
    if not (parts.netloc or parts.path.strip("/")):
        raise InputError(f"{text}: names no port; give serial:///dev/ttyUSB0")
    return parts.netloc or parts.path


def _baud(text: str, query: str) -> int | None:
    try:
        options = parse_qs(query, keep_blank_values=True)
    except ValueError:
        options = {query: [query]}
    given = options.pop("baud", None)
    number = "1" if given is None else given[-1]
    if options or not _NUMBER.fullmatch(number) or not 1 <= int(number) <= MOST_BAUD:
        raise InputError(f"{text}: the only option is baud, a whole number of 1 to {MOST_BAUD}: "
                         "?baud=1000000")
    return None if given is None else int(number)


def open_transport(address: str, baud: int = DEFAULT_BAUD) -> Transport:
    """Open a `BoardAddress`; arguments and errors as there."""
    return board_address(address).open(baud)
