"""Folders of spiking networks: ``config.json`` and ``model.safetensors``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from sterna.errors import InputError
from sterna.models.folder import replace_folder
from sterna.program.neuron import NeuronDefinition
from sterna.program.neuron_parameters import NeuronParameters
from sterna.program.spiking import Connection, Population, SpikingNetwork

CONFIG, TENSORS = "config.json", "model.safetensors"
MODEL_TYPE = "sterna_spiking"


def is_spiking(folder: Path) -> bool:
    """Whether the folder holds a spiking network."""
    try:
        config = json.loads((folder / CONFIG).read_text())
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and config.get("model_type") == MODEL_TYPE


def save_network(network: SpikingNetwork, folder: Path) -> None:
    """Write a model folder, whole or not at all."""
    tensors: dict[str, np.ndarray] = {}
    populations, connections = [], []
    for item in network.populations:
        populations.append({
            "name": item.name, "neurons": item.neurons, "definition": item.definition.to_dict()
        })
        for name, values in item.parameters.items():
            tensors[f"population.{item.name}.{name}"] = values
    for index, item in enumerate(network.connections):
        connections.append({
            "source": item.source, "target": item.target, "previous": item.previous,
            "delayed": item.delays is not None,
        })
        tensors[f"connection.{index}.planes"] = item.planes
        if item.delays is not None:
            tensors[f"connection.{index}.delays"] = item.delays
    config = {
        "model_type": MODEL_TYPE, "name": network.name, "inputs": network.inputs,
        "input_fraction": network.input_fraction, "output": network.output,
        "populations": populations, "connections": connections,
    }
    with replace_folder(folder, CONFIG) as partial:
        (partial / CONFIG).write_text(json.dumps(config, indent=1) + "\n")
        save_file({key: np.ascontiguousarray(value) for key, value in tensors.items()},
                  partial / TENSORS)


def load_network(folder: Path) -> SpikingNetwork:
    """Read a model folder. Raises `InputError` when it is damaged."""
    path = folder / CONFIG
    try:
        config: dict[str, Any] = json.loads(path.read_text())
        tensors = load_file(folder / TENSORS)
    except (OSError, ValueError, SafetensorError) as error:
        raise InputError(f"{folder}: cannot be read ({error}); import the model again") from None
    try:
        populations = tuple(
            Population(
                name=item["name"], neurons=item["neurons"],
                definition=NeuronDefinition.from_dict(item["definition"]),
                parameters=NeuronParameters(**{
                    key.rpartition(".")[2]: values
                    for key, values in tensors.items()
                    if key.rpartition(".")[0] == f"population.{item['name']}"
                }),
            )
            for item in config["populations"]
        )
        connections = tuple(
            Connection(
                source=item["source"], target=item["target"], previous=item["previous"],
                planes=tensors[f"connection.{index}.planes"],
                delays=tensors[f"connection.{index}.delays"] if item["delayed"] else None,
            )
            for index, item in enumerate(config["connections"])
        )
        return SpikingNetwork(
            name=config["name"], inputs=config["inputs"], populations=populations,
            connections=connections, output=config["output"],
            input_fraction=config["input_fraction"],
        )
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: {error} is missing or wrong; import the model again") from None
