"""Serial ports on the USB, and whether a board of Sterna's answers there."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from time import monotonic

from sterna.host.board_address import board_address
from sterna.host.info import Info, read_info
from sterna.host.link import AnswerLost, Link, Request
from sterna.host.transport import Transport
from sterna.machine.protocol import FrameType

PATIENCE = 0.3
"""Seconds that a board has for an answer, of a few bytes, each time that it is asked."""
MOST = 2.0
"""Seconds for it at one rate, whatever comes: other things that send speak on and on."""


@dataclass(frozen=True)
class UsbPort:
    """A serial port, and what its USB device says of itself."""

    device: str
    usb_id: tuple[int, int]
    serial: str | None
    product: str | None

    @property
    def ids(self) -> str:
        """Both, as `lsusb` shows them."""
        return f"{self.usb_id[0]:04x}:{self.usb_id[1]:04x}"


def usb_ports() -> list[UsbPort]:
    """All that are on the USB, by their names."""
    from serial.tools.list_ports import comports

    return [UsbPort(port.device, (port.vid, port.pid), port.serial_number, port.product)
            for port in sorted(comports(), key=lambda port: port.device)
            if port.vid is not None and port.pid is not None]


def hello(address: str, rates: Iterable[int]) -> tuple[Info, int | None]:
    """What a board at an address says, and the rate at which it did, None for TCP.

    The board keeps what it does. Raises `InputError` for an address that cannot be opened, and
    `LinkError` of the last rate where nobody answers.
    """
    place = board_address(address)
    place.check_there()
    rates = [0] if place.tcp_port is not None else [place.baud] if place.baud else [*rates]
    for number, rate in enumerate(rates, 1):
        with closing(place.open(rate)) as transport:
            try:
                answer = Link(_Impatient(transport), address).request(
                    Request(FrameType.HELLO, b"", FrameType.INFO), PATIENCE)
                return read_info(address, answer), rate or None
            except AnswerLost:
                if number == len(rates):
                    raise
    raise ValueError("no rates")


class _Impatient:
    """A transport that is silent after `MOST` seconds."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._end = monotonic() + MOST
        self.write, self.close = transport.write, transport.close

    def read(self, count: int, timeout: float) -> bytes:
        received = b""
        while len(received) < count and (left := self._end - monotonic()) > 0:
            part = self._transport.read(1, min(timeout, left))
            if not part:
                break
            received += part
        return received
