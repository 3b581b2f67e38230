"""Spiking units: the LIF engine, many neurons in turn on a few lanes."""

from sterna_hw.spiking.engine import LifEngine

__all__ = ["LifEngine"]
