"""What tests of versions of several planes ask of BDH."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.families.bdh.configuration import BdhConfig
from sterna.families.bdh.version import BDH

from tests.sw.families.rwkv.headed import Case


@dataclass(frozen=True)
class BdhCase(Case):
    """See `Case`."""

    def shape(self, purpose: str) -> BdhConfig:
        """Of a model for a purpose."""
        vocabulary, hidden, layers, neurons, heads = {
            "authors": (97, 30, 3, 60, 3), "file": (30, 12, 2, 24, 2),
            "planes": (97, 60, 2, 96, 3), "lanes": (30, 22, 2, 28, 2)}[purpose]
        return BdhConfig(vocabulary, hidden, layers, neurons, num_heads=heads)


BDH_CASE = BdhCase(
    BDH, BdhConfig, {}, {8: 0.016, 5: 0.023, 3: 0.145},
    tuple(f"leave{head}_{half}" for head in range(3) for half in ("even", "odd")), "encoder",
    (("heads=17", "num_heads is 17; it must be a whole number from 1 to 16"),
     ("neurons=66", "66 neurons are no pairs of 2 heads; give a multiple of 4")),
    (('{"digits": {"gate1_odd": 2}}', "the codes of gate1_odd have one digit"),
     ('{"state_fraction": 17, "key_fraction": 2}', "state_fraction asks for a shift by -5 of"),
     ('{"read_fraction": 17, "key_fraction": 2, "state_fraction": 12}',
      "read_fraction asks for a shift by -3 of")),
    "cells0_even", loud=((20.0, "encoder"), (0.05, "encoder_v"), (6.0, "decoder")), parts=False,
    share=0.99, heard=("read", "attended0_even"))
