"""The device that a request names, with a language model's program loaded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sterna.families.common import Image, Timeout
from sterna.families.opening import open_image
from sterna.families.requests import RunRequest
from sterna.families.tokens.open_device import open_device
from sterna.host.address import EMULATOR, GOLDEN, SIMULATED
from sterna.host.device import Device
from sterna.host.token_board import TokenBoard
from sterna.machine.additions import with_generation
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.tokens.model import TokenModel


def open_for(model: TokenModel, request: RunRequest, report: Report, snapshots: bool = False
             ) -> Device:
    """The device. With ``snapshots`` a machine that is made here can be read and restored.

    Raises what `open_device` and `open_image` raise.
    """
    options, device = request.options, request.device
    shape, image = model.shape(options), options.take(Image).image
    timeout, program = options.take(Timeout).timeout, model.lowered
    if snapshots and device in (EMULATOR, SIMULATED):
        shape = replace(shape, snapshots=True)
    if (device == EMULATOR and shape.embedding == "auto" and shape.chip_mbit is None
            and not shape.base().row_memory.outside):
        shape = replace(shape, embedding="chip")  # which has room for all rows
    if image is not None:
        return open_image(TokenBoard, device, program, image, report, timeout)
    # The golden computes what no accelerator does yet; what lies where is only for a machine.
    placed = device != GOLDEN or shape.chip_mbit is not None
    configuration = shape.fitted(program) if placed else shape.base()
    if device == EMULATOR:
        configuration = with_generation(configuration)
    return open_device(device, program, configuration, shape.place, report, timeout)
