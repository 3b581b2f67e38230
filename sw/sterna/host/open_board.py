"""Opens a board with a memory image in it: what it takes to run one, without the model."""

from __future__ import annotations

from typing import TypeVar

from sterna.host.address import open_transport_to
from sterna.host.step_board import StepBoard
from sterna.host.token_board import TokenBoard
from sterna.machine.image import MemoryImage
from sterna.progress import Progress

Opened = TypeVar("Opened", TokenBoard, StepBoard)


def open_board(kind: type[Opened], address: str, image: MemoryImage,
               progress: Progress | None = None, timeout: float | None = None) -> Opened:
    """A board at the address, loaded with an image, ready for its first token or time step.

    A serial port is opened at the rate of the image's machine, if the address names no other.
    Raises `InputError` for a port that cannot be opened and missing tools, `LinkError` when the
    board does not answer or is another one.
    """
    device = kind(open_transport_to(address, image.machine, progress), address, timeout=timeout)
    try:
        device.load(image, progress)
    except BaseException:
        device.close()
        raise
    return device
