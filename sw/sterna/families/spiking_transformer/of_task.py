"""How often integers and real numbers are right at a model's task, for `report`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sterna.families.spiking.classes import told_classes
from sterna.families.spiking.codes import input_codes
from sterna.families.spiking.golden import GoldenNetwork
from sterna.families.spiking.integers import SpikingNetwork
from sterna.families.spiking.tasks import Task
from sterna.families.spiking_transformer.random_model import frames
from sterna.families.spiking_transformer.watch import Watch
from sterna.progress import Report

if TYPE_CHECKING:
    from sterna.families.spiking_transformer.model import TransformerModel

SAMPLES, BATCH, BY = 200, 20, "sum"


def agreement(model: TransformerModel, network: SpikingNetwork, task: Task, seed: int,
              report: Report) -> dict[str, Any]:
    """A row, of the network as it is; see `sterna.families.spiking.agreement`."""
    codes, labels = task(SAMPLES, seed)
    given = np.ldexp(codes.astype(np.float64), -model.network.input_fraction)
    reference, shape = model.reference(), model.configuration
    classes, wanted, differ, steps = [], [], 0.0, 0
    for first in range(0, SAMPLES, BATCH):
        report("counting classes", first, SAMPLES)
        part = given[:, first:first + BATCH]
        found = GoldenNetwork(network, part.shape[1]).run(input_codes(network, part))
        watch = Watch(model.version, network, shape.heads, found)
        with torch.no_grad():
            real = reference.run(frames(shape, part), watch).numpy()
        classes.append(told_classes(found[network.output], BY))
        wanted.append(told_classes(real, BY))
        differ += sum((1 - spikes.alike) * spikes.steps for spikes in watch.spikes.values())
        steps += sum(spikes.steps for spikes in watch.spikes.values())
    mine, theirs = np.concatenate(classes), np.concatenate(wanted)
    row = {"formats": "as the model is", "same_class": float((mine == theirs).mean()),
           "differ": differ / steps, "accuracy": float((mine == labels).mean())}
    return {"data": f"{SAMPLES} samples of its task", "samples": SAMPLES, "rows": [row],
            "left_out": {}, "float_accuracy": float((theirs == labels).mean())}
