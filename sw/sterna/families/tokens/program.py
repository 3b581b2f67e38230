"""What a model computes, and the instructions that an accelerator runs for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.compiler.compile import compile_program
from sterna.families.listing import ProgramListing
from sterna.families.requests import ProgramRequest
from sterna.families.tokens.disassembly import disassemble
from sterna.families.tokens.options import Listing

if TYPE_CHECKING:
    from sterna.families.tokens.model import TokenModel


def listing(model: TokenModel, request: ProgramRequest) -> ProgramListing:
    """The program, and with ``--machine`` memories and instructions of the accelerator."""
    shape, lowered = model.shape(request.options), model.lowered
    if not request.options.take(Listing).machine:
        return ProgramListing.of(model.name, lowered)
    configuration = shape.fitted(lowered)
    image = compile_program(lowered, configuration, shape.place)
    return ProgramListing.of(model.name, lowered, (
        "\n# memories",
        *(f"  {name:<10}  {used:>6} of {depth:>6} words of {bits} bits"
          for name, used, depth, bits in image.memories()),
        f"  embedding rows come from the {image.placement}",
        f"\n# instructions for {configuration.ternary.rows} x "
        f"{configuration.ternary.columns} lanes",
        *disassemble(image),
    ))
