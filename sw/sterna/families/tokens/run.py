"""A model continues prompts, on any device."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sterna.families.common import Image, Timeout
from sterna.families.opening import open_image
from sterna.families.requests import RunRequest
from sterna.families.saved import Going, Named
from sterna.families.tokens.open_device import open_device
from sterna.families.tokens.texts import RunResult, continue_texts
from sterna.host.address import EMULATOR, GOLDEN, SIMULATED
from sterna.host.device import Device
from sterna.host.token_board import TokenBoard
from sterna.machine.additions import with_generation
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.tokens.model import TokenModel


def run(model: TokenModel, request: RunRequest, report: Report) -> RunResult:
    """Continue every prompt; the text comes as it is made."""
    options, device = request.options, request.device
    shape, image = model.shape(options), options.take(Image).image
    timeout = options.take(Timeout).timeout
    tokenizer, going = model.tokenizer(), Going.of(options, model.sources)
    if going.asked and device in (EMULATOR, SIMULATED):
        shape = replace(shape, snapshots=True)
    if device == EMULATOR and shape.embedding == "auto" and shape.chip_mbit is None:
        shape = replace(shape, embedding="chip")  # which has room for all rows

    def machine() -> Device:
        program = model.lowered
        if image is not None:
            return open_image(TokenBoard, device, program, image, report, timeout)
        # The golden computes what no accelerator does yet; what lies where is only for a machine.
        placed = device != GOLDEN or shape.chip_mbit is not None
        configuration = shape.fitted(program) if placed else shape.base()
        if device == EMULATOR:
            configuration = with_generation(configuration)
        return open_device(device, program, configuration, shape.place, report, timeout)

    return continue_texts(model.name, machine, tokenizer, model.generation, options, report, going,
                          Named.program(model.lowered))
