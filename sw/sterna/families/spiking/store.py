"""Folders of spiking networks: ``config.json``, ``model.safetensors`` and their manifest."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from sterna.errors import InputError
from sterna.families.spiking.integers import Connection, Multiplied, Population, SpikingNetwork
from sterna.families.spiking.names import FORMAT
from sterna.files.folder import replace_folder
from sterna.files.manifest import check_folder, write_manifest
from sterna.law.neuron import NeuronDefinition
from sterna.law.neuron_parameters import NeuronParameters
from sterna.law.product import Product
from sterna.law.window import Window
from sterna.reading import read_json

CONFIG, TENSORS = "config.json", "model.safetensors"
MODEL_TYPE = "sterna_spiking"


def save_network(network: SpikingNetwork, folder: Path, sources: Iterable[Path] = ()) -> None:
    """Write a model folder, whole or not at all; `sources` is what was read for it.

    Raises `InputError` as `sterna.files.folder.replace_folder` does.
    """
    tensors: dict[str, np.ndarray] = {}
    populations, connections = [], []
    for item in network.populations:
        populations.append({
            "name": item.name, "neurons": item.neurons, "definition": item.definition.to_dict(),
            "fraction": item.fraction,
        })
        for name, values in item.parameters.items():
            tensors[f"population.{item.name}.{name}"] = values
    for index, item in enumerate(network.connections):
        connections.append({
            "source": item.source, "target": item.target, "previous": item.previous,
            "delayed": item.delays is not None,
            **({} if item.window is None else {"window": asdict(item.window)}),
        })
        tensors[f"connection.{index}.planes"] = item.planes
        if item.delays is not None:
            tensors[f"connection.{index}.delays"] = item.delays
    config = {
        "model_type": MODEL_TYPE, "name": network.name, "inputs": network.inputs,
        "input_fraction": network.input_fraction, "output": network.output,
        "populations": populations, "connections": connections,
        **({"beside": network.beside} if network.beside else {}),
        **({"products": [asdict(item) for item in network.products]} if network.products else {}),
    }
    with replace_folder(folder, FORMAT, sources) as partial:
        (partial / CONFIG).write_text(json.dumps(config, indent=1) + "\n")
        # Not `save_file`, whose errors say nothing of the disk.
        (partial / TENSORS).write_bytes(
            save({key: np.ascontiguousarray(value) for key, value in tensors.items()}))
        write_manifest(partial, FORMAT)


def load_network(folder: Path) -> SpikingNetwork:
    """Read a model folder.

    Digests, types, shapes and ranges are checked. Raises `InputError` when it is damaged or of
    another version.
    """
    check_folder(folder, FORMAT, (CONFIG, TENSORS))
    path = folder / CONFIG
    config = read_json(path)
    try:
        tensors = load_file(folder / TENSORS)
    except (OSError, ValueError, SafetensorError) as error:
        raise InputError(f"{folder}: cannot be read ({error}); {FORMAT.remedy}") from None
    try:
        network = SpikingNetwork(
            name=config["name"], inputs=config["inputs"], output=config["output"],
            input_fraction=config["input_fraction"],
            populations=tuple(_population(item, tensors) for item in config["populations"]),
            connections=tuple(_connection(f"connection.{index}", item, tensors)
                              for index, item in enumerate(config["connections"])),
            beside=tuple(config.get("beside", ())),
            products=tuple(Multiplied(**{**item, "product": Product(**_tuples(item["product"]))})
                           for item in config.get("products", [])),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: {error} is missing or wrong; {FORMAT.remedy}") from None
    except InputError as error:
        raise InputError(f"{folder}: {error}; {FORMAT.remedy}") from None
    if tensors:
        raise InputError(f"{folder / TENSORS}: tensor {min(tensors)} is not part of the network; "
                         f"{FORMAT.remedy}")
    return network


def _population(item: dict[str, Any], tensors: dict[str, np.ndarray]) -> Population:
    """A population of the machine; takes its parameters out of ``tensors``."""
    names = NeuronParameters.__dataclass_fields__
    return Population(
        name=item["name"], neurons=item["neurons"],
        definition=NeuronDefinition.from_dict(item["definition"]),
        parameters=NeuronParameters(**{
            name: tensors.pop(f"population.{item['name']}.{name}") for name in names}),
        fraction=item.get("fraction"),  # older folders do not say
    )


def _connection(key: str, item: dict[str, Any], tensors: dict[str, np.ndarray]) -> Connection:
    """A connection of the machine; takes its weights and delays out of ``tensors``."""
    return Connection(
        source=item["source"], target=item["target"], previous=bool(item["previous"]),
        planes=tensors.pop(f"{key}.planes"),
        delays=tensors.pop(f"{key}.delays") if item["delayed"] else None,
        window=_window(item["window"]) if "window" in item else None,
    )


def _window(item: dict[str, Any]) -> Window:
    return Window(**_tuples(item))


def _tuples(item: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value
            for name, value in item.items()}
