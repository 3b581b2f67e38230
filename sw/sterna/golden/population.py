"""What a population of neurons means: exact sums, one step of the law, codes."""

from __future__ import annotations

import numpy as np
import torch

from sterna.golden.run import Run
from sterna.program.neurons import Neurons


def neurons(run: Run, item: Neurons) -> None:
    """One step; the observer is told sums, outputs and states, see `ValueKey`."""
    key = run.key(item.name)
    total = np.zeros((run.streams, item.length))
    for synapses in item.synapses:
        codes = run.codes_back(synapses.codes)
        for back, weights in run.parameters.taps(run.key(synapses.matrix), synapses):
            total += codes[back].astype(np.float64) @ weights
    sums = total.astype(np.int64)
    if item.current is not None:
        sums += run.read(item.current).numpy()
    law, state = run.parameters.neurons(key, item), run.state.neurons[key]
    output = law.step(state, sums)
    run.saturated[item.name] = run.saturated.get(item.name, 0) + law.at_limit(state)
    if item.codes is not None:
        run.write_codes(item.codes, torch.from_numpy(law.codes(output)))
    if item.result is not None:
        run.results[item.result] = output
    run.produced(-1, f"{item.name}.sum", sums)
    run.produced(0, f"{item.name}.output", output)
    for index, (name, value) in enumerate(state.items()):
        run.produced(1 + index, f"{item.name}.{name}", value)
