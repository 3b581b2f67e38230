"""Memories that the host loads, and the streams that read them in order."""

from sterna_hw.memory.axi_source import AxiSource
from sterna_hw.memory.late_source import LateSource
from sterna_hw.memory.loadable import LoadableMemory
from sterna_hw.memory.mixed import MixedWeights
from sterna_hw.memory.sdram_source import SdramSource
from sterna_hw.memory.sequential import SequentialSource

__all__ = ["AxiSource", "LateSource", "LoadableMemory", "MixedWeights", "SdramSource",
           "SequentialSource"]
