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
from sterna_hw.ternary.text_banks import TextBanks


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

    Only where texts share the lanes, see `TextBanks`:
        text: In, whose tile it is, unless lanes look ahead. begun, released: Out(texts), the first
            tile of the codes in use is there; they are free after this clock.

    Attributes:
        latency: clocks from taking a word to ``sums``.
        sum_bits: width of a sum.
        word_delay: clocks from taking a word to ``word``.
        settles: whether ``ready`` is low in the first two clocks of each tile, and while there is
            no word.
        ahead: whether the lanes are given commands before the words are due.
    """

    settles = False
    ahead = False
    word_delay = 0

    def __init__(self, machine: Machine, latency: int, sum_bits: int) -> None:
        self._machine = machine
        self.latency = latency
        self.sum_bits = sum_bits
        super().__init__({
            "groups": In(stream.Signature(code_group(machine), always_ready=machine.shared)),
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
            **({"begun": Out(machine.texts), "released": Out(machine.texts)}
               if machine.shared else {}),
            **({"text": In(range(machine.texts))} if machine.shared and not self.ahead else {}),
            **self._members(),
        })

    def _members(self) -> dict[str, Any]:
        """Further members."""
        return {}

    def _add_banks(self, m: Module, parts: int = 1, late: bool = False) -> Any:
        """The banks that the codes come from."""
        if not self._machine.shared:
            m.submodules.banks = banks = CodeBanks(self._machine, parts)
        else:
            m.submodules.banks = banks = TextBanks(self._machine, parts, late)
            m.d.comb += [self.begun.eq(banks.begun), self.released.eq(banks.release)]
            if not self.ahead:
                m.d.comb += banks.text.eq(self.text)
        connect_streams(m, self.groups, banks.groups)
        return banks

    @property
    def _releases(self) -> Any:
        """The codes are done with after this clock; of which text, where there are several."""
        releases = self.advance & self.release
        return releases << self.text if self._machine.shared else releases


class AdderLanes(Lanes):
    """A tree of adders for each row; any tile may follow any other without a gap.

    Where texts share them the word comes a clock later, and so do the codes.
    """

    def __init__(self, machine: Machine) -> None:
        self._array = LaneArray(machine)
        self.word_delay = int(machine.shared)
        super().__init__(machine, self._array.latency + self.word_delay, self._array.sum_bits)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        banks = self._add_banks(m, late=True)
        m.submodules.array = array = self._array
        m.d.comb += [
            banks.tile.eq(self.tile),
            banks.release.eq(self._releases),
            self.ready.eq(banks.available & (~self.release | banks.complete)),
            array.word.eq(self.word),
            array.codes.eq(banks.codes),
            self.sums.eq(array.sums),
        ]
        return m
