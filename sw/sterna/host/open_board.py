"""Opens a board with a memory image in it: what it takes to run one, without the model."""

from __future__ import annotations

from sterna.host.address import open_transport_to
from sterna.host.step_board import StepBoard
from sterna.host.token_board import TokenBoard
from sterna.machine.image import MemoryImage
from sterna.progress import Progress


def open_tokens(address: str, image: MemoryImage, progress: Progress | None = None,
                timeout: float | None = None) -> TokenBoard:
    """A board at the address, loaded with a language model's image, ready for its first token.

    A serial port is opened at the rate of the image's machine, if the address names no other.
    Raises `InputError` for a port that cannot be opened and missing tools, `LinkError` when the
    board does not answer or is another one.
    """
    device = TokenBoard(
        open_transport_to(address, image.machine, progress), address, timeout=timeout)
    try:
        device.load(image, progress)
    except BaseException:
        device.close()
        raise
    return device


def open_steps(address: str, image: MemoryImage, progress: Progress | None = None,
               timeout: float | None = None) -> StepBoard:
    """The same for the image of a spiking network, ready for its first time step."""
    device = StepBoard(
        open_transport_to(address, image.machine, progress), address, timeout)
    try:
        device.load(image, progress)
    except BaseException:
        device.close()
        raise
    return device
