"""What is imported of ``net.py:make_net``, which makes a torch module."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from pathlib import Path
from typing import Any

import torch

from sterna.errors import InputError
from sterna.families.requests import ImportRequest
from sterna.families.spiking.codes import random_inputs
from sterna.families.spiking.compare import compare_all
from sterna.families.spiking.comparison import comparison_lines
from sterna.families.spiking.formats import check_formats, formats_of
from sterna.families.spiking.losses import told_losses
from sterna.families.spiking.module.compare import Agreement, compare_with
from sterna.families.spiking.module.network import from_module
from sterna.families.spiking.module.run import run_module
from sterna.families.spiking.network import RealNetwork
from sterna.families.spiking.options import InputShape
from sterna.families.spiking.quantise import quantise
from sterna.families.spiking.sources import module_source, parse_shape
from sterna.families.spiking.store import save_network
from sterna.progress import Report
from sterna.reading import require_file

REPORT_STEPS, REPORT_BATCH, REPORT_RATE = 100, 4, 0.2


def import_module(source: Path, attribute: str, request: ImportRequest, report: Report
                  ) -> list[str]:
    """Write the model folder; tell what was compared with what, and which spikes integers change.

    The file is executed. Raises `InputError` when that fails, or the network is not the module.
    """
    output = request.output
    check_formats(request.options)
    shape = parse_shape(request.options.take(InputShape).input_shape)
    module = made_by(source, attribute, report)
    real, agreement = from_module(module, attribute, shape)
    formats, told = formats_of(real, request.options, report)
    network = quantise(real, formats)
    save_network(network, output, [source])
    frames = random_inputs(network, REPORT_STEPS, REPORT_BATCH, REPORT_RATE, 0)
    children = dict(module.named_modules())
    keys = [key for key in agreement.spikes if key in children or key == attribute]
    fired = run_module(module, attribute, shape or (real.inputs,), frames, keys)
    if real.output not in keys:
        fired[real.output] = fired[""]
    sources = {
        item.name: "on random inputs, from "
        + ("the module itself" if item.name in fired else "the float network")
        for item in real.populations
    }
    found = compare_all(real, network, frames, fired, formats.fraction)
    lines = [f"float network: {agreement.summary()}", *told, *told_losses(real, network),
             *comparison_lines(found, sources), f"imported; try: sterna run {output}"]
    return [f"{output}: {line}" for line in lines]


def compare_with_source(
    real: RealNetwork, text: str, shape: tuple[int, ...] | None, report: Report
) -> Agreement:
    """Hold what was read of a graph against the module ``net.py:make_net`` that it was written of.

    Raises `InputError` naming the first population, step and neuron that differ.
    """
    named = module_source(text)
    if named is None:
        raise InputError(f"against is {text!r}; give a file and what makes the module in it, such "
                         "as net.py:make_net")
    module = made_by(*named, report)
    return compare_with(module, real, named[1], shape or (real.inputs,),
                        "read the graph otherwise: --producer, --reset, --neuron")


def made_by(source: Path, attribute: str, report: Report) -> Any:
    """What the name in the file is, or makes when it is called. The file is executed.

    Raises `InputError` naming the line that fails.
    """
    require_file(source)
    report.note(f"{source}: executing it and what it imports, to get {attribute}")
    path = source.resolve()
    spec = importlib.util.spec_from_file_location(f"sterna_source_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError(f"{source}: is no file of Python")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(loaded)
        if not hasattr(loaded, attribute):
            names = ", ".join(sorted(
                name for name, value in vars(loaded).items()
                if getattr(value, "__module__", None) == spec.name
                or isinstance(value, torch.nn.Module)))
            raise InputError(f"{source}: has no {attribute}; it has {names or 'nothing'}")
        made = getattr(loaded, attribute)
        if not isinstance(made, torch.nn.Module) and callable(made):
            made = made()
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        raise InputError(f"{_place(source, path, error)}: {type(error).__name__}: "
                         f"{(str(error).splitlines() or [''])[0]}") from None
    finally:
        if str(path.parent) in sys.path:
            sys.path.remove(str(path.parent))
    if not isinstance(made, torch.nn.Module):
        raise InputError(f"{source}: {attribute} gives {type(made).__name__}, not a "
                         "torch.nn.Module; name what takes no arguments and makes one")
    return made


def _place(source: Path, path: Path, error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.lineno is not None:
        return f"{source}, line {error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)
             if frame.filename == str(path)]
    return f"{source}, line {lines[-1]}" if lines else str(source)
