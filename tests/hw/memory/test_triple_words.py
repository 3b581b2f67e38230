"""Dense words to weight words against what packs them, under stalls and restarts."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sterna.machine.dense_triples import pack_dense
from sterna.machine.triples import pack_triples
from sterna_hw.memory.triple_words import TripleWords
from sterna_sim.streams import Receiver, sender, simulate


def integers(words: np.ndarray) -> list[int]:
    return [int.from_bytes(word.tobytes(), "little") for word in words]


@pytest.mark.parametrize("rows, columns", [(1, 3), (2, 6), (3, 9), (4, 24)], ids=str)
@pytest.mark.parametrize("given, taken", [(1.0, 1.0), (0.5, 1.0), (1.0, 0.5), (0.6, 0.7)])
def test_words(rows: int, columns: int, given: float, taken: float) -> None:
    trits = np.random.default_rng(columns).integers(-1, 2, (200, rows, columns))
    dut = TripleWords(rows * columns // 3)
    receiver = Receiver(dut.o, len(trits), seed=1, density=taken)
    simulate(dut, sender(dut.i, integers(pack_dense(trits)), seed=2, density=given), receiver)
    assert receiver.values == integers(pack_triples(trits))
    if given == taken == 1.0:
        assert receiver.clocks == list(range(receiver.clocks[0], receiver.clocks[0] + len(trits)))


def test_every_byte() -> None:
    """All values of triple and pair in each of the three words."""
    every = np.array(list(product((-1, 0, 1), repeat=5)))
    trits = np.zeros((3 * len(every), 5, 1, 3), int)
    trits[:len(every), [0, 3], 0] = np.pad(every, [(0, 0), (0, 1)]).reshape(-1, 2, 3)
    trits[len(every):-len(every), [1, 4], 0] = np.pad(every, [(0, 0), (0, 1)]).reshape(-1, 2, 3)
    last = trits[-len(every):]
    last[:, 2, 0], last[:, 3, 0, 2], last[:, 4, 0, 2] = every[:, :3], every[:, 3], every[:, 4]
    words = trits.reshape(-1, 1, 3)
    dut = TripleWords(1)
    receiver = Receiver(dut.o, len(words), seed=1)
    simulate(dut, sender(dut.i, integers(pack_dense(words)), seed=2), receiver)
    assert receiver.values == integers(pack_triples(words))


@pytest.mark.parametrize("before", range(1, 9))
def test_a_restart_begins_with_the_first_of_three(before: int) -> None:
    trits = np.random.default_rng(before).integers(-1, 2, (5, 2, 3))
    packed, wanted = integers(pack_dense(trits)), integers(pack_triples(trits))
    dut = TripleWords(2)

    async def bench(ctx) -> None:
        ctx.set(dut.o.ready, 1)
        ctx.set(dut.i.valid, 1)
        for clock in range(before):
            ctx.set(dut.i.payload, clock * 4711 % (1 << 16))
            await ctx.tick()
        ctx.set(dut.restart, 1)
        await ctx.tick()
        ctx.set(dut.restart, 0)
        found = []
        index = 0
        while len(found) < 5:
            ctx.set(dut.i.payload, packed[min(index, 2)])
            _, _, taken, valid, word = await ctx.tick().sample(
                dut.i.ready, dut.o.valid, dut.o.payload)
            index += taken
            found += [word] * valid
        assert found == wanted

    simulate(dut, bench)
