"""The family of spiking networks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sterna_boards.options import Baud, BoardClock, Weights

from sterna.families import common
from sterna.families.family import Coverage, Model, ShippedModel
from sterna.families.folder import is_of
from sterna.families.requests import ImportRequest, Request
from sterna.families.spiking.names import (
    FORMAT,
    NAME,
    NIR_SUFFIX,
    OLDER_FORMAT,
    SHIPPED,
    TRAINED,
)
from sterna.families.spiking.options import NIR_GRAPHS, Against, Formats, InputShape, Nir
from sterna.families.spiking.sources import module_source
from sterna.families.steps.options import (
    BoardShape,
    CheckedDevice,
    Config,
    Inputs,
    Labels,
    Layer,
    Outputs,
    Probes,
    RecordedSamples,
    Recordings,
    Rounding,
    RunSteps,
    Samples,
    Seed,
    Shape,
    Silent,
    Skip,
    Steps,
)
from sterna.families.steps.reading import reading, unread_of_eval
from sterna.options import Group, Reading
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.spiking.model import SpikingModel

_INPUTS = (Inputs, Recordings, RecordedSamples, Rounding)
_ON_BOARD = (BoardShape, BoardClock, Weights, common.Snapshots)


class Spiking:
    """Networks of spiking neurons that run in time steps."""

    name = NAME
    kind = "a spiking network"
    plural = "spiking networks"
    reads = {
        "a folder that `sterna import` wrote": "a network of integers",
        f"a graph ({NIR_SUFFIX})": "a NIR graph of snnTorch, SpikingJelly, Norse, Sinabs, "
                                   "Rockpool, Spyx or Lava, in the usual number formats",
    }
    imports = {
        f"a graph ({NIR_SUFFIX})": "a NIR graph",
        "net.py:make_net": "what makes a torch module of snnTorch, SpikingJelly or Norse; the file "
                           "is executed",
    }
    coverage = Coverage("1 to 8, 5 unless told", (
        "Learning Delays in Spiking Neural Networks using Dilated Convolutions with Learnable "
        "Spacings", "Natively neuromorphic LMU architecture for encoding-free SNN-based HAR"))
    options: dict[str, tuple[type[Group], ...]] = {
        "run": (*_INPUTS, RunSteps, Seed, Outputs, Probes, Config, Shape, common.Snapshots,
                common.Saved, common.Image, common.Timeout, Nir),
        "load": (Config, Shape, common.Snapshots, common.Image, common.Timeout, Nir),
        "verify": (*_INPUTS, Steps, Skip, Config, Shape, common.Snapshots, Nir),
        "bench": (Layer, *_INPUTS, Steps, Silent, Config, BoardShape, common.Snapshots,
                  common.Timeout, BoardClock, Weights, Baud),
        "estimate": _ON_BOARD,
        "report": (*_ON_BOARD, *_INPUTS, Steps, Seed),
        "sweep": _ON_BOARD,
        "build": (*_ON_BOARD, Baud),
        "rtl": (Config, BoardShape, common.Snapshots, BoardClock, Baud),
        "eval": (Labels, Recordings, Rounding, Samples, Seed, CheckedDevice, Config, Shape,
                 common.Timeout, Nir),
        "simulate": (Config, Shape, common.Snapshots),
        "program": (),
        "import": (Formats, InputShape, Against, Nir),
    }

    def shipped(self) -> Sequence[ShippedModel]:
        """The networks of the papers."""
        return list(SHIPPED.values())

    def recognises(self, model: str) -> bool:
        """Whether the argument names a network."""
        return (model in SHIPPED or model.endswith(NIR_SUFFIX)
                or is_of(Path(model), FORMAT, OLDER_FORMAT))

    def reading(self, request: Request) -> Reading:
        """As every family of step networks; options of graphs only for graphs."""
        model, unread = request.model or "", {}
        if request.command == "import":
            unread = self._unread_of_import(request)
        else:
            unread[Formats] = "is chosen when a network is read for good, by sterna import"
            if model in SHIPPED or not model.endswith(NIR_SUFFIX):
                unread[Nir] = f"is for {NIR_GRAPHS}"
        if request.command == "eval":
            unread |= self._unread_of_eval(request)
        return reading(request, self.options[request.command], unread)

    @staticmethod
    def _unread_of_eval(request: Request) -> dict[type[Group], str]:
        model, none, unread = request.model or "", "", {}
        if "data" in request.options:
            if model not in SHIPPED and not model.endswith(NIR_SUFFIX):
                unread[Seed] = "is of random inputs; --data has its own"
        elif model not in TRAINED:
            none = ("is of samples with labels; give --data FILE, or a model with a task: "
                    f"{' or '.join(TRAINED)}")
            unread[Samples] = none
        return unread | unread_of_eval(request, none)

    @staticmethod
    def _unread_of_import(request: Request) -> dict[type[Group], str]:
        if not (request.model or "").endswith(NIR_SUFFIX):
            why = "is not for torch modules, which say all themselves"
            return {Nir: why, Against: why}
        if "against" not in request.options:
            return {InputShape: "is for torch modules (net.py:make_net)"}
        return {}

    def open(self, request: Request, report: Report) -> Model:
        """The network of a request, or a layer in its place."""
        opened = self._open(request, report)
        if (config := request.options.take(Config).config) is not None:
            opened.sources += (Path(config),)
        return opened

    @staticmethod
    def _open(request: Request, report: Report) -> SpikingModel:
        from sterna.families.spiking import model

        size, name = request.options.take(Layer).layer, request.model
        if size is not None:
            return model.open_layer(size, getattr(request, "seed", 0))
        assert name is not None
        if name in SHIPPED:
            return model.open_example(name)
        if name.endswith(NIR_SUFFIX):
            return model.open_graph(
                Path(name), request.options.take(Nir).choices(), request.command, report)
        return model.open_folder(Path(name))

    def takes(self, source: str) -> bool:
        """Whether the argument is a graph or what makes a torch module."""
        return source.endswith(NIR_SUFFIX) or module_source(source) is not None

    def import_model(self, request: ImportRequest, report: Report) -> Sequence[str]:
        """A graph or a torch module becomes a model folder."""
        assert request.model is not None
        named = module_source(request.model)
        if named is not None:
            from sterna.families.spiking.import_module import import_module

            return import_module(*named, request, report)
        from sterna.families.spiking.import_nir import import_nir

        return import_nir(Path(request.model), request, report)
