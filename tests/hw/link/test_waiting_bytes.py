"""Bytes that wait for the frame before theirs."""

from __future__ import annotations

import random

import pytest
from sterna.machine.units.generate import WAITING_BYTES as ROOM
from sterna_hw.link.waiting_bytes import WaitingBytes
from sterna_sim.streams import Receiver, sender, simulate


@pytest.mark.parametrize(("sent", "taken"), [(1, 1), (1, 0.1), (0.2, 1), (0.6, 0.4)])
def test_bytes_in_order(sent: float, taken: float) -> None:
    queue, data = WaitingBytes(), random.Random(1).choices(range(256), k=3 * ROOM)
    receiver = Receiver(queue.o, len(data), seed=2, density=taken)
    simulate(queue, sender(queue.i, data, density=sent), receiver)
    assert receiver.values == data
    if sent == taken == 1:
        assert receiver.clocks[-1] - receiver.clocks[0] == 2 * (len(data) - 1)


def test_so_many_are_taken_while_nobody_listens() -> None:
    queue, counted = WaitingBytes(), []

    async def count(context) -> None:
        context.set(queue.i.valid, 1)
        for _ in range(2 * ROOM):
            await context.tick()
        counted.append(context.get(queue.i.ready))

    simulate(queue, count)
    assert counted == [0]
