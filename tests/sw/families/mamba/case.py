"""What tests of versions of several planes ask of Mamba."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.families.mamba.configuration import MambaConfig
from sterna.families.mamba.version import MAMBA

from tests.sw.families.rwkv.headed import Case


@dataclass(frozen=True)
class MambaCase(Case):
    """See `Case`."""

    def shape(self, purpose: str) -> MambaConfig:
        """Of a model for a purpose."""
        file = purpose == "file"
        vocabulary, hidden, layers, wide, cells, rank = {
            "authors": (97, 40, 3, 80, 8, 5), "file": (30, 12, 2, 24, 4, 1),
            "planes": (97, 60, 2, 120, 16, 4), "lanes": (30, 22, 2, 44, 3, 2)}[purpose]
        return MambaConfig(vocabulary, hidden, layers, wide, 1 if file else None,
                           2 if file else None, state_size=cells, step_rank=rank)


MAMBA_CASE = MambaCase(
    MAMBA, MambaConfig, {}, {8: 0.017, 5: 0.019, 3: 0.097}, ("step_up", "output"), "att.A_log",
    (("state=0", "state_size is 0; it must be a whole number from 1 to 64"),),
    (('{"digits": {"mix": 2}}', "the codes of mix have one digit"),
     ('{"forget_fraction": 17, "speed_fraction": 0, "rate_fraction": 0, "log_fraction": 16, '
      '"read_fraction": 0, "gain_fraction": 0}', "read_fraction asks for -16 bits of fraction of"),
     ('{"state_fraction": 18}', "it must be a whole number from 0 to 17")),
    "cells0", loud=((4.0, "att.x_proj.weight"), (0.05, "att.in_proj.weight"),
                    (3.0, "att.in_proj.weight")), parts=False, share=0.95)
