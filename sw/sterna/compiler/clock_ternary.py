"""Clocks of the ternary engine, and of the head behind it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, log2
from typing import TYPE_CHECKING

from sterna.compiler.plan import MatmulStep
from sterna.machine.machine import Machine
from sterna.machine.units.head import CANDIDATES
from sterna.machine.units.ternary import CODE_BANKS, MATMUL_QUEUE, Destination, result_room

if TYPE_CHECKING:
    from sterna.compiler.clock import Clock

TABLE_SETS = 2
SPLIT_CLOCKS = 1
"""From a row group of accumulators to its first vector group."""


@dataclass
class Bank:
    """A vector of codes: clock in which its first tile is readable, clocks a tile, last clock."""

    first: int
    per_tile: int
    complete: int


class EngineClock:
    """The engine with the commands and codes that wait for it, and the results that it gave.

    Attributes:
        commands: those that wait, with the clocks in which the engine can see them.
        free: when it can take another weight word. banks, released: codes, and when banks were
            free again. results: when row groups are there for the vector unit.
        taken: when the row groups left the queue. accumulate: weight words.
        starts: when the last commands began, so that their places in the queue were free.
        sets, set_written: of two sets of tables, when the last ones were done with, and the last
            one was written.
        works: is told of the clocks in which it accumulates.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.commands: deque[tuple[MatmulStep, int]] = deque()
        self.starts: deque[int] = deque([0] * MATMUL_QUEUE, MATMUL_QUEUE)
        self.banks: deque[Bank] = deque()
        self.released: deque[int] = deque([0] * CODE_BANKS, CODE_BANKS)
        self.results: deque[int] = deque()
        self.taken: list[int] = []
        self.free = self.accumulate = 0
        self._block = self.produced = 0
        self.set_written = 0
        self.sets: deque[int] = deque([0] * TABLE_SETS, TABLE_SETS)
        self._head_free = self._inserted = 0.0
        self._head_rows = 0
        self.works: Callable[[int, int], None] | None = None

    @property
    def ended(self) -> int:
        """When engine and head are done."""
        return max(self.free, ceil(max(self._head_free, self._inserted)))

    def finish(self) -> None:
        """Work off what is queued."""
        while self.commands:
            self.accumulate_block()

    def accumulate_block(self) -> None:
        """One block of the oldest command."""
        command, dispatched = self.commands[0]
        bank, width = self.banks[0], command.groups * len(command.matrices)
        if self._block == 0:
            self.free = max(self.free, dispatched)
            self.starts.append(self.free)
        passes = command.planes * width
        final = self._block + 1 == command.blocks
        if self.machine.ternary.least_tile_clocks:
            last = self._ahead(command, bank, width, dispatched)
        else:
            last = self._in_turn(command, bank, width)
            if command.release and final:
                last = max(last, bank.complete - width)
        self._block += 1
        for _ in range(width):
            oldest = self.produced - result_room(self.machine)
            if 0 <= oldest < len(self.taken):
                last = max(last, self.taken[oldest] + 1)
            self._deliver(command, last + self._latency)
            last += 1
        self.free = last
        self.accumulate += command.tiles * passes
        if self.works is not None:
            fill = 0 if self.machine.ternary.least_tile_clocks else (
                self.machine.ternary.tile_clocks)
            for tile in range(command.tiles):
                end = last - tile * (passes + fill)
                self.works(end - passes, end)
        if final:
            self._block = 0
            self.commands.popleft()
            if command.release:
                self.banks.popleft()
                self.released.append(self.set_written or self.free)

    def _in_turn(self, command: MatmulStep, bank: Bank, width: int) -> int:
        """Clock of the first word of the last pass, each tile being prepared when it begins."""
        tiles = command.tiles
        last_ready = min(bank.first + (tiles - 1) * bank.per_tile, bank.complete)
        # Tile t starts when it is readable; ready times are a line, so its ends decide.
        fill = self.machine.ternary.tile_clocks
        fills = fill if tiles > 1 or self._block == 0 else 0
        passes = command.planes * width
        last = max(self.free, bank.first) + (tiles - 1) * (passes + fill)
        return max(last, last_ready) + fills + passes - width

    def _ahead(self, command: MatmulStep, bank: Bank, width: int, dispatched: int) -> int:
        """The same, where the tables of a tile are written while the ones before are in use.

        They wait for their codes and for the set of tables of the tile before the last one.
        """
        tiles, clocks, last = command.tiles, self.machine.ternary.least_tile_clocks, self.free
        passes = command.planes * width
        if tiles == 1 and self._block:
            self.sets[-1] = self.free + passes
            return self.free + passes - width
        for tile in range(tiles):
            ready = min(bank.first + tile * bank.per_tile, bank.complete)
            if command.release and tile == tiles - 1:
                ready = bank.complete
            self.set_written = max(self.set_written, self.sets[0], ready, dispatched) + clocks
            last = max(last, self.set_written)
            self.sets.append(last + passes)
            if tile < tiles - 1:
                last += passes
        return last + passes - width

    @property
    def _latency(self) -> int:
        columns = self.machine.ternary.columns
        lanes = (ceil(log2(columns // 3)) + 6 if self.machine.ternary.has_tables else
                 ceil(log2(columns)) + 4)
        ternary = self.machine.ternary
        return lanes + ternary.weighting_clocks + ternary.delivery_clocks + SPLIT_CLOCKS

    def _deliver(self, command: MatmulStep, arrival: int) -> None:
        """A row group leaves the engine."""
        self.produced += 1
        if command.destination is Destination.VECTOR:
            self.results.append(arrival)
        else:
            self.taken.append(int(max(self._head_free, arrival)))
            self.rank(self.machine.ternary.rows, command.rows, arrival)

    def rank(self, words: int, rows: int, arrival: int) -> None:
        """The head takes some words of so many while those worth keeping find room.

        Of words in random order the n-th is among the k best so far with probability k / n and
        then moves half of them.
        """
        head = self.machine.head
        best, time = head.top_k, max(self._head_free, arrival)
        for _ in range(words):
            self._head_rows += 1
            time += 1 / head.head_words
            if self._head_rows <= rows:
                kept = min(best, self._head_rows)
                cost = kept / 2 + 2
                self._inserted = max(self._inserted, time) + cost * kept / self._head_rows
                time = max(time, self._inserted - CANDIDATES * cost)
        self._head_free = time


def issue_matmul(clock: Clock, step: MatmulStep) -> None:
    """A command goes into the queue when there is room."""
    engine = clock.engine
    while len(engine.commands) >= MATMUL_QUEUE:
        engine.accumulate_block()
    engine.commands.append((step, clock.instruction(engine.starts[0]) + 3))
