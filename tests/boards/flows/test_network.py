"""The program for a board's processors, compiled and run: TCP on one side, registers on the other.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from sterna.compiler.compile import compile_program
from sterna.compiler.fit import fit_machine
from sterna.errors import LinkError
from sterna.host.loading import load_requests
from sterna.host.token_board import TokenBoard
from sterna.host.transport import TcpTransport
from sterna.machine.emulator.board import EmulatedBoard
from sterna.machine.frames import Frame, FrameDecoder, encode_frame
from sterna.machine.image import MemoryImage
from sterna.machine.memory import Axi, constant_base, memory_bytes, outside_words
from sterna.machine.presets import PRESETS
from sterna.machine.protocol import ErrorCode, FrameType, Space, space_number
from sterna_boards.catalogue import find_board
from sterna_boards.flows.arm.program import program

from tests.sim.shapes import random_program
from tests.sw.snapshots import golden

PROGRAM = random_program(24, 2, 40, 61, seed=4)
KV260 = find_board("kv260")
TOKENS = (1, 60, 7, 7, 33)
PORT_BYTES = 1 << 16


def image_of(**memory: object) -> MemoryImage:
    machine = PRESETS["tiny"].having(memory=Axi(ports=4, bits=64, burst=16, **memory))
    return compile_program(PROGRAM, fit_machine(PROGRAM, machine, "host"), "host")


@dataclass
class Served:
    """The program at work: its port, the emulated board behind its registers, the memory."""

    port: int
    board: EmulatedBoard
    memory: Path
    loads: list[tuple[int, int]]
    """Memory number and first word of the LOAD frames that came to the board."""


class _Behind(threading.Thread):
    """Carries bytes between the registers' socket and an emulated board."""

    def __init__(self, end: socket.socket, served: Served) -> None:
        super().__init__(daemon=True)
        self._end, self._served, self._decoder = end, served, FrameDecoder()

    def run(self) -> None:
        while data := self._end.recv(4096):
            for frame in self._decoder.feed(data):
                if frame.type == FrameType.LOAD:
                    self._served.loads.append(
                        (frame.payload[0], int.from_bytes(frame.payload[1:5], "little")))
                self._served.board.write(encode_frame(frame))
                self._end.sendall(self._served.board.read(1 << 20, 0))


@pytest.fixture
def serve(tmp_path: Path) -> Iterator:
    """Starts the program for an image; ends it after the test."""
    compiler = shutil.which(os.environ.get("CC", "gcc")) or pytest.skip("needs a C compiler")
    running: list[tuple[subprocess.Popen[str], socket.socket, _Behind]] = []

    def start(image: MemoryImage) -> Served:
        outside, network = KV260.outside, KV260.network
        assert outside is not None and network is not None
        files = program(image.machine, replace(outside, port_bytes=PORT_BYTES), network)
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        own = Path(__file__).with_name("simulated_registers.c")
        flags = ["-O1", "-Wall", "-Wextra", "-Werror", "-I", str(tmp_path)]
        subprocess.run([compiler, *flags, "-fsyntax-only", tmp_path / "sterna_access.c"],
                       check=True)
        subprocess.run([compiler, *flags, "-fsanitize=undefined", "-o", tmp_path / "serve",
                        tmp_path / "sterna_serve.c", own], check=True)
        memory = tmp_path / "memory"
        memory.write_bytes(b"")
        ours, theirs = socket.socketpair()
        process = subprocess.Popen(
            [tmp_path / "serve", "0"], stdout=subprocess.PIPE, text=True,
            pass_fds=[theirs.fileno()], env=os.environ | {
                "STERNA_TEST_LINK": str(theirs.fileno()), "STERNA_TEST_MEMORY": str(memory)})
        theirs.close()
        assert process.stdout is not None
        port = int(process.stdout.readline().split()[-1])
        served = Served(port, EmulatedBoard(image.machine), memory, [])
        behind = _Behind(ours, served)
        behind.start()
        running.append((process, ours, behind))
        return served

    yield start
    for process, end, behind in running:
        process.terminate()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()
        behind.join(10)
        end.close()


def dense(served: Served, image: MemoryImage) -> np.ndarray:
    """The stream whose beats go round the ports, as the fabric reads it."""
    memory, outside = np.frombuffer(served.memory.read_bytes(), np.uint8), image.machine.outside
    ports = memory.reshape(outside.ports, PORT_BYTES // (outside.bits // 8), outside.bits // 8)
    return ports.transpose(1, 0, 2).reshape(-1)


def opened(served: Served, image: MemoryImage) -> TokenBoard:
    device = TokenBoard(TcpTransport("127.0.0.1", served.port), "board")
    device.load(image)
    return device


@pytest.mark.parametrize("more", [{}, {"constants": True}, {"resident_words": 60}])
def test_weights_go_into_the_memory_and_all_else_to_the_accelerator(serve, more: dict) -> None:
    image = image_of(**more)
    machine, served = image.machine, serve(image)
    device = opened(served, image)
    stream, there = dense(served, image), outside_words(machine)
    # A frame with words for the chip goes there whole, and the accelerator writes what is not.
    number = space_number(machine, Space.WEIGHTS)
    there = min([there, *(first for space, first in served.loads if space == number)])
    parts = {Space.WEIGHTS: (0, there, machine.ternary.weight_bytes)}
    if more.get("constants"):
        parts[Space.CONSTANTS] = (constant_base(machine), machine.vector.constant_depth,
                                  machine.vector.constant_bytes)
    for space, (first, count, size) in parts.items():
        words = image.parts[space].array()[:count]
        assert len(words) and (stream[first:first + words.shape[0] * size]
                               == words[:, :size].reshape(-1)).all()
    assert not stream[memory_bytes(machine):].any()
    kept = {space_number(machine, space) for space in parts}
    through = {space for space, _ in served.loads}
    assert through and kept.isdisjoint(through) == (machine.memory.resident == 0)
    # The emulated board reads no such memory: it is given what lies there.
    for request in load_requests(machine, {space: image.parts[space] for space in parts}, None):
        served.board.write(encode_frame(Frame(request.type, 0, request.payload)))
        served.board.read(1 << 20, 0)
    expected = list(map(golden(PROGRAM, image).step, TOKENS))
    for token, wanted in zip(TOKENS, expected, strict=True):
        assert device.step(token).candidates() == wanted.candidates()
    assert device.recoveries == 0
    device.close()


def test_frames_that_are_wrong_get_the_accelerators_answers(serve) -> None:
    image = image_of()
    served = serve(image)
    transport, decoder = TcpTransport("127.0.0.1", served.port), FrameDecoder()
    number = space_number(image.machine, Space.WEIGHTS)
    size = image.parts[Space.WEIGHTS].size

    def answer(data: bytes) -> Frame:
        transport.write(data)
        while not (found := decoder.feed(transport.read(decoder.missing(), 5))):
            pass
        return found[0]

    def load(first: int, data: bytes) -> bytes:
        return encode_frame(Frame(FrameType.LOAD, 9, bytes([number]) + first.to_bytes(4, "little")
                                  + data))

    assert answer(b"noise" + load(0, bytes([7]) * size)) == Frame(FrameType.ACK, 9)
    assert dense(served, image)[0] == 7 and served.loads == []
    beyond = answer(load(image.machine.ternary.weight_depth, bytes(size)))
    assert beyond == Frame(FrameType.ERROR, 9, bytes([ErrorCode.SPACE]))
    part = answer(load(0, bytes(size + 1)))
    assert part == Frame(FrameType.ERROR, 9, bytes([ErrorCode.LENGTH]))
    assert dense(served, image)[0] == 7
    transport.close()


def test_one_driver_at_a_time_and_the_next_finds_a_quiet_link(serve) -> None:
    image = image_of()
    served = serve(image)
    first = opened(served, image)
    second = TcpTransport("127.0.0.1", served.port)
    with pytest.raises(LinkError, match="closed by the other side"):
        second.read(1, 5)
    second.close()
    first.close()
    half = TcpTransport("127.0.0.1", served.port)
    half.write(encode_frame(Frame(FrameType.LOAD, 1, bytes(300)))[:100])
    half.close()
    device = opened(served, image)
    device.close()


def test_who_comes_right_behind_another_is_served(serve) -> None:
    served = serve(image_of())
    for count in range(30):  # the program may not have seen the end before it sees who comes
        transport, decoder = TcpTransport("127.0.0.1", served.port), FrameDecoder()
        transport.write(encode_frame(Frame(FrameType.HELLO, count)))
        while not (found := decoder.feed(transport.read(decoder.missing(), 5))):
            pass
        assert found[0].sequence == count
        transport.write(b"begun"[:count % 6])
        transport.close()
