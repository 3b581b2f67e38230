"""`sterna import`: a checkpoint becomes a Sterna model folder."""

from __future__ import annotations

from pathlib import Path

import typer

from sterna.cli.import_module import import_module, module_source, parse_shape
from sterna.cli.spiking_formats import spiking_formats
from sterna.cli.spiking_options import (
    COMPARE,
    CURRENT,
    DT,
    NEURON,
    PRODUCER,
    RESET,
    nir_choices,
)
from sterna.cli.terminal import ProgressReport
from sterna.errors import InputError

# No tokenizer makes tokens longer than this on average; the rest of a text is not even encoded.
_CHARACTERS_A_TOKEN = 32


def import_model(
    source: Path = typer.Argument(
        ..., metavar="SRC",
        help="Folder of a released checkpoint, a NIR graph (.nir), or net.py:make_net, which is "
        "executed and makes a torch module of a spiking network.",
    ),
    output: Path = typer.Option(..., "-o", "--output", metavar="DIR", help="Folder to write."),
    calibrate: Path | None = typer.Option(
        None,
        metavar="TEXT",
        help="UTF-8 text whose first tokens decide the model's number formats.",
    ),
    producer: str | None = PRODUCER,
    dt: float | None = DT,
    reset: list[str] | None = RESET,
    current: str | None = CURRENT,
    compare: str | None = COMPARE,
    neuron: list[str] | None = NEURON,
    planes: int = typer.Option(5, help="NIR: ternary planes a weight; 1 is ternary, 5 is int8."),
    fraction: int = typer.Option(16, help="NIR: fraction bits of the membrane."),
    input_fraction: int = typer.Option(0, help="NIR: fraction bits of real-valued inputs."),
    input_shape: str | None = typer.Option(
        None, metavar="SIZES",
        help="Torch modules: shape of one input, such as 1,28,28; else the first Linear tells."
    ),
    against: str | None = typer.Option(
        None, metavar="NET.PY:MAKE_NET",
        help="NIR: refuse unless the module that this makes fires as what was read."
    ),
) -> None:
    """Import a checkpoint (Hugging Face folder of a MatMul-free LM), or a spiking network."""
    if (named := module_source(str(source))) is not None:
        for name, value in (("producer", producer), ("dt", dt), ("reset", reset),
                            ("current", current), ("compare", compare), ("neuron", neuron),
                            ("against", against), ("calibrate", calibrate)):
            if value:
                raise InputError(f"--{name}: is not for torch modules, which say all themselves")
        formats = spiking_formats(planes, fraction, input_fraction)
        import_module(*named, output, formats, parse_shape(input_shape))
        return
    if input_shape is not None and against is None:
        raise InputError("--input-shape: is for torch modules (net.py:make_net)")
    if source.suffix == ".nir":
        from sterna.cli.import_nir import NirArguments, import_nir

        import_nir(source, output, NirArguments(
            nir_choices(producer, dt, reset, current, compare, neuron), against,
            parse_shape(input_shape), planes, fraction, input_fraction,
        ))
        return
    if against is not None:
        raise InputError("--against: is for NIR graphs")
    from sterna.compiler.lowering import Formats
    from sterna.files.folder import replace_folder
    from sterna.importers.huggingface import import_huggingface
    from sterna.models.store import FORMAT

    text = None if calibrate is None else _beginning(calibrate)
    sources = [source, *([] if calibrate is None else [calibrate])]
    with ProgressReport() as report, replace_folder(output, FORMAT, sources) as folder:
        import_huggingface(
            source, folder, lambda done, parts: report("importing layers", done, parts)
        )
        if text is None:
            line = f"{Formats().summary()}; the defaults, not calibrated (--calibrate TEXT)"
        else:
            line = f"{_calibrate(folder, text, report)} of {calibrate}"
    print(f"{output}: {line}")
    print(f"{output}: imported; try: sterna run {output} --prompt 'Once upon a time'")


def _beginning(path: Path) -> str:
    """The beginning of a text; refused before anything is written when there is none."""
    from sterna.compiler.lowering.calibration import CALIBRATION_TOKENS
    from sterna.models.text import read_text, split_documents

    text = read_text(path).strip()[: CALIBRATION_TOKENS * _CHARACTERS_A_TOKEN]
    if not any(document.strip() for document in split_documents(text)):
        raise InputError(f"{path}: the text is empty; give a text with at least one word")
    return text


def _calibrate(folder: Path, text: str, report: ProgressReport) -> str:
    """Choose and store the formats of an imported model; returns what to tell about them."""
    from sterna.compiler.lowering import store_formats
    from sterna.compiler.lowering.calibration import CALIBRATION_TOKENS, calibrate
    from sterna.models.store import load_model
    from sterna.models.text import Tokenizer, encode_documents

    model = load_model(folder)
    assert model.tokenizer_path is not None
    encoded = encode_documents(
        Tokenizer.from_file(model.tokenizer_path), text,
        model.config.bos_token_id, model.config.eos_token_id,
    )
    tokens = encoded.ids[:CALIBRATION_TOKENS]
    formats = calibrate(
        model, tokens, progress=lambda done, parts: report("calibrating layers", done, parts)
    )
    store_formats(model, formats)
    return f"{formats.summary()}; calibrated on {len(tokens)} tokens"
