"""Transports on this machine: a TCP connection and a pseudo terminal."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from types import SimpleNamespace

import pytest
import serial
from sterna.errors import InputError, LinkError
from sterna.host.board_address import board_address, open_transport
from sterna.host.transport import SerialTransport


@pytest.fixture
def tcp():
    """A transport and the connected socket of its other end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        transport = open_transport(f"tcp://127.0.0.1:{server.getsockname()[1]}")
        other, _ = server.accept()
        with other:
            yield transport, other
        transport.close()


def test_tcp_carries_bytes_both_ways(tcp):
    transport, other = tcp
    transport.write(b"hello")
    assert other.recv(10) == b"hello"
    threading.Timer(0.05, other.sendall, [b"board"]).start()
    other.sendall(b"from ")
    assert transport.read(10, 5) == b"from board"


def test_tcp_time_out_gives_what_came(tcp):
    transport, other = tcp
    other.sendall(b"abc")
    assert transport.read(10, 0.1) == b"abc"
    assert transport.read(1, 0.05) == b""


def trickle(write, data: bytes) -> threading.Thread:
    """Write a byte in every 20 ms."""

    def run() -> None:
        for byte in data:
            time.sleep(0.02)
            write(bytes([byte]))

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_tcp_waits_while_bytes_come(tcp):
    """Longer than the time-out, all in all."""
    transport, other = tcp
    data = bytes(range(30))
    writer = trickle(other.sendall, data)
    assert transport.read(30, 0.3) == data
    writer.join()


def test_tcp_that_ends_is_told(tcp):
    transport, other = tcp
    other.close()
    with pytest.raises(LinkError, match="closed by the other side"):
        transport.read(1, 1)


def test_tcp_that_nobody_answers_is_told():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(InputError, match=f"tcp://127.0.0.1:{port}: cannot connect"):
        open_transport(f"tcp://127.0.0.1:{port}")


def test_serial_carries_bytes_and_times_out():
    board, terminal = os.openpty()
    try:
        transport = open_transport(f"serial://{os.ttyname(terminal)}?baud=115200")
        data = bytes(range(256))
        transport.write(data)
        assert os.read(board, 1000) == data
        os.write(board, data)
        assert transport.read(256, 5) == data
        assert transport.read(1, 0.05) == b""
        transport.close()
        transport.close()
    finally:
        os.close(board)
        os.close(terminal)


def test_serial_waits_while_bytes_come():
    board, terminal = os.openpty()
    transport = SerialTransport(os.ttyname(terminal))
    data = bytes(range(100, 130))
    writer = trickle(lambda part: os.write(board, part), data)
    assert transport.read(30, 0.3) == data
    writer.join()
    transport.close()
    os.close(board)
    os.close(terminal)


@pytest.mark.parametrize("fault", [None, NotImplementedError, ValueError, OSError])
def test_low_latency_is_asked_for_and_not_needed(monkeypatch, fault):
    asked = []

    def low_latency(port, wanted: bool) -> None:
        asked.append(wanted)
        if fault is not None:
            raise fault("cannot")

    monkeypatch.setattr(serial.Serial, "set_low_latency_mode", low_latency)
    board, terminal = os.openpty()
    transport = SerialTransport(os.ttyname(terminal))
    transport.write(b"x")
    assert os.read(board, 1) == b"x" and asked == [True]
    transport.close()
    os.close(board)
    os.close(terminal)


def test_a_serial_board_that_goes_away_is_told():
    board, terminal = os.openpty()
    transport = SerialTransport(os.ttyname(terminal))
    os.close(terminal)
    os.close(board)
    with pytest.raises(LinkError, match="unplugged or reset"):
        for _ in range(3):
            transport.write(b"x")
            transport.read(1, 0.1)
    transport.close()


@pytest.mark.parametrize(("address", "port", "baud"), [
    ("serial:///dev/ttyUSB0", "/dev/ttyUSB0", 1_000_000),
    ("serial:///dev/ttyUSB0?baud=3000000", "/dev/ttyUSB0", 3_000_000),
    ("serial://COM3?baud=9600", "COM3", 9600),
])
def test_serial_addresses(monkeypatch, address, port, baud):
    opened = []

    class Port:
        def __init__(self, name: str, rate: int, **options: object) -> None:
            opened.append((name, rate))

        def reset_input_buffer(self) -> None:
            pass

    monkeypatch.setattr(serial, "Serial", Port)
    open_transport(address)
    open_transport(address, 2_000_000)
    assert opened == [(port, baud), (port, baud if "=" in address else 2_000_000)]


@pytest.mark.parametrize(("number", "way_out"), [
    (errno.ENOENT, "there is no such port; plug the board in, there are: /dev/ttyA, /dev/ttyB"),
    (errno.EACCES, "join the port's group"),
    (errno.EBUSY, "another program has it open"),
    (errno.EAGAIN, "another program has it open"),
    (errno.EIO, "is it a serial port"),
])
def test_a_port_that_cannot_be_opened_is_told_with_the_way_out(monkeypatch, number, way_out):
    def port(*_: object, **__: object) -> None:
        raise serial.SerialException(number, "refused")

    found = [SimpleNamespace(device="/dev/ttyB"), SimpleNamespace(device="/dev/ttyA")]
    monkeypatch.setattr(serial, "Serial", port)
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: found)
    with pytest.raises(InputError, match=f"/dev/tty7: cannot be opened; .*{way_out}"):
        open_transport("serial:///dev/tty7")


def test_a_file_is_no_serial_port(tmp_path):
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(InputError, match="is it a serial port"):
        open_transport(f"serial://{path}")


@pytest.mark.parametrize("address", [
    "tcp://host", "tcp://:99", "tcp://host:nonsense", "tcp://host:0", "tcp://host:65536",
    "tcp://host:1_0", "tcp://[::1", "tcp://host:99/path", "tcp://host:99?baud=9", "usb://1",
    "serial:///dev/x?baud=fast", "serial:///dev/x?baud=0", "serial:///dev/x?baud=-1",
    "serial:///dev/x?baud=²", "serial:///dev/x?baud=2147483648",
    f"serial:///dev/x?baud={'9' * 5000}", "serial:///dev/x?baud=1_0", "serial:///dev/x?baud=", "serial:///dev/x?parity=even",
    "serial://", "serial:///", "serial://dev/ttyX", "://", "serial:",
])
def test_other_addresses_are_refused_as_they_were_typed(address):
    with pytest.raises(InputError) as caught:
        board_address(address)
    assert str(caught.value).startswith(f"{address}: ")


def test_a_missing_slash_is_told():
    with pytest.raises(InputError, match="a third slash; give serial:///dev/ttyX$"):
        board_address("serial://dev/ttyX")


def test_a_port_is_told_as_it_was_typed(monkeypatch):
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [])
    address = board_address("serial:///dev/nowhere?baud=9600")
    for call in (address.check_there, address.open):
        with pytest.raises(InputError, match=r"^serial:///dev/nowhere\?baud=9600: cannot be opened"
                                             "; there is no such port; .* there are: none"):
            call()
    board_address("serial://COM3").check_there()  # no file on any system
    board_address("tcp://localhost:1").check_there()


@pytest.mark.parametrize("host", ["a" * 300, "a..b"])
def test_a_host_that_can_be_none_is_told(host):
    with pytest.raises(InputError, match=f"^tcp://{host}:1: cannot connect"):
        open_transport(f"tcp://{host}:1")
