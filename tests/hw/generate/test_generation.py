"""What makes texts, beside units that only count: frame by frame what the emulator says."""

from __future__ import annotations

import random
import struct
from collections.abc import Mapping
from typing import Any, cast

import pytest
from sterna.machine.emulator.generation import Generation as EmulatedGeneration
from sterna.machine.emulator.generation import Refused
from sterna.machine.emulator.machine import EmulatedMachine
from sterna.machine.generation import HEADER, TAKE, Kind, Request
from sterna.machine.image import RUN
from sterna.machine.machine import Machine
from sterna.machine.protocol import FrameType, counter_words
from sterna.machine.units.head import BEST_WORDS
from sterna_hw.generate.generation import Generation
from sterna_sim.streams import put, simulate

from tests.sim.generation_frames import SAMPLINGS, Frames
from tests.sim.two_texts import two_texts

QUIET = 400
"""Clocks in which nobody asks for a RUN: all that may be made is there."""


class Units:
    """States of token streams: a number that depends on all that was read."""

    def __init__(self, machine: Machine, rows: int) -> None:
        self._top_k, self._rows = machine.head.top_k, rows
        self.states = [0] * machine.streams
        self._counters = bytes(4 * counter_words(machine))

    def read(self, stream: int, word: int) -> bytes:
        """Read a token; returns the words of the head."""
        state = self.states[stream] = (self.states[stream] * 1103515245 + word + 12345) % (1 << 32)
        draw = random.Random(state)
        values = sorted((draw.randrange(-9000, 9000) for _ in range(self._top_k)), reverse=True)
        rows = draw.sample(range(self._rows), self._top_k)
        pairs = [number for pair in zip(values, rows, strict=True) for number in pair]
        return struct.pack(f"<Ii{len(pairs)}i", 1 << 15, -24, *pairs)

    def run(self, entry: int, words: Mapping[int, int], chained: set[int], rows: int) -> bytes:
        """As `EmulatedMachine.run`."""
        (stream, word), = words.items()
        return self._counters + self.read(stream, word)

    def state_of(self, stream: int) -> dict[str, Any]:
        """As `EmulatedMachine.state_of`."""
        return {str(stream): self.states[stream]}

    def write_state(self, space: str, first: int, words: Any) -> None:
        """As `EmulatedMachine.write_state`."""
        self.states[int(space)] = words


class Around:
    """The units as streams, and a link that sends one frame after the other, ``rest`` clocks after
    the last RUN."""

    def __init__(self, unit: Generation, machine: Machine, units: Units) -> None:
        self.unit, self._machine, self._units = unit, machine, units
        generates = machine.generates
        assert generates is not None
        numbers = {name: number for number, name in enumerate(
            spec.name for spec in (*machine.memories, *machine.states))}
        self._spaces = {numbers[generates.slot(machine, stream)[0][0].name]: stream
                        for stream in range(machine.streams)}
        self.quiet, self.rest = 0, QUIET

    async def run_units(self, ctx: Any) -> None:
        """RUNs and their results."""
        unit, streams = self.unit, self._machine.streams
        while True:
            ctx.set(unit.runs.ready, 1)
            _, _, valid = await ctx.tick().sample(unit.runs.valid)
            if not valid:
                continue
            self.quiet = 0
            ctx.set(unit.runs.ready, 0)
            request = unit.runs.payload
            active = ctx.get(request.active) if streams > 1 else 1
            for stream in [stream for stream in range(streams) if active >> stream & 1]:
                data = self._units.read(stream, ctx.get(request[f"input_word_{stream}"]))
                words = struct.unpack(f"<{len(data) // 4}I", data)
                for word in words[:BEST_WORDS] if ctx.get(unit.best_alone) else words:
                    await put(ctx, unit.result, word)

    async def read_states(self, ctx: Any) -> None:
        """The first piece of the first memory of a stream is its state."""
        unit = self.unit
        while True:
            ctx.set(unit.reads.ready, 1)
            _, _, valid, space, word = await ctx.tick().sample(
                unit.reads.valid, unit.reads.payload.space, unit.reads.payload.word)
            ctx.set(unit.reads.ready, 0)
            found = self._spaces.get(space) if not word else None
            while valid:
                ctx.set(unit.words.payload, 0 if found is None else self._units.states[found])
                ctx.set(unit.words.valid, 1)
                _, _, taken, more = await ctx.tick().sample(unit.words.ready, unit.more)
                if taken:
                    found, valid = None, more
            ctx.set(unit.words.valid, 0)

    async def write_states(self, ctx: Any) -> None:
        """The same piece back."""
        unit, payload = self.unit, self.unit.writes.payload
        ctx.set(unit.writes.ready, 1)
        while True:
            _, _, valid, space, word, chunk, data = await ctx.tick().sample(
                unit.writes.valid, payload.space, payload.word, payload.chunk, payload.data)
            if valid and space in self._spaces and not word and not chunk:
                self._units.states[self._spaces[space]] = data

    async def ask(self, ctx: Any, stops: bool, payload: bytes) -> tuple[int, bytes]:
        """Code and payload of the answer to a frame; what follows it is over then."""
        unit = self.unit
        for byte in payload:
            ctx.set(unit.made_bytes.payload, byte)
            ctx.set(unit.made_bytes.valid, 1)
            await ctx.tick()
        ctx.set(unit.made_bytes.valid, 0)
        ctx.set(unit.stops, stops)
        ctx.set(unit.ask, 1)
        decided, code = 0, 0
        while not decided:
            _, _, decided, code = await ctx.tick().sample(unit.decided, unit.refused)
        ctx.set(unit.ask, 0)
        told = b""
        if not code:
            ctx.set(unit.told.ready, 1)
            while len(told) < ctx.get(unit.length):
                _, _, valid, byte = await ctx.tick().sample(unit.told.valid, unit.told.payload)
                told += bytes([byte] * valid)
            ctx.set(unit.told.ready, 0)
        ctx.set(unit.made_end, 1)
        await ctx.tick()
        ctx.set(unit.made_end, 0)
        self.quiet = 0
        while self.quiet < self.rest:
            self.quiet += 1
            await ctx.tick()
        return code, told


@pytest.mark.parametrize(("streams", "count"), [
    (1, 8), pytest.param(1, 30, marks=pytest.mark.long),
    pytest.param(2, 40, marks=pytest.mark.long)])
def test_answers_are_those_of_the_emulator(streams: int, count: int) -> None:
    image = two_texts()
    machine = image.machine.having(streams=streams)
    units, others = (Units(machine, image.rows) for _ in range(2))
    emulator = EmulatedGeneration(machine, cast(EmulatedMachine, others), True)
    unit = Generation(machine)
    around, frames = Around(unit, machine, units), Frames(image, 3)
    told = []

    async def host(ctx: Any) -> None:
        while len(told) < count:
            kind, payload = frame = frames.draw()
            if kind not in (FrameType.GENERATE, FrameType.STOP):
                continue
            stops, code, data = kind == FrameType.STOP, 0, b""
            try:
                data = (emulator.stop if stops else emulator.generate)(payload)
            except Refused as refused:
                code = int(refused.code)
            found = await around.ask(ctx, stops, payload)
            assert found == (code, data), f"frame {len(told)}: {kind.name} {payload.hex()}"
            assert units.states == others.states
            answer = FrameType.STOP_ANSWER if stops else FrameType.GENERATE_ANSWER
            frames.answered(frame, FrameType.ERROR if code else answer, data)
            told.append(data)

    simulate(unit, host, background=(around.run_units, around.read_states, around.write_states))


def test_a_choice_stays_that_of_its_text() -> None:
    """When a frame for another one comes in the middle of it."""
    image = two_texts()
    machine = image.machine
    units, others = (Units(machine, image.rows) for _ in range(2))
    emulator = EmulatedGeneration(machine, cast(EmulatedMachine, others), True)
    unit, draw = Generation(machine), random.Random(5)
    around = Around(unit, machine, units)
    asked = SAMPLINGS[1].parameters(machine.head.top_k)
    request = Request(
        entry=image.entries[RUN], row_words=image.row_groups, rows=image.rows,
        mantissa=asked.sharpness[0], exponent=asked.sharpness[1], count=asked.count,
        share=asked.share, seed=asked.seed, text=0, most=200)
    payloads = [HEADER.pack(Kind.START, stream, 1, 0) + request.pack([3 + stream])
                for stream in (0, 1)]
    for position in range(1, 17, 2):
        payloads += [HEADER.pack(Kind.TAKE, stream, 1, position) + TAKE.pack(2, position + 8)
                     for stream in (0, 1)]

    async def host(ctx: Any) -> None:
        for number, payload in enumerate(payloads):
            around.rest = draw.randrange(60)
            assert await around.ask(ctx, False, payload) == (0, emulator.generate(payload)), number

    simulate(unit, host, background=(around.run_units, around.read_states, around.write_states))
