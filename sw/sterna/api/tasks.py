"""Tasks as functions: names of requests and options as keywords."""

from __future__ import annotations

from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, TypeVar

from sterna.cli.terminal import ProgressReport
from sterna.families.loaded import Loaded
from sterna.families.registry import options_of
from sterna.families.requests import (
    BuildRequest,
    EstimateRequest,
    LoadRequest,
    Request,
    VerifyRequest,
)
from sterna.options import Options, declared
from sterna.tasks import build as build_task
from sterna.tasks import estimate as estimate_task
from sterna.tasks import load as load_task
from sterna.tasks import verify as verify_task

if TYPE_CHECKING:
    from sterna.families.family import Result

Model = str | PathLike[str] | Loaded
_Request = TypeVar("_Request", bound=Request)


def load(model: str | PathLike[str], *, device: str = "golden", **options: Any) -> Any:
    """A model that stays open on a device: ``golden``, ``emulator``, ``sim``, a board's address.

    ``model`` is the name of a shipped one (`sterna models`), a folder, or another form that a
    family reads. A language model has ``generate`` and ``stream``, a network of time steps ``run``
    (`sterna.families.tokens.loaded.LanguageModel`, `sterna.families.steps.loaded.Network`). The
    device is opened by the first of them. Options are those of `sterna run` that shape a machine or
    name an image. Raises `InputError`.
    """
    return load_task.load(_request(LoadRequest, model, {"device": device, **options}),
                          ProgressReport)


def verify(model: Model, **options: Any) -> Result:
    """Compare every value of a simulated or emulated board with the golden's.

    Options are those of `sterna verify`: ``device`` (sim), ``tokens`` or ``steps``, ``seed`` and so
    on. ``failure`` of the result is None, or the first difference. Raises `InputError`.
    """
    with ProgressReport() as report:
        return verify_task.verify(_request(VerifyRequest, model, options), report)


def estimate(model: Model, **options: Any) -> Result:
    """Say, without synthesis, whether a model fits a ``board``, and how fast it is there.

    Options are those of `sterna estimate`. Raises `InputError`.
    """
    with ProgressReport() as report:
        return estimate_task.estimate(_request(EstimateRequest, model, options), report)


def build(model: Model, *, board: str, **options: Any) -> build_task.BuildResult:
    """Build a bitstream for a board, and with ``program=True`` load it.

    Options are those of `sterna build`: ``output`` (the folder), ``seeds`` and so on. Raises
    `InputError`, and `CheckError` when timing is not met.
    """
    request = _request(BuildRequest, model, {"board": board, **options})
    with ProgressReport() as report:
        result = build_task.build(request, report)
        build_task.load(request, result, report)
    return result


def _request(kind: type[_Request], model: Model, given: dict[str, Any]) -> _Request:
    """The request; of a model that is open also the options it was opened with, where they are
    options of this command. What nobody reads is refused by the task."""
    if isinstance(model, Loaded):
        there = {item.name for item in options_of(kind.command)}
        before = model.request.options
        kept = {name: before[name] for name in there if name in before}
        given = kept | given
        model = model.name
    own = {item.name for item in declared(kind)}
    values = {name: value for name, value in given.items() if name in own and value is not None}
    return kind(model=fspath(model), **values, options=Options(
        **{name: value for name, value in given.items() if name not in own}))
