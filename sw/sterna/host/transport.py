"""Byte streams to a board: serial port, TCP, or anything with `write`, `read` and `close`."""

from __future__ import annotations

import contextlib
import errno
import socket
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

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

    def __init__(self, port: str, baud: int = DEFAULT_BAUD) -> None:
        import serial

        self._name = port
        try:
            self._port = serial.Serial(
                port, baud, exclusive=True, write_timeout=WRITE_SECONDS + BITS_WRITTEN / baud
            )
        except (OSError, ValueError) as error:
            raise InputError(f"{port}: cannot be opened; {_way_out(error)}") from None
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

    def __init__(self, host: str, port: int) -> None:
        self._name = f"tcp://{host}:{port}"
        try:
            self._socket = socket.create_connection((host, port), CONNECT_SECONDS)
        except OSError as error:
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


def open_transport(address: str, baud: int = DEFAULT_BAUD) -> Transport:
    """Open `serial:///dev/ttyUSB0`, `serial://COM3?baud=1000000` or `tcp://host:port`.

    `baud` is the rate of a serial port whose address names none. Raises `InputError` for an address
    that says something else or a port that cannot be opened.
    """
    parts = urlsplit(address)
    if parts.scheme == "serial":
        return SerialTransport(parts.path or parts.netloc, _baud(address, parts.query, baud))
    if parts.scheme == "tcp":
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if host and port:
            return TcpTransport(host, port)
    raise InputError(
        f"{address}: not an address of a board; give serial:///dev/ttyUSB0 or tcp://host:port"
    )


def _baud(address: str, query: str, usual: int) -> int:
    options = parse_qs(query)
    text = options.pop("baud", [str(usual)])[-1]
    if options or not text.isdigit() or int(text) < 1:
        raise InputError(f"{address}: the only option is baud, a positive number: ?baud=1000000")
    return int(text)


def _way_out(error: OSError | ValueError) -> str:
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
