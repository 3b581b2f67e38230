"""Streams in Amaranth's simulator: put, get, random stalls, and a run with a deadline.

Payloads are plain Python: integers, lists for arrays, dictionaries for structures (numpy integers
and arrays are accepted). Randomness comes from a seed, so that a failure can be repeated.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from amaranth.hdl import Fragment, Shape, Value
from amaranth.lib import data
from amaranth.sim import Simulator
from sterna_hw.stream import is_layout

Testbench = Callable[[Any], Coroutine[Any, Any, None]]

PERIOD = 1e-6


def _fields(shape: Any) -> Iterable[tuple[Any, Any]]:
    return iter(data.Layout.cast(shape))


def pack(shape: Any, value: Any) -> int:
    """The bits of a payload as an unsigned integer; absent structure fields are zero.

    Raises:
        ValueError: a number does not fit its field, an array has the wrong length or a
            structure has no such field.
    """
    if not is_layout(shape):
        plain, number = Shape.cast(shape), int(value)
        low = -(1 << (plain.width - 1)) if plain.signed else 0
        if not low <= number < low + (1 << plain.width):
            raise ValueError(f"{number} does not fit {plain}")
        return number & ((1 << plain.width) - 1)
    fields = dict(_fields(shape))
    items = value if isinstance(value, dict) else dict(enumerate(value))
    if not items.keys() <= fields.keys() or (not isinstance(value, dict)
                                             and len(items) != len(fields)):
        raise ValueError(f"{value!r} does not fit {shape!r}")
    word = 0
    for key, item in items.items():
        word |= pack(fields[key].shape, item) << fields[key].offset
    return word


def unpack(shape: Any, bits: int) -> Any:
    """The payload that the bits mean: the reverse of `pack`."""
    if not is_layout(shape):
        plain = Shape.cast(shape)
        bits &= (1 << plain.width) - 1
        negative = plain.signed and plain.width and bits >> (plain.width - 1)
        return bits - (1 << plain.width) if negative else bits
    values = {key: unpack(field.shape, bits >> field.offset) for key, field in _fields(shape)}
    return list(values.values()) if isinstance(shape, data.ArrayLayout) else values


async def put(ctx: Any, stream: Any, value: Any) -> None:
    """Offer one payload and wait until it is taken."""
    ctx.set(Value.cast(stream.payload), pack(stream.payload.shape(), value))
    ctx.set(stream.valid, 1)
    ready = False
    while not ready:
        _, _, ready = await ctx.tick().sample(stream.ready)
    ctx.set(stream.valid, 0)


async def get(ctx: Any, stream: Any) -> Any:
    """Wait for one payload and take it."""
    ctx.set(stream.ready, 1)
    valid, bits = False, 0
    while not valid:
        _, _, valid, bits = await ctx.tick().sample(stream.valid, Value.cast(stream.payload))
    ctx.set(stream.ready, 0)
    return unpack(stream.payload.shape(), bits)


def sender(stream: Any, values: Iterable[Any], *, seed: int = 0,
           density: float = 1.0) -> Testbench:
    """A testbench that puts all values; in a clock without an offer it makes one at ``density``."""

    async def testbench(ctx: Any) -> None:
        rng = random.Random(seed)
        for value in values:
            while rng.random() >= density:
                await ctx.tick()
            await put(ctx, stream, value)

    return testbench


class Receiver:
    """Takes ``count`` payloads, ready in each clock with probability ``density``.

    Add it to the simulation as a testbench; afterwards ``values`` has the payloads and ``clocks``
    the number of the clock in which each was taken. A payload that changes while it waits, or a
    ``valid`` that drops, is an AssertionError.
    """

    def __init__(self, stream: Any, count: int, *, seed: int = 0, density: float = 1.0) -> None:
        self.values: list[Any] = []
        self.clocks: list[int] = []
        self._stream = stream
        self._count = count
        self._seed = seed
        self._density = density

    async def __call__(self, ctx: Any) -> None:
        rng = random.Random(self._seed)
        shape = self._stream.payload.shape()
        waiting: int | None = None
        clock = 0
        while len(self.values) < self._count:
            ready = rng.random() < self._density
            ctx.set(self._stream.ready, ready)
            _, _, valid, bits = await ctx.tick().sample(
                self._stream.valid, Value.cast(self._stream.payload))
            if waiting is not None:
                assert valid, "valid dropped before the transfer"
                assert bits == waiting, "payload changed before the transfer"
            waiting = bits if valid and not ready else None
            if valid and ready:
                self.values.append(unpack(shape, bits))
                self.clocks.append(clock)
            clock += 1
        ctx.set(self._stream.ready, 0)


def _as_function(testbench: Testbench) -> Testbench:
    """The simulator takes functions and methods, not objects that can be called."""
    return testbench if inspect.isroutine(testbench) else testbench.__call__


def simulate(component: Any, *testbenches: Testbench, background: Iterable[Testbench] = (),
             deadline: int = 100_000, platform: Any = None) -> None:
    """Run until all testbenches have ended.

    Args:
        component: the design, with one clock domain ``sync``.
        testbenches: coroutine functions such as those of `sender` and `Receiver`.
        background: further ones that need not end.
        deadline: clocks after which the run is given up.
        platform: what the design is elaborated for.

    Raises:
        AssertionError: the deadline has passed, or a testbench failed.
    """

    simulator = Simulator(Fragment.get(component, platform))
    simulator.add_clock(PERIOD)
    for testbench in testbenches:
        simulator.add_testbench(_as_function(testbench))
    for testbench in background:
        simulator.add_testbench(_as_function(testbench), background=True)
    for _ in range(2 * deadline):
        if not simulator.advance():
            return
    raise AssertionError(f"the simulation did not end within {deadline} clocks")
