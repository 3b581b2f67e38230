"""Models of flash-linear-attention, and what tests ask of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sterna.families.deltanet.configuration import DeltaNetConfig
from sterna.families.deltanet.version import DELTANET
from sterna.families.deltaproduct.configuration import DeltaProductConfig
from sterna.families.deltaproduct.version import DELTAPRODUCT
from sterna.families.fla.configuration import FlaConfig
from sterna.families.gla.configuration import GlaConfig
from sterna.families.gla.version import GLA
from sterna.families.hgrn2.configuration import Hgrn2Config
from sterna.families.hgrn2.version import HGRN2
from sterna.families.lightnet.configuration import LightNetConfig
from sterna.families.lightnet.version import LIGHTNET

from tests.sw.families.rwkv.headed import STATES, Case

SHAPES: Mapping[str, tuple[int, ...]] = {
    "authors": (97, 60, 3, 52), "file": (30, 12, 2, 20), "planes": (97, 60, 2, 100),
    "lanes": (30, 22, 2, 20)}
"""Vocabulary, hidden size, layers and inner channels."""
HEADS: Mapping[str, tuple[int, int, int]] = {
    "authors": (3, 10, 20), "file": (2, 3, 6), "planes": (3, 10, 20), "lanes": (2, 7, 11)}
"""How many there are, and the sizes of keys and values."""


@dataclass(frozen=True)
class FlaCase(Case):
    """A model."""

    config: type[FlaConfig]
    package: str = ""
    """Its classes there, without `Config` and `ForCausalLM`."""
    settings: Mapping[str, Any] | None = None
    """What the package's configuration has beside what all models have."""
    of_file: Mapping[str, Any] = field(default_factory=dict)
    """The same of the models of `folder_of` in the tests, where they differ."""
    refused: tuple[tuple[Mapping[str, Any], str], ...] = ()
    """Settings that Sterna does not know, and what is said of them."""
    types: str = ""
    """What config.json calls it."""
    norm: str = "g_norm"
    """What the norm of heads is called there."""
    heads: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    """In place of `HEADS`."""
    values_first: bool = True
    """Whether states are [head, value, key] there."""
    sums: bool = False
    """Whether it keeps sums beside them."""

    @property
    def title(self) -> str:
        return self.package

    def shape(self, purpose: str) -> FlaConfig:
        """Of a model for a purpose."""
        heads, keys, values = self.heads.get(purpose, HEADS[purpose])
        file = purpose == "file"
        return self.config(*SHAPES[purpose], 1 if file else None, 2 if file else None,
                           num_heads=heads, key_size=keys, value_size=values, **self.ranks)


LOUD = ((20.0, "att.k_proj.weight"), (0.05, "att.v_proj.weight"), (6.0, "ffn.up_proj.weight"))
_WIDE = {"num_heads": 3, "head_dim": 10, "expand_v": 2.0}
_WIDE_FILE = {"num_heads": 2, "head_dim": 3, "expand_v": 2.0}
DELTAS = (
    (DELTANET, DeltaNetConfig, {}, (0.027, 0.033, 0.203), "DeltaNet", "delta_net",
     {"num_heads": 3, "expand_k": 0.5, "expand_v": 1.0}, {"num_heads": 2}),
    (DELTANET, DeltaNetConfig, {"forgets": 1, "gated": 1, "negative": 1}, (0.031, 0.039, 0.234),
     "GatedDeltaNet", "gated_deltanet", {**_WIDE, "allow_neg_eigval": True}, _WIDE_FILE),
    (DELTAPRODUCT, DeltaProductConfig, {"steps": 2, "forgets": 1, "gated": 1, "negative": 1},
     (0.031, 0.039, 0.234), "GatedDeltaProduct", "gated_deltaproduct",
     {**_WIDE, "num_householder": 2, "use_forget_gate": True, "allow_neg_eigval": True},
     _WIDE_FILE))
CASES = {case.title: case for case in (
    FlaCase(GLA, GlaConfig, {"gate_rank": 16}, {8: 0.026, 5: 0.035, 3: 0.215},
            ("output", "down", "decay_up"), "att.gk_proj.1.bias",
            (("gate_rank=0", "gate_rank is 0; it must be a whole number from 1"),
             ("heads=3", "half of hidden 64 is no multiple of heads 3")),
            (*STATES[:1], ('{"read_fraction": 17, "query_fraction": 2}',
                           "read_fraction asks for a shift by -5 of"),
             ('{"digits": {"query": 2}}', "the codes of query have one digit"),
             ('{"decay_fraction": 25}', "it must be a whole number from 12 to 24")),
            loud=LOUD, package="GLA", types="gla",
            settings={"num_heads": 3, "expand_k": 0.5, "expand_v": 1.0},
            norm="g_norm_swish_gate", of_file={"num_heads": 2},
            refused=(({"use_short_conv": True}, "use_short_conv is True; GLA has False"),
                     ({"num_kv_heads": 1}, "num_kv_heads is 1; GLA has 2"),
                     ({"clamp_min": -1.0}, "clamp_min is -1.0; GLA has None"),
                     ({"num_heads": 5}, "expand_k 6 is no multiple of heads 5"),
                     ({"expand_v": "all"}, "expand_v, hidden_size and num_heads must be num"))),
    FlaCase(HGRN2, Hgrn2Config, {}, {8: 0.016, 5: 0.021, 3: 0.130}, ("output", "down"),
            "att.f_proj.weight", (("heads=3", "hidden 128 is no multiple of heads 3"),),
            (('{"value_fraction": 2, "state_fraction": 17, "decay_fraction": 12}',
              "state_fraction asks for a shift by -3 of"),
             ('{"read_fraction": 17, "log_fraction": 2}',
              "read_fraction asks for a shift by -5 of"),
             ('{"digits": {"forget": 2}}', "the codes of forget have one digit")),
            loud=((20.0, "att.f_proj.weight"), (0.05, "att.i_proj.weight"),
                  (6.0, "ffn.up_proj.weight")),
            parts=False, package="HGRN2", types="hgrn2", settings={"expand_ratio": 20},
            of_file={"expand_ratio": None, "num_heads": 2},
            heads={"authors": (3, 20, 20), "file": (2, 6, 6), "planes": (3, 20, 20),
                   "lanes": (2, 11, 11)},
            refused=(({"use_lower_bound": False}, "use_lower_bound is False; HGRN2 has True"),
                     ({"expand_ratio": 5}, "hidden_size 12 is no multiple of heads 5"),
                     ({"num_heads": "many"}, "expand_ratio, or num_heads, must be whole"))),
    FlaCase(LIGHTNET, LightNetConfig, {"gate_rank": 12}, {8: 0.023, 5: 0.031, 3: 0.181},
            ("output", "down", "gate_up"), "att.k_proj.weight",
            (("gate_rank=0", "gate_rank is 0; it must be a whole number from 1"),
             ("heads=3", "hidden 128 is no multiple of heads 3")),
            (('{"value_fraction": 2, "state_fraction": 17, "decay_fraction": 12}',
              "state_fraction asks for a shift by -3 of"),
             ('{"digits": {"key": 2}}', "the codes of key have one digit")),
            loud=((4.0, "att.k_proj.weight"), *LOUD[1:]),
            parts=False, package="LightNet", types="lightnet", sums=True,
            settings={"num_heads": 3, "expand_ratio": 10, "gate_low_rank_dim": 12},
            of_file={"num_heads": 2, "expand_ratio": 3},
            refused=(({"use_short_conv": True}, "use_short_conv is True; LightNet has False"),
                     ({"expand_ratio": None, "num_heads": None}, "or num_heads, must be whole"),
                     ({"num_heads": "many"}, "or num_heads, must be whole"),
                     ({"num_heads": 5}, "hidden_size 12 is no multiple of heads 5"))),
    *(FlaCase(version, config, flags, {8: most[0], 5: most[1], 3: most[2]}, ("output", "down"),
              "att.q_conv1d.weight",
              (("heads=3", "hidden 128 is no multiple of heads 3"),
               ("gated=2", "gated is 2; it must be 0 or 1")),
              (('{"digits": {"key0": 2}}', "the codes of key0 have one digit"),
               ('{"unit_fraction": 2, "state_fraction": 16}', "state_fraction asks for a shift by"),
               ('{"decay_fraction": 25}', "it must be a whole number from 12 to 24")),
              loud=((20.0, "att.k_proj.weight"), (0.05, "att.v_proj.weight"),
                    (6.0, "ffn.up_proj.weight")),
              package=package, types=types, settings=settings, of_file=of_file, norm="o_norm",
              values_first=package == "GatedDeltaNet",
              refused=(({"use_short_conv": False}, "use_short_conv is False; .* has True"),
                       ({"conv_size": 3}, "conv_size is 3"),
                       ({"allow_neg_eigval": 1}, "allow_neg_eigval is 1; it must be true or")))
      for version, config, flags, most, package, types, settings, of_file in DELTAS),
)}
