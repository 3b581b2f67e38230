"""`sterna import`: a checkpoint becomes a Sterna model folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

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
    refuse_nir_options,
)
from sterna.cli.terminal import ProgressReport
from sterna.errors import InputError

if TYPE_CHECKING:
    from sterna.families.matmul_free.weights import MatMulFreeModel

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
        help="UTF-8 text whose first tokens decide the number formats, instead of random ids.",
    ),
    no_calibrate: bool = typer.Option(
        False, "--no-calibrate", help="Keep the default number formats; fits few models."
    ),
    producer: str | None = PRODUCER,
    dt: float | None = DT,
    reset: list[str] | None = RESET,
    current: str | None = CURRENT,
    compare: str | None = COMPARE,
    neuron: list[str] | None = NEURON,
    planes: int | None = typer.Option(
        None, help="Spiking: ternary planes a weight; 1 is ternary, 5, the usual, int8."
    ),
    fraction: int | None = typer.Option(
        None, help="Spiking: fraction bits of the membrane; usually 16."
    ),
    input_fraction: int | None = typer.Option(
        None, help="Spiking: fraction bits of real-valued inputs; usually 0."
    ),
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
    named, formats = module_source(str(source)), (planes, fraction, input_fraction)
    if named is not None or source.suffix == ".nir":
        if calibrate is not None or no_calibrate:
            raise InputError("--calibrate and --no-calibrate: are for language models; a spiking "
                             "network takes --planes, --fraction and --input-fraction")
    elif formats != (None, None, None):
        raise InputError("--planes, --fraction and --input-fraction: are for spiking networks; a "
                         "language model takes --calibrate or --no-calibrate")
    if named is not None:
        for name, value in (("producer", producer), ("dt", dt), ("reset", reset),
                            ("current", current), ("compare", compare), ("neuron", neuron),
                            ("against", against)):
            if value not in (None, []):
                raise InputError(f"--{name}: is not for torch modules, which say all themselves")
        import_module(*named, output, spiking_formats(*formats), parse_shape(input_shape))
        return
    if input_shape is not None and against is None:
        raise InputError("--input-shape: is for torch modules (net.py:make_net)")
    choices = nir_choices(producer, dt, reset, current, compare, neuron)
    if source.suffix == ".nir":
        from sterna.cli.import_nir import NirArguments, import_nir

        import_nir(source, output, NirArguments(
            choices, against, parse_shape(input_shape), spiking_formats(*formats),
        ))
        return
    if against is not None:
        raise InputError("--against: is for NIR graphs")
    refuse_nir_options(str(source), choices)
    from sterna.families.matmul_free.huggingface import open_huggingface
    from sterna.families.matmul_free.lowering import Formats
    from sterna.families.matmul_free.lowering.calibration import Calibration, import_ids
    from sterna.families.matmul_free.store import save_model
    from sterna.formats.tokenizer import how_to_make_a_tokenizer

    if calibrate is not None and no_calibrate:
        raise InputError("give --calibrate TEXT or --no-calibrate, not both")
    text = None if calibrate is None else _beginning(calibrate)
    model = open_huggingface(source)
    calibration: Calibration | None = None
    if text is not None:
        tokens = _tokens(model, text, source)
        calibration, origin = Calibration(model, tokens), f"{len(tokens)} tokens of {calibrate}"
    elif not no_calibrate:
        ids = import_ids(model.config)
        calibration, origin = Calibration(model, ids), f"{len(ids)} random ids (--calibrate TEXT)"
    with ProgressReport() as report:
        save_model(
            model, output, lambda done, parts: report("importing layers", done, parts),
            calibration, [source, *([] if calibrate is None else [calibrate])],
        )
    if calibration is None:
        print(f"{output}: {Formats().summary()}; the defaults, not calibrated")
    else:
        print(f"{output}: {calibration.formats.summary()}; chosen from {origin}")
        for concern in calibration.concerns:
            print(f"sterna: {output}: warning: {concern}", file=sys.stderr)
    if model.tokenizer_path is None:
        print(f"{output}: takes no text, for want of a tokenizer.json; make one in {source} and "
              f"import it again, {how_to_make_a_tokenizer(source)}")
        print(f"{output}: imported; try: sterna verify {output}")
    else:
        print(f"{output}: imported; try: sterna run {output} --prompt 'Once upon a time'")


def _beginning(path: Path) -> str:
    """The beginning of a text; refused before anything is written when there is none."""
    from sterna.families.matmul_free.lowering.calibration import CALIBRATION_TOKENS
    from sterna.formats.tokenizer import read_text, split_documents

    text = read_text(path).strip()[: CALIBRATION_TOKENS * _CHARACTERS_A_TOKEN]
    if not any(document.strip() for document in split_documents(text)):
        raise InputError(f"{path}: the text is empty; give a text with at least one word")
    return text


def _tokens(model: MatMulFreeModel, text: str, source: Path) -> list[int]:
    """The first tokens of a text. Raises `InputError` when the checkpoint has no tokenizer."""
    from sterna.families.matmul_free.lowering.calibration import CALIBRATION_TOKENS
    from sterna.formats.tokenizer import Tokenizer, encode_documents, how_to_make_a_tokenizer

    if model.tokenizer_path is None:
        raise InputError(f"{source}: has no tokenizer.json, which --calibrate needs; make one "
                         f"there, {how_to_make_a_tokenizer(source)}; or leave --calibrate out")
    config, tokenizer = model.config, Tokenizer.from_file(model.tokenizer_path)
    encoded = encode_documents(tokenizer, text, config.bos_token_id, config.eos_token_id)
    return encoded.ids[:CALIBRATION_TOKENS]
