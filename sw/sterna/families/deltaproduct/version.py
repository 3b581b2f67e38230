"""Gated DeltaProduct to everything that models of several planes share."""

from __future__ import annotations

from sterna.families.deltaproduct.configuration import DeltaProductConfig
from sterna.families.deltaproduct.names import DEFAULTS, FORMAT, SHIPPED, SIZES
from sterna.families.fla.delta_version import DeltaVersion


class _DeltaProduct(DeltaVersion):
    title = "DeltaProduct"
    format = FORMAT
    models = SHIPPED
    defaults = DEFAULTS
    sizes = SIZES
    config = DeltaProductConfig


DELTAPRODUCT = _DeltaProduct()
