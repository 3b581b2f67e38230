"""A simulated board at a serial port: a pseudo-terminal with the generated UART behind it.

    with SerialBoard(machine) as board:
        device = open_device(board.address, program, machine)

The driver opens the port as it opens that of a real board.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import select
import threading
import time
from pathlib import Path

from sterna.errors import InputError
from sterna.machine.machine import Machine
from sterna.progress import Progress

from sterna_sim.build import build_serial_simulator
from sterna_sim.serial_library import Fault, SerialLibrary

DIVISOR = 4
"""Clocks of a bit; few, because every clock is simulated."""
FRAME_TIMEOUT = 1 << 18
SLICES = (1_000, 20_000)
"""Clocks between two looks at the line, the fewest and the most."""
SLICE_SECONDS = 0.05
QUIET_CYCLES = 2_000_000
"""Clocks without a byte after which the simulation slows down, to leave the processor alone."""
QUIET_SECONDS = 0.02
IDLE_SECONDS = 0.25
"""How long the line is silent before the board says that it is still at work."""
CHUNK = 4096


def check_pseudo_terminals() -> None:
    """Raise `InputError` on a system without."""
    if not hasattr(os, "openpty") or importlib.util.find_spec("termios") is None:
        raise InputError(f"a simulated serial port needs pseudo-terminals, which "
                         f"{platform.system()}"
                         " does not have; use Linux, macOS or WSL, or run the model with --device "
                         "emulator")


def _pseudo_terminal() -> tuple[int, int]:
    """Both ends, through which bytes go as they are."""
    import tty  # not on Windows

    master, slave = os.openpty()
    tty.setraw(slave)
    return master, slave


class SerialBoard:
    """A context in which an accelerator answers at the pseudo-terminal `port`.

    `rate_error` is how much faster (above 0) or slower the host sends bits than the board expects.
    `library` is a simulator already built. Bytes that nobody reads are lost, as on a wire.

    A simulation may be slower than a driver's patience, for its own reasons or those of the
    machine. So between answers there is a zero, which no driver takes for a frame, in every
    `IDLE_SECONDS` of the driver's time, until `QUIET_CYCLES` of the board's have passed without
    another byte.

    Raises `InputError` when the simulator cannot be built, and on a system without
    pseudo-terminals.
    """

    def __init__(
        self,
        machine: Machine,
        *,
        rate_error: float = 0.0,
        library: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        check_pseudo_terminals()  # before any work
        path = library or build_serial_simulator(
            machine, DIVISOR, FRAME_TIMEOUT, progress
        )
        self._library = SerialLibrary(path, DIVISOR / (1 + rate_error))
        # The port stays there while no driver has it open.
        self._master, self._slave = _pseudo_terminal()
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)
        self._guard = threading.Lock()
        self._stopped = threading.Event()
        # Not join(): interrupted, it takes a running thread for ended (Python 3.11, bpo-45274).
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=self.port, daemon=True)

    @property
    def address(self) -> str:
        """What `open_device` and `sterna run --device` take."""
        return f"serial://{self.port}"

    def fault(self, fault: Fault, after: int, to_board: bool = True) -> None:
        """Let a fault meet the byte that comes when `after` more have passed on the line."""
        with self._guard:
            self._library.fault(fault, after, to_board)

    def restart(self, after: int = 0, clocks: int = 2, garbage: bytes = b"") -> None:
        """Let the board start again, so many clocks from now; the port stays.

        Its memories keep their words. `garbage` is what the driver receives at once.
        """
        with self._guard:
            self._library.reset(after, clocks)
        if garbage:
            os.write(self._master, garbage)

    def wait(self) -> None:
        """Return when the board has stopped, which another thread or an interrupt does."""
        self._ended.wait()

    def unplug(self) -> None:
        """Stop the board and take the port away; safe to call twice."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        if self._thread.ident is not None:
            self._ended.wait()
        os.close(self._slave)
        os.close(self._master)
        self._library.close()

    def __enter__(self) -> SerialBoard:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def _serve(self) -> None:
        try:
            self._carry_bytes()
        finally:
            self._ended.set()

    def _carry_bytes(self) -> None:
        quiet, spoken, cut = 0, time.monotonic(), SLICES[0]
        while not self._stopped.is_set():
            wait = QUIET_SECONDS if quiet > QUIET_CYCLES else 0
            arrived = b""
            if select.select([self._master], [], [], wait)[0]:
                arrived = os.read(self._master, CHUNK)
            start = time.monotonic()
            with self._guard:
                self._library.push(arrived)
                clocks = self._library.run(cut, 1)
                data = self._library.pop(CHUNK)
            slow = time.monotonic() > start + SLICE_SECONDS
            cut = max(SLICES[0], cut // 2) if slow else min(SLICES[1], 2 * cut)
            quiet = 0 if arrived or data else quiet + clocks
            if quiet < QUIET_CYCLES and not data and time.monotonic() > spoken + IDLE_SECONDS:
                data = b"\0"
            if data:
                spoken = time.monotonic()
                with contextlib.suppress(BlockingIOError):
                    os.write(self._master, data)
