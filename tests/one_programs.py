"""Programs of all families for the one machine (`tests.one_machine`), by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.lowering import Formats, lower
from sterna.families.matmul_free.random_model import random_model
from sterna.families.matmul_free.store import load_model
from sterna.families.spiking.examples import EXAMPLES
from sterna.families.spiking.lowering import lower as lower_network
from sterna.families.spiking.quantise import quantise
from sterna.program.definition import Program

from tests.hw.core.spiking_networks import random_network
from tests.one_machine import ON_SYNAPSES, ON_WORDS
from tests.sim.shapes import random_program
from tests.sw.compiler.mixtures import random_mixture
from tests.sw.compiler.programs import random_program as random_program_of_words
from tests.sw.compiler.programs import with_planes
from tests.sw.families.layers.programs import recurrent_program

SPIKING = ModelConfig(vocab_size=97, hidden_size=64, num_hidden_layers=2, intermediate_size=50,
                      channel_mixer="lif")
NETWORKS = {"net": (1, 0), "net, delays": (2, 5), "net, more delays": (4, 5), "net, late": (7, 2),
            "net, refractory": (6, 0)}
MIXTURES = (0, 1, 3, 5, 8)


def network(name: str) -> Program:
    """A random network of the machine's kinds of neurons."""
    return lower_network(random_network(*NETWORKS[name], ON_SYNAPSES))


PROGRAMS: dict[str, Callable[[], Program]] = {
    "demo-tiny": lambda: lower(load_model("demo-tiny"), Formats.default(18), "demo-tiny"),
    "like demo-spiking": lambda: lower(random_model(SPIKING, 1), name="like demo-spiking"),
    "l2mu": lambda: lower_network(quantise(EXAMPLES["l2mu"]())),
    **{name: partial(network, name) for name in NETWORKS},
    **{f"mixture {seed}": partial(random_mixture, seed, ON_WORDS, ON_SYNAPSES)
       for seed in MIXTURES},
    "words": partial(random_program, 33, 2, 5, 65, seed=33),
    "planes": lambda: with_planes(random_program_of_words(4, 44, 51, 65, 2), 4),
    "more planes": lambda: with_planes(random_program_of_words(9, 20, 87, 70, 3), 9),
    "recurrent": partial(recurrent_program, 20, 51, 97, 2),
}


def items(program: Program, count: int, seed: int = 0) -> Any:
    """What so many RUNs are given: tokens, or codes of which half are silent."""
    draw = np.random.default_rng(seed)
    if not program.takes_codes:
        return draw.integers(0, program.rows, count).tolist()
    codes = draw.integers(-127, 128, (count, program.input_length))
    return codes * (draw.random(codes.shape) < 0.5)
