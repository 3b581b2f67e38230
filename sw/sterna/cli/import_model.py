"""`sterna import`: a checkpoint becomes a Sterna model folder."""

from __future__ import annotations

from pathlib import Path

import typer

from sterna.cli.terminal import ProgressReport


def import_model(
    source: Path = typer.Argument(..., metavar="SRC", help="Folder of a released checkpoint."),
    output: Path = typer.Option(..., "-o", "--output", metavar="DIR", help="Folder to write."),
) -> None:
    """Import a checkpoint (Hugging Face folder of a MatMul-free LM)."""
    from sterna.importers.huggingface import import_huggingface

    with ProgressReport() as report:
        import_huggingface(
            source, output, lambda done, parts: report("importing layers", done, parts)
        )
    print(f"{output}: imported; try: sterna run {output} --prompt 'Once upon a time'")
