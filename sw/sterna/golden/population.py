"""What a population of neurons means: exact sums, one step of the law, codes."""

from __future__ import annotations

import numpy as np
import torch

from sterna.golden.neuron import Integers, largest
from sterna.golden.place import Place
from sterna.golden.products import ProductSums
from sterna.golden.ranges import Ranges
from sterna.golden.run import Run, Step
from sterna.golden.state import own_name
from sterna.program.neurons import Neurons


def neurons(place: Place, item: Neurons) -> Step:
    """One step; the observer is told sums, outputs and states, see `ValueKey`."""
    key = place.key(item.name)
    law, own = place.parameters.neurons(key, item), own_name(key)
    taps = [(place.codes(given.codes), place.parameters.taps(place.key(given.matrix), given))
            for given in item.synapses]
    products = [(place.codes(given.codes), place.weights(given.weights), ProductSums(given.product))
                for given in item.products]
    current = None if item.current is None else place.vector(item.current)
    weights = None if item.weights is None else place.weights(item.weights)
    codes = None if item.codes is None else place.codes(item.codes)
    told_sum = place.told(-1, f"{item.name}.sum")
    told_output = place.told(0, f"{item.name}.output")
    told_states = [place.told(1 + index, f"{item.name}.{name}")
                   for index, name in enumerate(item.definition.states)]

    def see(ranges: Ranges, sums: Integers, output: Integers, state: dict[str, Integers]) -> None:
        ranges.see(told_sum, sums, largest(item.definition.sum_bits), 0)
        ranges.see(told_output, output, law.most_output)
        lost = law.rounded or {}
        for told, (name, values) in zip(told_states, state.items(), strict=True):
            if name != "refractory":
                ranges.see(told, values, largest(item.definition.state_bits(name)),
                           int(np.count_nonzero(lost.get(name, 0))),
                           int(law.full(name, values).sum()))

    def compute(run: Run) -> None:
        sums = np.zeros((place.streams, item.length), np.int64)
        for source, given in taps:
            sums += given.sums([run.codes[source][runs].numpy() for runs in given.back])
        for source, made, product in products:
            sums += product.sums(run.codes[source][0].numpy(), run.weights[made])
        if current is not None:
            sums += run.vectors[current].numpy()
        state = run.neurons[own]
        law.rounded = None if run.ranges is None else {}
        output = law.step(state, sums)
        run.saturated[item.name] = run.saturated.get(item.name, 0) + law.at_limit(state)
        if codes is not None:
            run.write_codes(codes, torch.from_numpy(law.codes(output)))
        if weights is not None:
            run.weights[weights] = output
        if item.result is not None:
            run.results[item.result] = output
        run.produced(told_sum, sums)
        if run.ranges is not None:
            see(run.ranges, sums, output, state)
        run.produced(told_output, output)
        for told, value in zip(told_states, state.values(), strict=True):
            run.produced(told, value)

    return compute
