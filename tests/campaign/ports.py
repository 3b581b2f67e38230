"""`probe` and `doctor`: whoever may be at the other end, folders of builds, tools of others."""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from tests.campaign.trial import Trial, Wanted

IMPORTS = ("sterna.tasks.probe", "sterna_boards.catalogue", "sterna_hw.link.usb_serial",
           "sterna.families.matmul_free.model", "sterna.families.tokens.verify")
ADDRESSES = ("", " ", "tcp://", "tcp://localhost", "tcp://localhost:0", "serial://", "/dev/null",
             "serial:///dev/null", "serial:///dev/zero", "serial:///dev/full", "serial:///dev/tty",
             "serial:///dev/ttyX", "serial://dev/ttyX", "serial://COM3", "serial:///nowhere?baud=1",
             "serial:///dev/null?baud=0", "usb://1", "tcp://nowhere.invalid:1", "tcp://[::1]:1",
             "x" * 5000, "\udcff", "tcp://localhost:1", "serial:///" + "x" * 300, "serial:///.")
VARIABLES = ("YOSYS", "NEXTPNR_ECP5", "OPENFPGALOADER", "CXX", "STERNA_CACHE")
TOOLS = ("", "/nowhere", ".", "/dev/null", "tool", "-", "x" * 5000, "é")
TOLD = ("exit 3", "printf '\\033[31mred\\033[0m\\n'", "head -c 100000 /dev/urandom",
        "echo; echo v 1", "kill -9 $$", "cat", "printf '%099999d' 1")


def _flood(link: socket.socket) -> None:
    while True:
        link.sendall(os.urandom(1 << 16))


def _drip(link: socket.socket) -> None:
    while True:
        link.sendall(b"\xa5")
        time.sleep(0.05)


def _echo(link: socket.socket) -> None:
    while data := link.recv(4096):
        link.sendall(data)


def _noise(link: socket.socket) -> None:
    while data := link.recv(4096):
        link.sendall(os.urandom(random.randrange(99)) + data[:random.randrange(99)])


def _reset(link: socket.socket) -> None:
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    link.close()


def _silent(link: socket.socket) -> None:
    link.recv(1)
    time.sleep(99)


ENDS: tuple[Callable[[socket.socket], object], ...] = (
    _flood, _drip, _echo, _noise, _reset, _silent, socket.socket.close,
    lambda link: link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))


def trials(draw: random.Random) -> Iterator[Trial]:
    """Every address and every end once; then folders and tools, without end."""
    for address in ADDRESSES:
        yield _trial(["probe", address], {})
        yield _trial(["doctor", "--loop-back", address], {})
    for number in range(len(ENDS)):
        for words in (["probe"], ["doctor", "--loop-back"], ["run", "demo-tiny", "--max-tokens",
                                                             "1", "--timeout", "1", "--device"]):
            yield _other_end(words, number)
    while True:
        yield draw.choice((_builds, _tools))(draw)


def _trial(words: list[str], environment: dict[str, str],
           prepared: Callable[[Path], object] = lambda folder: None,
           within: Callable[[], object] | None = None) -> Trial:
    def prepare(folder: Path) -> list[str]:
        prepared(folder)
        return words

    told = " ".join(f"{name}={value[:40]!r}" for name, value in environment.items())
    return Trial(f"{told} {' '.join(words)[:80]!r}", prepare, Wanted.EITHER, codes=(1, 2),
                 environment=environment, memory=1 << 33, within=within)


def _other_end(words: list[str], number: int) -> Trial:
    server = socket.create_server(("127.0.0.1", 0))

    def within() -> None:
        def serve() -> None:
            while True:
                link, _ = server.accept()
                with suppress(OSError):
                    ENDS[number](link)

        threading.Thread(target=serve, daemon=True).start()

    return _trial([*words, f"tcp://127.0.0.1:{server.getsockname()[1]}"], {}, within=within)


def _builds(draw: random.Random) -> Trial:
    make: Callable[[Path], object] = draw.choice((
        os.mkfifo, Path.mkdir, Path.touch, lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.symlink_to(path), lambda path: path.write_bytes(os.urandom(9999)),
        lambda path: path.symlink_to("../..")))
    names = draw.choice((("image.sterna",), (), ("image.sterna", "x")))

    def prepared(folder: Path) -> None:
        place = folder.joinpath("build", "ulx3s-12f", *names)
        place.parent.mkdir(parents=True, exist_ok=True)
        if names[1:]:
            place.parent.mkdir(exist_ok=True)
        make(place)

    builds = draw.choice(("build", "build/ulx3s-12f", "nowhere", "/dev/null", "", "/proc/self/fd",
                          "x" * 300, "\udcff", "~"))
    return _trial(["probe", "--builds", builds], {}, prepared)


def _tools(draw: random.Random) -> Trial:
    variable, tool, told = draw.choice(VARIABLES), draw.choice(TOOLS), draw.choice(TOLD)

    def prepared(folder: Path) -> None:
        (folder / "tool").write_text(f"#!/bin/sh\n{told}\n")
        (folder / "tool").chmod(0o755)

    value = "./tool" if tool == "tool" else tool
    return _trial(["doctor", *draw.choice(([], ["--json"]))], {variable: value}, prepared)
