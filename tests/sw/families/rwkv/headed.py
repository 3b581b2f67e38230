"""Versions whose states are matrices, and what tests ask of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sterna.families.rwkv.version import Version
from sterna.families.rwkv5.configuration import Rwkv5Config
from sterna.families.rwkv5.version import RWKV5
from sterna.families.rwkv6.configuration import Rwkv6Config
from sterna.families.rwkv6.version import RWKV6
from sterna.families.rwkv7.configuration import Rwkv7Config
from sterna.families.rwkv7.version import RWKV7

SHAPES: Mapping[str, tuple[int, ...]] = {
    "authors": (97, 60, 7, 52), "file": (30, 12, 2, 20), "planes": (97, 60, 2, 100),
    "lanes": (30, 22, 2, 20)}
"""Vocabulary, hidden size, layers and inner channels."""
SIZES = {"authors": 20, "file": 6, "planes": 20, "lanes": 11}
"""Of heads."""


@dataclass(frozen=True)
class Case:
    """A version."""

    version: Version
    config: type[Any]
    ranks: Mapping[str, int]
    most: Mapping[int, float]
    """Error of the logits by planes (spec/families.md 2); 8 stands for codes alone."""
    digits: tuple[str, ...]
    """Matrices that a second digit helps."""
    bonus: str
    """The tensor that says how large heads are, in the first layer."""
    more: tuple[tuple[str, str], ...]
    """What a random model may not be, and what is said of it."""
    formats: tuple[tuple[str, str], ...]
    """Formats that mean nothing, and what is said of them."""
    cells: str = "cells"
    """The states in the program."""
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """In place of `SHAPES`."""
    loud: tuple[tuple[float, str], ...] = (
        (20.0, "att.key.weight"), (0.05, "att.value.weight"), (6.0, "ffn.key.weight"))
    """How many times as large matrices may be in trained models."""
    parts: bool = True
    """Whether anything is done to heads each by itself."""
    share: float = 0.9
    """Of the error with one digit that is above that with two."""
    heard: tuple[str, ...] = ("read", "attended")
    """Vectors of the program that are not silent, beside the states."""

    @property
    def title(self) -> str:
        """What it is called among the cases."""
        return self.version.title

    @property
    def name(self) -> str:
        """Of the family."""
        return self.config.model_type

    def shape(self, purpose: str) -> Any:
        """Of a model for a purpose."""
        end = {"eos_token_id": 0 if purpose == "file" else None}
        return self.config(*self.shapes.get(purpose, SHAPES[purpose]), head_size=SIZES[purpose],
                           **self.ranks, **end)


STATES = (
    ('{"state_fraction": 17, "key_fraction": 2}', "state_fraction asks for a shift by -3 of"),
    ('{"read_fraction": 17, "receptance_fraction": 2}', "read_fraction asks for a shift by -5 of"))
_DIGITS = ("receptance", "key", "value", "gate", "output", "wide", "down")
CASES = {case.version.title: case for case in (
    Case(RWKV5, Rwkv5Config, {}, {8: 0.014, 5: 0.017, 3: 0.110}, _DIGITS, "att.time_faaaa", (),
         STATES),
    Case(RWKV6, Rwkv6Config, {"mix_rank": 8, "decay_rank": 12}, {8: 0.013, 5: 0.019, 3: 0.111},
         _DIGITS, "att.time_faaaa",
         (("mix_rank=0", "mix_rank is 0; it must be a whole number from 1"),),
         (*STATES, ('{"digits": {"mix_w_down": 2}}', "the codes of mix_w_down have one digit"))),
    Case(RWKV7, Rwkv7Config,
         {"decay_rank": 12, "rate_rank": 8, "value_rank": 5, "gate_rank": 16},
         {8: 0.020, 5: 0.028, 3: 0.159}, ("receptance", "key", "output", "wide", "down"), "att.r_k",
         (("gate_rank=0", "gate_rank is 0; it must be a whole number from 1"),),
         (*STATES, ('{"digits": {"value": 2}}', "the codes of value have one digit"),
          ('{"removed_fraction": 3}', "directions have 5 bits of fraction"),
          ('{"key_fraction": 17, "value_fraction": 17, "state_fraction": 13}',
           "learning rate 22")),
         "layer_cells", {"authors": (97, 60, 4, 52)}))}
