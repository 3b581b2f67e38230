"""Programs of all families for the one machine (`tests.one_machine`), by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from sterna.families.bdh.configuration import BdhConfig
from sterna.families.bdh.version import BDH
from sterna.families.deltanet.configuration import DeltaNetConfig
from sterna.families.deltanet.version import DELTANET
from sterna.families.deltaproduct.configuration import DeltaProductConfig
from sterna.families.deltaproduct.version import DELTAPRODUCT
from sterna.families.gla.configuration import GlaConfig
from sterna.families.gla.version import GLA
from sterna.families.hgrn2.configuration import Hgrn2Config
from sterna.families.hgrn2.version import HGRN2
from sterna.families.lightnet.configuration import LightNetConfig
from sterna.families.lightnet.version import LIGHTNET
from sterna.families.mamba.configuration import MambaConfig
from sterna.families.mamba.version import MAMBA
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.lowering import Formats, lower
from sterna.families.matmul_free.random_model import random_model
from sterna.families.matmul_free.store import load_model
from sterna.families.rwkv.configuration import Configuration
from sterna.families.rwkv.random_model import random_model as random_rwkv
from sterna.families.rwkv.version import Version
from sterna.families.rwkv4.configuration import RwkvConfig
from sterna.families.rwkv4.layout import MATRICES
from sterna.families.rwkv4.version import RWKV4
from sterna.families.rwkv5.configuration import Rwkv5Config
from sterna.families.rwkv5.version import RWKV5
from sterna.families.rwkv6.configuration import Rwkv6Config
from sterna.families.rwkv6.version import RWKV6
from sterna.families.rwkv7.configuration import Rwkv7Config
from sterna.families.rwkv7.version import RWKV7
from sterna.families.spikegpt.configuration import SpikeGptConfig
from sterna.families.spikegpt.version import SPIKEGPT
from sterna.families.spiking.examples import EXAMPLES
from sterna.families.spiking.lowering import lower as lower_network
from sterna.families.spiking.quantise import quantise
from sterna.program.definition import Program

from tests.hw.core.product_networks import product_network
from tests.hw.core.spiking_networks import random_network
from tests.hw.core.window_networks import NETWORKS as WINDOWS
from tests.hw.core.window_networks import window_network
from tests.one_machine import ON_SYNAPSES, ON_WORDS
from tests.sim.shapes import random_program
from tests.state_programs import state_program
from tests.sw.compiler.mixtures import random_mixture
from tests.sw.compiler.programs import random_program as random_program_of_words
from tests.sw.compiler.programs import with_planes

SPIKING = ModelConfig(vocab_size=97, hidden_size=64, num_hidden_layers=2, intermediate_size=50,
                      channel_mixer="lif")
NETWORKS = {"net": (1, 0), "net, delays": (2, 5), "net, more delays": (4, 5), "net, late": (7, 2),
            "net, refractory": (6, 0)}
MIXTURES = (0, 1, 3, 5, 8)


def network(name: str) -> Program:
    """A random network of the machine's kinds of neurons."""
    return lower_network(random_network(*NETWORKS[name], ON_SYNAPSES))


def windows(name: str) -> Program:
    """A network of windows, of the machine's kinds of neurons."""
    return lower_network(window_network(name, ON_SYNAPSES))


def rwkv(version: Version, config: Configuration,
         planes: Mapping[str, int] = MappingProxyType({}), usual: int = 3, **formats: Any
         ) -> Program:
    """A random one, with the ``usual`` planes where ``planes`` does not say others."""
    numbers = dict.fromkeys(version.numbers.names, usual) | dict(planes)
    return version.lower(random_rwkv(version, config, 1),
                         formats=version.numbers(planes=numbers, **formats))


# States of cells: values have the fraction bits that all states of the machine are shifted by.
rwkv4 = partial(rwkv, RWKV4)
rwkv5, rwkv6, rwkv7 = (partial(rwkv, version, value_fraction=10)
                       for version in (RWKV5, RWKV6, RWKV7))
spikegpt = partial(rwkv, SPIKEGPT)
gla = partial(rwkv, GLA, value_fraction=10)
hgrn2 = partial(rwkv, HGRN2, value_fraction=8, state_fraction=13, read_fraction=14)
lightnet = partial(rwkv, LIGHTNET, value_fraction=8, state_fraction=13, read_fraction=14)
bdh = partial(rwkv, BDH)
mamba = partial(rwkv, MAMBA)
delta = partial(rwkv, unit_fraction=12, state_fraction=13)


PROGRAMS: dict[str, Callable[[], Program]] = {
    "demo-tiny": lambda: lower(load_model("demo-tiny"), Formats.default(18), "demo-tiny"),
    "like demo-spiking": lambda: lower(random_model(SPIKING, 1), name="like demo-spiking"),
    "l2mu": lambda: lower_network(quantise(EXAMPLES["l2mu"]())),
    "l2mu, two outputs": lambda: lower_network(
        replace(quantise(EXAMPLES["l2mu"]()), beside=("u",))),
    **{name: partial(network, name) for name in NETWORKS},
    **{f"windows, {name}": partial(windows, name) for name in WINDOWS},
    "products": lambda: lower_network(product_network(ON_SYNAPSES)),
    **{f"mixture {seed}": partial(random_mixture, seed, ON_WORDS, ON_SYNAPSES)
       for seed in MIXTURES},
    "words": partial(random_program, 33, 2, 5, 65, seed=33),
    "planes": lambda: with_planes(random_program_of_words(4, 44, 51, 65, 2), 4),
    "more planes": lambda: with_planes(random_program_of_words(9, 20, 87, 70, 3), 9),
    "rwkv4": partial(rwkv4, RwkvConfig(97, 20, 2, 51), usual=5),
    "rwkv4, odd": partial(rwkv4, RwkvConfig(65, 22, 1, 90), usual=5,
                           digits=dict.fromkeys(MATRICES, 2)),
    "rwkv4, three planes": partial(rwkv4, RwkvConfig(130, 36, 1, 37), planes={"key": 4, "down": 1}),
    "rwkv5": partial(rwkv5, Rwkv5Config(97, 33, 2, 50, None, None, head_size=11)),
    "rwkv6": partial(rwkv6, Rwkv6Config(97, 60, 1, 50, None, None, head_size=20, mix_rank=8,
                                        decay_rank=12)),
    "rwkv6, odd": partial(rwkv6, Rwkv6Config(65, 22, 2, 37, None, None, head_size=11, mix_rank=5,
                                             decay_rank=7), {"key": 4, "down": 1}),
    "rwkv6, five heads": partial(rwkv6, Rwkv6Config(
        130, 35, 1, 36, None, None, head_size=7, mix_rank=3, decay_rank=20)),
    "rwkv7": partial(rwkv7, Rwkv7Config(97, 60, 1, 50, None, None, head_size=20, decay_rank=12,
                                        rate_rank=8, value_rank=5, gate_rank=16)),
    "rwkv7, odd": partial(rwkv7, Rwkv7Config(
        65, 22, 2, 37, None, None, head_size=11, decay_rank=7, rate_rank=5, value_rank=3,
        gate_rank=9), {"key": 4, "down": 1}),
    "rwkv7, three layers": partial(rwkv7, Rwkv7Config(
        130, 14, 3, 36, None, None, head_size=7, decay_rank=7, rate_rank=5, value_rank=3,
        gate_rank=9)),
    "spikegpt": partial(spikegpt, SpikeGptConfig(97, 20, 2, 50)),
    "gla": partial(gla, GlaConfig(97, 60, 2, 50, None, None, num_heads=3, key_size=10,
                                  value_size=20, gate_rank=7)),
    "gla, odd": partial(gla, GlaConfig(65, 22, 1, 37, None, None, num_heads=2, key_size=11,
                                       value_size=9, gate_rank=16), {"key": 4, "down": 1}),
    "gla, five heads": partial(gla, GlaConfig(
        130, 35, 2, 36, None, None, num_heads=5, key_size=14, value_size=7, gate_rank=5)),
    "hgrn2": partial(hgrn2, Hgrn2Config(97, 60, 1, 50, None, None, num_heads=3, key_size=20,
                                        value_size=20)),
    "hgrn2, odd": partial(hgrn2, Hgrn2Config(65, 22, 1, 37, None, None, num_heads=2, key_size=11,
                                             value_size=11), {"forget": 4, "down": 1}),
    "hgrn2, five heads": partial(hgrn2, Hgrn2Config(130, 35, 2, 36, None, None, num_heads=5,
                                                    key_size=7, value_size=7)),
    "lightnet": partial(lightnet, LightNetConfig(
        97, 60, 1, 50, None, None, num_heads=3, key_size=10, value_size=20, gate_rank=7)),
    "lightnet, odd": partial(lightnet, LightNetConfig(
        65, 22, 2, 37, None, None, num_heads=2, key_size=7, value_size=11, gate_rank=16),
        {"key": 4, "down": 1}),
    "bdh": partial(bdh, BdhConfig(97, 30, 1, 60, num_heads=3)),
    "bdh, odd": partial(bdh, BdhConfig(65, 22, 2, 28, num_heads=2),
                        {"enter1_odd": 4, "leave0_even": 1}),
    "bdh, one head": partial(bdh, BdhConfig(130, 14, 3, 22, num_heads=1)),
    "mamba": partial(mamba, MambaConfig(97, 36, 2, 72, None, None, state_size=3)),
    "mamba, odd": partial(mamba, MambaConfig(65, 22, 1, 37, None, None, state_size=5, step_rank=7),
                          {"mix": 4, "output": 1}),
    "deltanet": partial(delta, DELTANET, DeltaNetConfig(
        97, 60, 1, 50, None, None, num_heads=3, key_size=10, value_size=20)),
    "deltanet, gated": partial(delta, DELTANET, DeltaNetConfig(
        65, 22, 1, 37, None, None, num_heads=2, key_size=11, value_size=9, forgets=1, gated=1),
        {"key0": 4, "down": 1}),
    "deltaproduct": partial(delta, DELTAPRODUCT, DeltaProductConfig(
        97, 35, 1, 36, None, None, num_heads=5, key_size=7, value_size=14, steps=2, forgets=1,
        gated=1, negative=1)),
    "deltaproduct, three steps": partial(delta, DELTAPRODUCT, DeltaProductConfig(
        130, 24, 2, 36, None, None, num_heads=3, key_size=8, value_size=8, steps=3)),
    "state, rwkv": partial(state_program, "rwkv", 3, 20, 10, hidden=20, vocabulary=97),
    "state, delta": partial(state_program, "delta", 2, 7, 9, loud=True),
    "state, columns": partial(state_program, "columns", 3, 5, 7),
}


def items(program: Program, count: int, seed: int = 0) -> Any:
    """What so many RUNs are given: tokens, or codes of which half are silent."""
    draw = np.random.default_rng(seed)
    if not program.takes_codes:
        return draw.integers(0, program.rows, count).tolist()
    codes = draw.integers(-127, 128, (count, program.input_length))
    return codes * (draw.random(codes.shape) < 0.5)
