"""The MODEL argument: a shipped name, a folder, or `random:` with a shape."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sterna.errors import InputError

if TYPE_CHECKING:
    from sterna.cli.terminal import ProgressReport
    from sterna.families.matmul_free.weights import MatMulFreeModel
    from sterna.formats.tokenizer import Tokenizer
    from sterna.machine.host_side import HostSide

RANDOM = "random:"
MODEL_HELP = (
    "Name of a shipped model, or a model folder, or a random one: "
    "random:hidden=96,layers=2,intermediate=100,vocabulary=97,seed=1"
)
_DEFAULTS = {"hidden": 256, "layers": 2, "intermediate": 0, "vocabulary": 512, "seed": 0}


@dataclass(frozen=True)
class OpenModel:
    """A model with the name it was given by."""

    name: str
    model: MatMulFreeModel

    def tokenizer(self) -> Tokenizer:
        """Its tokenizer. Raises `InputError` when it has none."""
        from sterna.formats.tokenizer import Tokenizer, how_to_make_a_tokenizer

        if self.model.tokenizer_path is None:
            way = "" if self.model.folder is None else (
                "; make one in the checkpoint's folder and import it again, "
                f"{how_to_make_a_tokenizer()}")
            raise InputError(
                f"{self.name}: the model has no tokenizer.json, so it takes no text{way}")
        return Tokenizer.from_file(self.model.tokenizer_path)

    def host_side(self) -> HostSide | None:
        """What a host needs beside a memory image; None when the model has no tokenizer."""
        from sterna.tasks.run_image import text_side

        return text_side(self.model.tokenizer_path, self.begin, self.end)

    @property
    def begin(self) -> int | None:
        """The begin token that opens every text."""
        return self.model.config.bos_token_id

    @property
    def end(self) -> int | None:
        """The token that ends a text."""
        return self.model.config.eos_token_id


@contextmanager
def opened_model(
    model: str | None, shape: str | None, seed: int, report: ProgressReport
) -> Iterator[OpenModel]:
    """The model that is named, or a random one of a released shape, which is gone afterwards.

    Raises `InputError` unless exactly one of the two is given.
    """
    if (model is None) == (shape is None):
        raise InputError("give either a MODEL or a --shape")
    if model is not None:
        yield open_model(model)
        return
    from sterna.families.matmul_free.lowering.calibration import (
        RANDOM_MODEL_IDS,
        Calibration,
        random_ids,
    )
    from sterna.families.matmul_free.released_shapes import random_shape
    from sterna.families.matmul_free.store import load_model, save_model

    assert shape is not None
    drawn = random_shape(shape, seed)
    calibration = Calibration(drawn, random_ids(drawn.config, RANDOM_MODEL_IDS))
    with tempfile.TemporaryDirectory(prefix="sterna-") as folder:
        target = Path(folder) / "model"
        save_model(
            drawn, target, lambda done, layers: report("importing layers", done, layers),
            calibration)
        yield OpenModel(shape, load_model(target))


def opened_shape(model: str | None, shape: str | None) -> OpenModel:
    """The model that is named, or one of a released shape; nobody asks for random weights.

    Raises `InputError` unless exactly one of the two is given.
    """
    if (model is None) == (shape is None):
        raise InputError("give either a MODEL or a --shape")
    if model is not None:
        return open_model(model, calibrated=False)
    from sterna.families.matmul_free.random_model import random_model
    from sterna.families.matmul_free.released_shapes import released_shape

    assert shape is not None
    return OpenModel(shape, random_model(released_shape(shape), 0))


def sources_of(model: str | None, config: str | None = None) -> list[Path]:
    """What MODEL and ``--config`` read of the user's own; nothing that is written may be that."""
    from sterna.families.catalogue import shipped_models
    from sterna.families.spiking.examples import EXAMPLES
    from sterna.machine.configuration import PRESETS

    ours = {None, *PRESETS, *EXAMPLES, *(model.name for model in shipped_models())}
    return [Path(name) for name in (model, config)
            if name is not None and name not in ours and not name.startswith(RANDOM)]


def open_model(text: str, calibrated: bool = True) -> OpenModel:
    """The model that the argument names; a random one with the formats that `import` would choose
    for it, unless nobody wants its numbers. Raises `InputError` when there is none."""
    if text.startswith(RANDOM):
        model = _random_model(text)
        if calibrated:
            from sterna.families.matmul_free.lowering.calibration import (
                RANDOM_MODEL_IDS,
                calibrate,
                random_ids,
            )

            ids = random_ids(model.config, RANDOM_MODEL_IDS)
            model = replace(model, formats=calibrate(model, ids).to_json())
        return OpenModel(text, model)
    from sterna.families.matmul_free.store import load_model
    from sterna.families.spiking.examples import EXAMPLES
    from sterna.families.spiking.store import is_spiking

    if text in EXAMPLES or is_spiking(Path(text)):
        raise InputError(f"{text}: is a spiking network; this command takes language models")
    return OpenModel(text, load_model(text))


def _random_model(text: str) -> MatMulFreeModel:
    from sterna.families.matmul_free.configuration import ModelConfig
    from sterna.families.matmul_free.random_model import random_model

    values = dict(_DEFAULTS)
    for part in filter(None, text.removeprefix(RANDOM).split(",")):
        name, _, number = part.partition("=")
        if name not in values or not number.isdecimal():
            raise InputError(
                f"{text}: {part!r} is not a setting; give whole numbers for "
                f"{', '.join(_DEFAULTS)}"
            )
        values[name] = int(number)
    config = ModelConfig(
        vocab_size=values["vocabulary"],
        hidden_size=values["hidden"],
        num_hidden_layers=values["layers"],
        intermediate_size=values["intermediate"],
        bos_token_id=None,
        eos_token_id=None,
    )
    return random_model(config, values["seed"])
