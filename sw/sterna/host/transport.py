"""Byte streams to a board: serial port, TCP, or anything with `write`, `read` and `close`."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from typing import Protocol

from sterna.errors import InputError, LinkError

DEFAULT_BAUD = 1_000_000
"""Of a board whose machine names no rate."""
CONNECT_SECONDS = 10
WRITE_SECONDS = 5
BITS_WRITTEN = 1 << 17
"""More than the host ever has under way; the line may take as long as these need."""


class Transport(Protocol):
    """A byte stream in both directions."""

    def write(self, data: bytes) -> None:
        """Send all bytes. Raises `LinkError` when the board is gone."""
        ...

    def read(self, count: int, timeout: float) -> bytes:
        """Receive at most `count` bytes, waiting `timeout` seconds for each of them.

        Fewer bytes mean that none came for so long. Raises `LinkError` when the board is gone.
        """
        ...

    def close(self) -> None:
        """Give the port back; safe to call twice."""
        ...


class SerialTransport:
    """A serial port, 8 data bits, no parity, one stop bit, no flow control."""

    def __init__(self, port: str, baud: int = DEFAULT_BAUD, name: str | None = None) -> None:
        """`name` is that of the port in errors."""
        import serial

        self._name = name or port
        try:
            self._port = serial.Serial(
                port, baud, exclusive=True, write_timeout=WRITE_SECONDS + BITS_WRITTEN / baud
            )
        except (OSError, ValueError, OverflowError) as error:
            raise InputError(f"{self._name}: cannot be opened; {_way_out(error)}") from None
        # Bridges of FTDI else keep what they receive for 16 ms. Not every port can, or need.
        with contextlib.suppress(AttributeError, NotImplementedError, OSError, ValueError):
            self._port.set_low_latency_mode(True)
        self._port.reset_input_buffer()

    def write(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except OSError as error:
            raise self._gone(error) from None

    def read(self, count: int, timeout: float) -> bytes:
        received = bytearray()
        try:
            self._port.timeout = timeout
            while len(received) < count:
                most = min(self._port.in_waiting, count - len(received))
                part = self._port.read(max(1, most))
                if not part:
                    break
                received += part
        except OSError as error:
            raise self._gone(error) from None
        return bytes(received)

    def close(self) -> None:
        self._port.close()

    def _gone(self, error: OSError) -> LinkError:
        return LinkError(f"{self._name}: the board was unplugged or reset ({_reason(error)})")


class TcpTransport:
    """A TCP connection, for boards behind a network or a serial-to-network server."""

    shared = True
    """Others may have one to the same board, which a serial port does not allow."""

    def __init__(self, host: str, port: int) -> None:
        self._name = f"tcp://{host}:{port}"
        try:
            self._socket = socket.create_connection((host, port), CONNECT_SECONDS)
        except (OSError, UnicodeError) as error:
            raise InputError(f"{self._name}: cannot connect ({_reason(error)})") from None
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def write(self, data: bytes) -> None:
        try:
            self._socket.settimeout(60)
            self._socket.sendall(data)
        except OSError as error:
            raise self._gone(_reason(error)) from None

    def read(self, count: int, timeout: float) -> bytes:
        received = bytearray()
        self._socket.settimeout(timeout)
        while len(received) < count:
            try:
                part = self._socket.recv(count - len(received))
            except TimeoutError:
                break
            except OSError as error:
                raise self._gone(_reason(error)) from None
            if not part:
                raise self._gone("closed by the other side")
            received += part
        return bytes(received)

    def close(self) -> None:
        self._socket.close()

    def _gone(self, reason: str) -> LinkError:
        return LinkError(f"{self._name}: the connection is lost ({reason})")


def no_port(name: str) -> InputError:
    """What to tell of a serial port that is not there."""
    return InputError(f"{name}: cannot be opened; "
                      f"{_way_out(OSError(errno.ENOENT, os.strerror(errno.ENOENT)))}")


def _way_out(error: Exception) -> str:
    """What to do about a serial port that cannot be opened."""
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        return f"there is no such port; plug the board in, there are: {_ports()}"
    if number in (errno.EACCES, errno.EPERM):
        return "this user may not; join the port's group (often dialout) and log in again"
    if number in (errno.EAGAIN, errno.EBUSY):
        return "another program has it open; close that one"
    return f"is it a serial port? ({_reason(error)})"


def _ports() -> str:
    from serial.tools.list_ports import comports

    return ", ".join(sorted(port.device for port in comports())) or "none"


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
