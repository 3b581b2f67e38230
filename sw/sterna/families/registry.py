"""The families that there are: Sterna's own, and those of other packages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from sterna.errors import FOREIGN, InputError
from sterna.families.bdh.family import Bdh
from sterna.families.deltanet.family import DeltaNet
from sterna.families.deltaproduct.family import DeltaProduct
from sterna.families.family import ENTRY_POINTS, Family, ShippedModel
from sterna.families.gla.family import Gla
from sterna.families.hgrn2.family import Hgrn2
from sterna.families.lightnet.family import LightNet
from sterna.families.mamba.family import Mamba
from sterna.families.matmul_free.family import MatMulFree
from sterna.families.qsd.family import Qsd
from sterna.families.random_name import random_family
from sterna.families.requests import Request
from sterna.families.rwkv4.family import Rwkv4
from sterna.families.rwkv5.family import Rwkv5
from sterna.families.rwkv6.family import Rwkv6
from sterna.families.rwkv7.family import Rwkv7
from sterna.families.sdt_v2.family import SdtV2
from sterna.families.spikegpt.family import SpikeGpt
from sterna.families.spikformer_v2.family import SpikformerV2
from sterna.families.spiking.family import Spiking
from sterna.files.manifest import read_manifest
from sterna.formats.foreign import told_of_configuration, told_of_name
from sterna.options import Declared, Group, Options, declared
from sterna.reading import read_json
from sterna.suggest import did_you_mean

_FAMILY = ("name", "kind", "plural", "reads", "imports", "options", "shipped", "recognises",
           "reading", "open", "takes", "import_model")
CONFIG_FILE = "config.json"
_more: list[Family] = []


@cache
def _installed() -> tuple[tuple[Family, ...], tuple[str, ...]]:
    """The families of installed packages, and a line for each that is broken."""
    found: list[Family] = [MatMulFree(), Rwkv4(), Rwkv5(), Rwkv6(), Rwkv7(), SpikeGpt(), Gla(),
                           Hgrn2(), DeltaNet(), DeltaProduct(), LightNet(), Bdh(), Mamba(), SdtV2(),
                           SpikformerV2(), Qsd(), Spiking()]
    broken = []
    for entry in entry_points(group=ENTRY_POINTS):
        try:
            family = entry.load()()
            check_family(family, [*found])
        except FOREIGN as error:
            words = " ".join(str(error).split())
            broken.append(f"family {entry.name} ({entry.value}): cannot be used, "
                          f"{type(error).__name__}: {words}")
            continue
        found.append(family)
    return tuple(found), tuple(broken)


def families() -> tuple[Family, ...]:
    """All families, Sterna's own first."""
    return (*_installed()[0], *_more)


def broken_families() -> tuple[str, ...]:
    """A line for each family of another package that could not be loaded."""
    return _installed()[1]


@contextmanager
def with_family(family: Family) -> Iterator[None]:
    """Another family for the time of the context. Raises `InputError` for one that is none."""
    check_family(family, families())
    _more.append(family)
    try:
        yield
    finally:
        _more.remove(family)


def check_family(family: Family, others: tuple[Family, ...] | list[Family]) -> None:
    """Raise `InputError` unless this is a family that can stand beside the others."""
    missing = [name for name in _FAMILY if not hasattr(family, name)]
    if missing:
        raise InputError(f"family {getattr(family, 'name', family)!r}: has no {missing[0]}")
    if family.name in {other.name for other in others}:
        raise InputError(f"family {family.name!r}: there is one of that name already")
    for command, groups in family.options.items():
        there = {item.name: (item, other) for other in others
                 for group in other.options.get(command, ()) for item in declared(group)}
        for item in (item for group in groups for item in declared(group)):
            known = there.get(item.name)
            if known is not None and known[0].type != item.type:
                raise InputError(
                    f"family {family.name!r}: {item.flag} of {command} is of another type than "
                    f"that of {known[1].name}")


def groups_of(command: str) -> list[tuple[Family, type[Group]]]:
    """Every group of options of a command with the family that declares it."""
    return [(family, group) for family in families()
            for group in family.options.get(command, ())]


def options_of(command: str) -> list[Declared]:
    """Every option of a command that a family declares, with whom it is for."""
    return [item if item.owner else Declared(item.name, item.type, item.default, item.declaration,
                                             family.plural)
            for family, group in groups_of(command) for item in declared(group)]


def shipped_models() -> list[ShippedModel]:
    """All models that come with the families."""
    return [model for family in families() for model in family.shipped()]


def find_family(request: Request) -> Family:
    """The family of the model that a request names, or of the option that stands for it.

    Raises `InputError` unless exactly one is named, and for a model of no family, or of one that
    the command does not take.
    """
    instead: dict[str, list[tuple[Family, Declared]]] = {}
    for family, group in groups_of(request.command):
        for item in declared(group):
            if item.declaration.for_model:
                instead.setdefault(item.name, []).append((family, item))
    given = [takers for name, takers in instead.items() if name in request.options
             and not (request.model is not None and takers[0][1].declaration.beside_model)]
    if (request.model is not None) + len(given) != 1:
        ways = " or ".join(["a MODEL", *(f"a {takers[0][1].flag}" for takers in instead.values())])
        raise InputError(f"give {ways}{', one of them' if instead else ''}")
    if given:
        return _named_by(given[0], request.options)
    assert request.model is not None
    family = family_of(request.model)
    if request.command not in family.options:
        takers = " and ".join(other.plural for other in families()
                              if request.command in other.options)
        raise InputError(f"{request.model}: is {family.kind}; this command takes {takers}")
    return family


def _named_by(takers: list[tuple[Family, Declared]], options: Options) -> Family:
    """The family of what an option names in place of MODEL."""
    name = takers[0][1].name
    known = [(family, item.declaration.values) for family, item in takers]
    for family, values in known:
        if not values or options[name] in values:
            return family
    names = [value for _, values in known for value in values]
    raise InputError(f"{name} {options[name]!r}: no such size; there are {', '.join(names)}"
                     f"{did_you_mean(str(options[name]), names)}")


def family_of(model: str) -> Family:
    """The family that reads a model. Raises `InputError` naming the shipped ones for none."""
    for family in families():
        if family.recognises(model):
            return family
    shipped = [item.name for item in shipped_models()]
    if (wanted := random_family(model)) is not None:
        names = [family.name for family in families()]
        raise InputError(f"{model}: there is no family {wanted!r}, or it has no random models; "
                         f"families: {', '.join(names)}{did_you_mean(wanted, names)}")
    if os.path.isdir(model):
        reason = ("is no folder of a model (no manifest of a family that is known); of a "
                  f"checkpoint, sterna import {model} -o DIR makes one")
    elif any(family.takes(model) for family in families()):
        reason = f"is not a model yet; sterna import {model} -o DIR makes one of it"
    elif (told := told_of_name(model)) is not None:
        raise InputError(f"{model}: {told}")
    else:
        reason = "is a file, not a model folder" if os.path.exists(model) else (
            "no such model or folder")
    lines = "".join(f"; {line}" for line in broken_families())
    raise InputError(f"{model}: {reason}; shipped models: {', '.join(shipped)}{lines}"
                     f"{did_you_mean(model, shipped)}")


def family_of_source(source: str) -> Family:
    """The family that imports a source. Raises `InputError` naming what they take for none.

    The first family takes any folder, so it is asked last.
    """
    for family in reversed(families()):
        if family.takes(source):
            _require_known(source)
            return family
    if (told := told_of_name(source)) is not None:
        raise InputError(f"{source}: {told}")
    forms = ", ".join(form for family in families() for form in family.imports)
    reason = "is of no known form" if os.path.exists(source) else "no such folder or file"
    raise InputError(f"{source}: {reason}; give {forms}")


def _require_known(source: str) -> None:
    """Raise `InputError` for a config.json of a model that no family reads, and of which nothing
    else is known."""
    path = Path(source) / CONFIG_FILE
    if not os.path.lexists(path) or read_manifest(Path(source)) is not None:
        return
    values = read_json(path)
    known = [kind for family in families() for kind in getattr(family, "types", ())]
    kind = values.get("model_type")
    if kind is not None and kind not in known and told_of_configuration(values) is None:
        raise InputError(f"{path}: model_type is {kind!r}; what can be read is "
                         f"{', '.join(known[:-1])} and {known[-1]}"
                         f"{did_you_mean(str(kind), known)}")
