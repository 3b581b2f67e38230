"""`sterna program`: what a model computes, as the program that every machine runs."""

from __future__ import annotations

import typer

from sterna.cli.device_options import (
    COLUMNS,
    CONFIGURATION,
    EMBEDDING,
    LANE,
    ROWS,
    VECTOR_LANES,
    ShapeOptions,
)
from sterna.cli.model_argument import MODEL_HELP, open_model


def program(
    model: str = typer.Argument(..., metavar="MODEL", help=MODEL_HELP),
    machine: bool = typer.Option(
        False, "--machine", help="Also the instructions that the accelerator runs."
    ),
    config: str | None = CONFIGURATION,
    rows: int | None = ROWS,
    columns: int | None = COLUMNS,
    vector_lanes: int | None = VECTOR_LANES,
    embedding: str = EMBEDDING,
    lane: str | None = LANE,
) -> None:
    """Print the program of a model."""
    from sterna.cli.disassembly import disassemble
    from sterna.compiler.compile import compile_program
    from sterna.families.matmul_free.lowering import lower
    from sterna.program.printing import format_program

    shape = ShapeOptions(config, rows, columns, vector_lanes, embedding, lane)
    opened = open_model(model)
    lowered = lower(opened.model, name=opened.name)
    print(format_program(lowered))
    if machine:
        configuration = shape.fitted(lowered)
        image = compile_program(lowered, configuration, shape.embedding)
        print("\n# memories")
        for name, used, depth, bits in image.memories():
            print(f"  {name:<10}  {used:>6} of {depth:>6} words of {bits} bits")
        print(f"  embedding rows come from the {image.placement}")
        print(f"\n# instructions for {configuration.rows} x {configuration.columns} lanes")
        print("\n".join(disassemble(image)))
