"""Commands for an SDR SDRAM that is read burst after burst."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out
from sterna.machine.sdram import (
    BURST_BEATS,
    INITIAL_REFRESHES,
    MODE_CLOCKS,
    POSTPONED_REFRESHES,
    SdramClocks,
    SdramPart,
)

from sterna_hw.component import Component

PIN_CLOCKS = 2
"""Clocks that the registers at the pins take: one of a command, one of data that were read."""
_NO_OPERATION, _ACTIVATE, _READ, _WRITE = 0b111, 0b110, 0b101, 0b001
_PRECHARGE, _REFRESH, _SET_MODE = 0b010, 0b100, 0b000
"""Levels of WE#, CAS#, RAS#, from the highest bit."""
_ALL_BANKS = 1 << 10
_SINGLE_WRITES = 1 << 9
_ACTIVATE_PHASE, _PRECHARGE_PHASE = 4, 2
"""Clocks after a READ in which a burst leaves the command bus to other banks."""


def pin_members(part: SdramPart) -> dict[str, Any]:
    """The pins of a part but clock and what is tied: CKE high, CS# and DQM low.

    ``dq_i`` of clock t + CAS latency + 2 is the first beat of a READ that leaves in clock t:
    commands and data pass one register each at the pins.
    """
    high: Any = {"init": 1}
    return {
        "ras_n": Out(1, **high), "cas_n": Out(1, **high), "we_n": Out(1, **high),
        "ba": Out(part.bank_bits), "a": Out(max(part.row_bits, 11)),
        "dq_o": Out(part.bits), "dq_oe": Out(1), "dq_i": In(part.bits),
    }


class SdramController(Component):
    """Initialises the part, keeps it refreshed, reads bursts in order and writes single beats.

    Bursts of `BURST_BEATS` go through a row, then through the same row of the next bank, whose
    activation hides in the last two bursts of the row before; so data come in every clock.
    Refreshes are made while nobody asks for bursts, or `POSTPONED_REFRESHES` of them in one go when
    as many are due: beside the refreshes themselves that costs a precharge and an activation. A
    write of one beat reads it first, as not every board connects DQM; it is meant for loading and
    takes about 30 clocks. All outputs leave registers.

    Members:
        restart: In(1), the next burst is number ``first``; beats on their way do not arrive.
        first: In, number of a burst, looked at while ``restart``.
        go: In(1), there is a burst to read and room for it; looked at when one may begin.
        begun: Out(1), a burst begins in this clock. arrived: Out(1), ``data`` is its next beat.
        data: Out(bits).
        write_valid: In(1), until ``written``. write_beat: In, address. write_data, write_mask: In,
            the bits of the beat that the mask names are written. written: Out(1).
        ras_n, …: see `pin_members`.

    Args:
        part: organisation. clocks: its times at the clock of this unit.

    Raises:
        ValueError: activation takes longer than half a burst, which no SDR part does.
    """

    def __init__(self, part: SdramPart, clocks: SdramClocks) -> None:
        if clocks.t_rcd > BURST_BEATS - _ACTIVATE_PHASE:
            raise ValueError(f"tRCD of {clocks.t_rcd} clocks does not hide in a burst")
        if part.column_bits > 10 or part.column_bits < 5:
            raise ValueError(f"{part.column_bits} bits of column address")
        self._part, self._clocks = part, clocks
        super().__init__({
            "restart": In(1), "first": In(range(part.beats // BURST_BEATS)),
            "go": In(1), "begun": Out(1), "arrived": Out(1),
            "data": Out(part.bits),
            "write_valid": In(1), "write_beat": In(range(part.beats)),
            "write_data": In(part.bits), "write_mask": In(part.bits), "written": Out(1),
            **pin_members(part),
        })

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        self._pins(m)
        self._position(m)
        self._refresh_timer(m)
        self._arrivals(m)

        # Clocks until the next command may follow, and until a bank may be precharged (tRAS).
        self._wait = Signal(range(32))
        self._hold = Signal(range(32))
        self._ready = Signal()
        self._held = Signal()
        m.d.comb += [self._ready.eq(self._wait == 0), self._held.eq(self._hold != 0)]
        with m.If(~self._ready):
            m.d.sync += self._wait.eq(self._wait - 1)
        with m.If(self._held):
            m.d.sync += self._hold.eq(self._hold - 1)

        self._restarting = Signal()
        with m.FSM():
            self._initialise(m)
            self._closed(m)
            self._reading(m)
            self._writing(m)
        with m.If(self.restart):
            m.d.sync += self._restarting.eq(1)
        return m

    def _pins(self, m: Module) -> None:
        """A command leaves in the clock after it was decided."""
        self._command = Signal(3, init=_NO_OPERATION)
        self._bank = Signal.like(self.ba)
        self._address = Signal.like(self.a)
        m.d.sync += [
            Cat(self.ras_n, self.cas_n, self.we_n).eq(self._command),
            self.ba.eq(self._bank),
            self.a.eq(self._address),
        ]

    def _give(self, m: Module, command: int, wait: int, bank: Any = 0, address: Any = 0) -> None:
        m.d.comb += [self._command.eq(command), self._bank.eq(bank), self._address.eq(address)]
        m.d.sync += self._wait.eq(wait - 1)

    def _activate(self, m: Module, wait: int, bank: Any, row: Any) -> None:
        self._give(m, _ACTIVATE, wait, bank, row)
        m.d.sync += self._hold.eq(self._clocks.t_ras - 1)

    def _position(self, m: Module) -> None:
        """Burst to read next, the row after its own, and the bank that was left."""
        part = self._part
        bursts = part.column_bits - (BURST_BEATS.bit_length() - 1)
        self._burst = Signal(bursts)
        self._page = Signal(part.bank_bits + part.row_bits)
        self._next_page = Signal.like(self._page, init=1)
        self._left_bank = Signal(part.bank_bits)
        # The burst under way is the last of its row, or one of the last two.
        self._turn = Signal()
        self._near = Signal()
        # The next row is open; the row before is still open.
        self._ahead = Signal()
        self._stale = Signal()
        self._phase = Signal(range(BURST_BEATS))
        with m.If(self._phase == BURST_BEATS - 1):
            m.d.sync += self._turn.eq(0)
            with m.If(self._turn):
                m.d.sync += [
                    self._left_bank.eq(self._bank_of(self._page)),
                    self._page.eq(self._next_page),
                    self._next_page.eq(self._next_page + 1),
                    self._stale.eq(1),
                    self._ahead.eq(0),
                ]
        with m.If(self.restart):
            m.d.sync += [
                Cat(self._burst, self._page).eq(self.first),
                self._next_page.eq(self.first[bursts:] + 1),
                self._turn.eq(0), self._near.eq(0),
            ]

    def _bank_of(self, page: Any) -> Any:
        return page[:self._part.bank_bits]

    def _row_of(self, page: Any) -> Any:
        return page[self._part.bank_bits:]

    def _refresh_timer(self, m: Module) -> None:
        interval = self._clocks.refresh_interval
        self._working = Signal()
        self._refreshed = Signal()
        elapsed = Signal(range(interval))
        tick = Signal()
        self._due = Signal(range(4 * POSTPONED_REFRESHES))
        m.d.comb += tick.eq(elapsed == interval - 1)
        with m.If(self._working):
            m.d.sync += [
                elapsed.eq(Mux(tick, 0, elapsed + 1)),
                self._due.eq(self._due + tick - self._refreshed),
            ]

    def _arrivals(self, m: Module) -> None:
        """Beats that were read come a fixed time after their command."""
        latency = self._clocks.cas_latency + PIN_CLOCKS
        commands = Signal(latency)
        self._fetching = Signal()
        fetches = Signal(latency + 1)
        beats = Signal(range(BURST_BEATS + 1))
        self._fetched = Signal(self._part.bits)
        m.d.comb += [self.data.eq(self.dq_i), self.arrived.eq(beats != 0)]
        m.d.sync += [
            commands.eq(Cat(self.begun, commands)),
            fetches.eq(Cat(self._fetching, fetches)),
        ]
        with m.If(fetches[-1]):
            m.d.sync += self._fetched.eq(self.dq_i)
        with m.If(commands[-1]):
            m.d.sync += beats.eq(BURST_BEATS)
        with m.Elif(self.arrived):
            m.d.sync += beats.eq(beats - 1)
        with m.If(self.restart):
            m.d.sync += [commands.eq(0), beats.eq(0)]

    def _initialise(self, m: Module) -> None:
        clocks = self._clocks
        waited = Signal(range(clocks.power_up + 1))
        refreshes = Signal(range(INITIAL_REFRESHES))
        mode = _SINGLE_WRITES | clocks.cas_latency << 4 | BURST_BEATS.bit_length() - 1
        with m.State("power up"):
            m.d.sync += waited.eq(waited + 1)
            with m.If(waited == clocks.power_up):
                self._give(m, _PRECHARGE, clocks.t_rp, address=_ALL_BANKS)
                m.next = "first refreshes"
        with m.State("first refreshes"):
            with m.If(self._ready):
                self._give(m, _REFRESH, clocks.t_rfc)
                m.d.sync += refreshes.eq(refreshes + 1)
                with m.If(refreshes == INITIAL_REFRESHES - 1):
                    m.next = "mode"
        with m.State("mode"):
            with m.If(self._ready):
                self._give(m, _SET_MODE, MODE_CLOCKS, address=mode)
                m.d.sync += self._working.eq(1)
                m.next = "closed"

    def _closed(self, m: Module) -> None:
        """All banks are precharged."""
        clocks = self._clocks
        with m.State("closed"):
            with m.If(self._ready):
                with m.If(self._due != 0):
                    self._give(m, _REFRESH, clocks.t_rfc)
                    m.d.comb += self._refreshed.eq(1)
                with m.Elif(self.write_valid):
                    page = self.write_beat >> self._part.column_bits
                    self._activate(m, clocks.t_rcd, self._bank_of(page), self._row_of(page))
                    m.next = "fetch"
                with m.Elif(self.go):
                    self._activate(m, clocks.t_rcd, self._bank_of(self._page),
                                   self._row_of(self._page))
                    m.d.sync += self._restarting.eq(0)
                    m.next = "reading"
        with m.State("closing"):
            with m.If(self._ready & ~self._held):
                self._give(m, _PRECHARGE, clocks.t_rp, address=_ALL_BANKS)
                m.d.sync += [self._ahead.eq(0), self._stale.eq(0)]
                m.next = "closed"

    def _reading(self, m: Module) -> None:
        """The row of the position is open; ``phase`` counts the clocks of a burst."""
        column = Cat(Signal(BURST_BEATS.bit_length() - 1, name="zero"), self._burst)
        last = (1 << len(self._burst)) - 1
        with m.State("reading"):
            with m.If(self._phase != 0):
                m.d.sync += self._phase.eq(self._phase + 1)
            with m.Elif(self._ready):
                with m.If(self._restarting | self.write_valid
                          | (self._due >= POSTPONED_REFRESHES) | (~self.go & (self._due != 0))):
                    m.next = "closing"
                with m.Elif(self.go & ~self.restart):
                    self._give(m, _READ, 1, self._bank_of(self._page), column)
                    m.d.comb += self.begun.eq(1)
                    m.d.sync += [
                        self._phase.eq(1),
                        self._burst.eq(self._burst + 1),
                        self._turn.eq(self._burst == last),
                        self._near.eq(self._burst >= last - 1),
                    ]
            with m.If((self._phase == _PRECHARGE_PHASE) & self._stale):
                self._give(m, _PRECHARGE, 1, self._left_bank)
                m.d.sync += self._stale.eq(0)
            with m.If((self._phase == _ACTIVATE_PHASE) & self._near & ~self._ahead
                      & ~self._restarting):
                self._activate(m, 1, self._bank_of(self._next_page),
                               self._row_of(self._next_page))
                m.d.sync += self._ahead.eq(1)

    def _writing(self, m: Module) -> None:
        """Read a beat, change it, write it; the data bus needs a clock between the two."""
        clocks = self._clocks
        column = self.write_beat[:self._part.column_bits]
        bank = self._bank_of(self.write_beat >> self._part.column_bits)
        merged = self._fetched & ~self.write_mask | self.write_data & self.write_mask
        m.d.sync += self.dq_oe.eq(0)
        with m.State("fetch"):
            with m.If(self._ready):
                turn = BURST_BEATS + clocks.cas_latency + 1
                self._give(m, _READ, turn, bank, column)
                m.d.comb += self._fetching.eq(1)
                m.next = "store"
        with m.State("store"):
            with m.If(self._ready):
                self._give(m, _WRITE, clocks.t_wr, bank, column)
                m.d.sync += [self.dq_o.eq(merged), self.dq_oe.eq(1)]
                m.d.comb += self.written.eq(1)
                m.next = "closing"
