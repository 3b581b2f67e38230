"""The engine that texts take turns on: each gets the accumulators that it would get alone."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module, Signal
from sterna.machine.machine import Machine
from sterna.machine.protocol import Space, space_number
from sterna.machine.units.ternary import CODE_BANKS
from sterna_hw.component import Component
from sterna_hw.memory.text_source import TextSource
from sterna_hw.stream import connect_streams
from sterna_hw.ternary.shared_engine import SharedEngine
from sterna_sim.streams import Receiver, pack, sender, simulate

from tests.hw.ternary.test_engine import SHAPES, TABLE_SHAPES, TWIN_SHAPES, Work, shape_name


class System(Component):
    """The engine with its weights; those of a text behind those of the one before."""

    def __init__(self, shape: Machine, works: list[Work]) -> None:
        self._works, self._engine = works, SharedEngine(shape)
        words = [word for work in works for word in work.weights]
        self._source = TextSource(
            shape.texts, 8 * shape.ternary.weight_bytes, len(words),
            space_number(shape, Space.WEIGHTS), self._engine.word_delay, words)
        self._names = [f"{name}_{text}" for text in range(shape.texts)
                       for name in ("commands", "results")]
        super().__init__({name: self._engine.signature.members[name]
                          for name in ("codes", "released", "idle", "busy", *self._names)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.source, m.submodules.engine = source, engine = self._source, self._engine
        started, first = Signal(), 0
        m.d.sync += started.eq(1)
        for text, work in enumerate(self._works):
            m.d.comb += getattr(source, f"base_{text}").eq(first)
            first += len(work.weights)
        m.d.comb += [
            source.restart.eq(~started), source.show.eq(engine.show),
            source.take.eq(engine.take), engine.word.eq(source.word),
            self.released.eq(engine.released), self.idle.eq(engine.idle),
            self.busy.eq(engine.busy),
        ]
        connect_streams(m, self.codes, engine.codes)
        for name in self._names:
            outer, inner = getattr(self, name), getattr(engine, name)
            connect_streams(m, *((inner, outer) if "results" in name else (outer, inner)))
        return m


def run(shape: Machine, works: list[Work], seed: int, codes: float = 1.0, commands: float = 1.0,
        results: float = 1.0) -> int:
    """Compare every result of each text; the clocks that were busy."""
    texts = range(shape.texts)
    system = System(shape, works)
    rng = random.Random(seed)
    receivers = [Receiver(getattr(system, f"results_{text}"), len(work.results), seed=seed + text,
                          density=results) for text, work in enumerate(works)]
    busy = []

    async def code_groups(ctx: Any) -> None:
        """Of any text that has a free bank, or one that fills."""
        left = [list(work.codes) for work in works]
        free, inside = [CODE_BANKS] * len(texts), [False] * len(texts)
        while any(left):
            able = [text for text in texts if left[text] and (inside[text] or free[text])]
            sends = bool(able) and rng.random() < codes
            ctx.set(system.codes.valid, sends)
            if sends:
                text = rng.choice(able)
                group = left[text].pop(0)
                if not inside[text]:
                    free[text] -= 1
                inside[text] = not group["last"]
                ctx.set(system.codes.payload.as_value(),
                        pack(system.codes.payload.shape(), group | {"text": text}))
            _, _, released = await ctx.tick().sample(system.released)
            for text in texts:
                free[text] += released >> text & 1
        ctx.set(system.codes.valid, 0)

    async def monitor(ctx: Any) -> None:
        async for _, _, taken in ctx.tick().sample(system.busy):
            busy.append(taken)

    async def ends(ctx: Any) -> None:
        await ctx.tick().until(system.idle)

    simulate(system, code_groups, *receivers, ends,
             *(sender(getattr(system, f"commands_{text}"), work.commands, seed=seed + 9 + text,
                      density=commands) for text, work in enumerate(works)),
             background=[monitor])
    for receiver, work in zip(receivers, works, strict=True):
        assert receiver.values == work.results
    assert sum(busy) == sum(len(work.weights) for work in works)
    return len(busy)


@pytest.mark.parametrize("shape, texts, densities", [
    (SHAPES[0], 2, {}),
    (SHAPES[1], 2, {"results": 0.3}),
    (SHAPES[3], 4, {"codes": 0.6, "commands": 0.4, "results": 0.6}),
    (SHAPES[4], 2, {"codes": 0.15}),
    (TABLE_SHAPES[0], 2, {"results": 0.3}),
    (TABLE_SHAPES[1], 2, {}),
    (TABLE_SHAPES[2], 4, {"codes": 0.6, "commands": 0.1, "results": 0.6}),
    (TABLE_SHAPES[4], 2, {}),
    (TABLE_SHAPES[4], 4, {"codes": 0.6, "commands": 0.4, "results": 0.3}),
    (TWIN_SHAPES[0], 2, {"results": 0.3}),
    (TWIN_SHAPES[1], 2, {}),
    (TWIN_SHAPES[2], 4, {"codes": 0.6, "commands": 0.1, "results": 0.6}),
    (TWIN_SHAPES[0], 4, {"codes": 0.15}),
    (TWIN_SHAPES[3], 2, {"commands": 0.05}),
], ids=lambda value: "-".join(value) or "free" if isinstance(value, dict)
   else value if isinstance(value, int) else shape_name(value))
def test_random_work_of_texts(shape: Machine, texts: int, densities: dict[str, float]) -> None:
    shared = shape.having(streams=texts, shared=True)
    rng = np.random.default_rng(texts)
    works = [Work(shared).add_random(rng, 3) for _ in range(texts)]
    run(shared, works, texts, **densities)


def test_one_text_fills_what_another_leaves() -> None:
    """With codes that come slowly the engine works for both at once."""
    shape = SHAPES[4].having(streams=2, shared=True)
    rng = np.random.default_rng(2)
    both = [Work(shape).add_random(rng, 4) for _ in range(2)]
    alone = [run(shape, [work if text == own else Work(shape) for text, work in enumerate(both)],
                 1, codes=0.15) for own in range(2)]
    assert run(shape, both, 1, codes=0.3) < 0.8 * sum(alone)
