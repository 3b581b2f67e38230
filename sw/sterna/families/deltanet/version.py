"""DeltaNet to everything that models of several planes share."""

from __future__ import annotations

from sterna.families.deltanet.configuration import DeltaNetConfig
from sterna.families.deltanet.names import DEFAULTS, FORMAT, SHIPPED, SIZES
from sterna.families.fla.delta_version import DeltaVersion


class _DeltaNet(DeltaVersion):
    title = "DeltaNet"
    format = FORMAT
    models = SHIPPED
    defaults = DEFAULTS
    sizes = SIZES
    config = DeltaNetConfig


DELTANET = _DeltaNet()
