"""The interface of lanes to the engine, and the lanes made of adders."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, signed
from amaranth.lib import stream
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import In, Out
from sterna.machine.machine import Machine

from sterna_hw.component import Component
from sterna_hw.layouts import code_group
from sterna_hw.stream import connect_streams
from sterna_hw.ternary.code_banks import CodeBanks
from sterna_hw.ternary.lane_array import LaneArray


class Lanes(Component):
    """Codes in, weight words in, row sums out: all that the engine knows of its lanes.

    The word that is taken in clock t enters in clock t + ``word_delay`` and is summed in clock
    t + ``latency``, one word a clock.

    Members:
        groups: In, stream of `code_group`; see `CodeBanks`.
        active: In(1), the next four describe the next weight word.
        tile: In, its column tile.
        closing: In(1), it belongs to the last tile of a command that releases the codes.
        turn: In(1), the word after it belongs to another tile or to other codes.
        release: In(1), after it the codes are done with.
        ready: Out(1), the word can be taken in this clock.
        advance: In(1), it is taken; only while ``active`` and ``ready``.
        word: In(8 * weight_bytes), the word taken ``word_delay`` clocks ago.
        sums: Out, ``rows`` sums of ``sum_bits`` bits.
        carries: Out(rows), ones to be added to the sums.

    Attributes:
        latency: clocks from taking a word to ``sums``.
        sum_bits: width of a sum.
        word_delay: clocks from taking a word to ``word``.
        settles: whether ``ready`` is low in the first two clocks of each tile, and while there is
            no word.
    """

    settles = False
    word_delay = 0

    def __init__(self, machine: Machine, latency: int, sum_bits: int) -> None:
        self._machine = machine
        self.latency = latency
        self.sum_bits = sum_bits
        super().__init__({
            "groups": In(stream.Signature(code_group(machine))),
            "active": In(1),
            "tile": In(range(machine.ternary.code_depth // machine.ternary.columns)),
            "closing": In(1),
            "turn": In(1),
            "release": In(1),
            "ready": Out(1),
            "advance": In(1),
            "word": In(8 * machine.ternary.weight_bytes),
            "sums": Out(ArrayLayout(signed(sum_bits), machine.ternary.rows)),
            "carries": Out(machine.ternary.rows),
            **self._members(),
        })

    def _members(self) -> dict[str, Any]:
        """Further members."""
        return {}


class AdderLanes(Lanes):
    """A tree of adders for each row; any tile may follow any other without a gap."""

    def __init__(self, machine: Machine) -> None:
        self._array = LaneArray(machine)
        super().__init__(machine, self._array.latency, self._array.sum_bits)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.banks = banks = CodeBanks(self._machine)
        m.submodules.array = array = self._array
        connect_streams(m, self.groups, banks.groups)
        m.d.comb += [
            banks.tile.eq(self.tile),
            banks.release.eq(self.advance & self.release),
            self.ready.eq(banks.available & (~self.release | banks.complete)),
            array.word.eq(self.word),
            array.codes.eq(banks.codes),
            self.sums.eq(array.sums),
        ]
        return m
