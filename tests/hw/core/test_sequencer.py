"""The sequencer against the interpreter: loops, offsets, queues, end of program."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from amaranth.sim import Simulator
from sterna.machine.encoding import encode, instruction_fields
from sterna.machine.machine import Machine
from sterna.machine.presets import PRESETS, STEP_MACHINE
from sterna.machine.protocol import word_chunks
from sterna.machine.sequencer import INSTRUCTION_CLOCKS
from sterna.machine.units.ternary import MATMUL_QUEUE
from sterna_hw.core.sequencer import QUIET_CLOCKS, Sequencer
from sterna_sim.streams import put, unpack

from tests.hw.core.sequencer_model import execute
from tests.hw.spaces import Number

TINY = PRESETS["tiny"]
BOTH = TINY.having(units=(*TINY.units, *STEP_MACHINE.having(input_depth=0).units))


@dataclass
class Run:
    """What one run sent out by each port: (clock, name, fields), and clocks from start to done."""

    ports: dict[str, list[tuple[int, str, dict[str, int]]]]
    clocks: int = 0

    @property
    def commands(self) -> list[tuple[int, dict[str, int]]]:
        """Clocks and fields of vector and scalar commands."""
        return [(clock, fields) for clock, _, fields in self.ports["commands"]]

    def sent(self) -> dict[str, list[tuple[str, dict[str, int]]]]:
        """Commands by port, in their order."""
        return {port: [(name, fields) for _, name, fields in sent]
                for port, sent in self.ports.items()}


def run_programs(memory: list[int], entries: list[int], *, machine: Machine = TINY,
                 ready: float = 1.0, seed: int = 0, busy_after: int = 0,
                 slow: dict[str, float] | None = None) -> list[Run]:
    """Load the memory and run from each entry; units stay busy for a while after each command."""
    dut = Sequencer(machine)
    runs: list[Run] = []
    clock = [0]
    busy_until = [0]

    sampled = [value for port in machine.ports
               for value in (getattr(dut, port).valid, getattr(dut, port).ready,
                             getattr(dut, port).payload.as_value())]

    def keep(port: str, bits: int) -> None:
        fields = unpack(getattr(dut, port).payload.shape(), bits)
        names = [item.name for item in machine.ports[port]]
        name = names[fields["which"] if len(names) > 1 else 0]
        runs[-1].ports[port].append(
            (clock[0], name, fields[name.lower()] if len(names) > 1 else fields))
        busy_until[0] = clock[0] + 1 + busy_after

    async def host(ctx):
        for word, value in enumerate(memory):
            for chunk in range(word_chunks(machine, Number.PROGRAM.space)):
                await put(ctx, dut.writes, {"space": Number.PROGRAM, "word": word, "chunk": chunk,
                                            "data": value >> 32 * chunk & 0xFFFF_FFFF})
        for entry in entries:
            await ctx.tick().repeat(3)
            runs.append(Run({port: [] for port in machine.ports}))
            await put(ctx, dut.start, entry)
            before = clock[0]
            await ctx.tick().until(dut.done)
            runs[-1].clocks = clock[0] - before
        await ctx.tick().repeat(20)

    async def units(ctx):
        rng = random.Random(seed)
        while True:
            for port in machine.ports:
                ctx.set(getattr(dut, port).ready, rng.random() < (slow or {}).get(port, ready))
            ctx.set(dut.units_idle, clock[0] >= busy_until[0])
            _, _, done, *values = await ctx.tick().sample(dut.done, *sampled)
            assert not (done and clock[0] < busy_until[0])
            for place, port in enumerate(machine.ports):
                valid, takes, bits = values[3 * place:3 * place + 3]
                if valid and takes:
                    keep(port, bits)
            clock[0] += 1

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(host)
    simulator.add_testbench(units, background=True)
    simulator.run()
    return runs


def expected(memory: list[int], entry: int = 0, machine: Machine = TINY
             ) -> dict[str, list[tuple[str, dict[str, int]]]]:
    executed = execute(machine, memory, entry)
    return {port: [item for item in executed if item[0] in {known.name for known in kinds}]
            for port, kinds in machine.ports.items()}


def random_instruction(rng: random.Random, kind: str, ends: int = 0,
                       machine: Machine = TINY) -> int:
    values = {name: rng.getrandbits(width)
              for name, width in instruction_fields(machine)[kind] if name not in ("kind", "ends")}
    return encode(machine, kind, ends=ends, **values)


def dispatched(rng: random.Random, ends: int = 0) -> int:
    return random_instruction(rng, rng.choice(["VECTOR", "SCALAR", "MATMUL"]), ends)


def repeat(level: int, count: int, step: int) -> int:
    return encode(TINY, "REPEAT", level=level, count=count, step=step)


def body(rng: random.Random, length: int, ends: int) -> list[int]:
    return [dispatched(rng) for _ in range(length - 1)] + [dispatched(rng, ends)]


END = encode(TINY, "END")


def nested(rng: random.Random) -> list[int]:
    """Outer loop around instructions and two inner loops, the second closing both."""
    program = [dispatched(rng), repeat(1, 3, rng.randrange(256))]
    program += body(rng, 2, 0)
    program += [repeat(0, 4, rng.randrange(256)), *body(rng, 3, 1)]
    program += body(rng, 1, 0)
    program += [repeat(0, 2, rng.randrange(256)), *body(rng, 2, 3)]
    return [*program, dispatched(rng), END]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("ready", [1.0, 0.3])
def test_nested_loops(seed, ready):
    rng = random.Random(seed)
    memory = nested(rng)
    run, = run_programs(memory, [0], ready=ready, seed=seed)
    assert run.sent() == expected(memory)


@pytest.mark.parametrize("count", [1, 2, 300])
@pytest.mark.parametrize("level", [0, 1])
def test_loop_of_one_instruction(count, level):
    vector = encode(TINY, "VECTOR", ends=1 << level, length=1, a_address=250, a_layer=1,
                    b_address=3, result_address=7, result_layer=level)
    memory = [repeat(level, count, 5), vector, END]
    run, = run_programs(memory, [0])
    assert run.sent() == expected(memory)
    assert len(run.commands) == count
    offset = 5 * (count - 1)
    last = run.commands[-1][1]
    assert last["a_address"] == (250 + offset) % 256
    assert last["b_address"] == (3 if level else 3 + offset) % 256


def test_both_loops_of_one_instruction():
    vector = encode(TINY, "VECTOR", ends=3, length=1, a_address=1, a_layer=1, b_address=2)
    after = encode(TINY, "VECTOR", length=1, a_address=1, a_layer=1, b_address=2)
    memory = [repeat(1, 3, 100), repeat(0, 4, 10), vector, after, END]
    run, = run_programs(memory, [0])
    assert run.sent() == expected(memory)
    addresses = [command["a_address"] for _, command in run.commands]
    assert addresses == [1, 11, 21, 31, 101, 111, 121, 131, 201, 211, 221, 231, 1]


def test_repetition_of_a_level_within_another_run_of_it():
    rng = random.Random(5)
    memory = [repeat(0, 3, 7), *body(rng, 2, 1), repeat(0, 2, 9), *body(rng, 2, 1),
              repeat(1, 2, 11), *body(rng, 2, 2), dispatched(rng), END]
    run, = run_programs(memory, [0])
    assert run.sent() == expected(memory)


def test_entries_and_repeated_runs():
    rng = random.Random(6)
    first, second = nested(rng), nested(rng)
    memory = first + [END] + second
    entry = len(first) + 1
    runs = run_programs(memory, [0, entry, len(first), 0], ready=0.7)
    assert [run.sent() for run in runs] == [
        expected(memory), expected(memory, entry),
        {"commands": [], "matmuls": []}, expected(memory)]


@pytest.mark.parametrize("kind", [0, 5, 6, 7])
def test_other_kinds_end_the_program(kind):
    rng = random.Random(7)
    memory = [dispatched(rng), kind | 3 << 3, dispatched(rng), END]
    run, = run_programs(memory, [0])
    assert sum(map(len, run.ports.values())) == 1


def test_done_waits_for_the_units():
    rng = random.Random(8)
    memory = [random_instruction(rng, "VECTOR"), END]
    run, = run_programs(memory, [0], busy_after=100)
    assert run.clocks >= 100 + QUIET_CLOCKS


def test_clocks_of_an_instruction():
    rng = random.Random(9)
    memory = [repeat(1, 5, 1), repeat(0, 7, 1)]
    memory += [random_instruction(rng, "VECTOR", ends) for ends in (0, 1)]
    memory += [random_instruction(rng, "SCALAR", 2), END]
    run, = run_programs(memory, [0])
    instructions = len(execute(TINY, memory))
    clocks = [clock for clock, _ in run.commands]
    assert clocks[-1] - clocks[0] == INSTRUCTION_CLOCKS * (instructions - 4)
    assert run.clocks == INSTRUCTION_CLOCKS * instructions + QUIET_CLOCKS + 2


def test_matrix_commands_run_ahead_of_the_engine():
    rng = random.Random(10)
    memory = [random_instruction(rng, "MATMUL") for _ in range(MATMUL_QUEUE)]
    memory += [random_instruction(rng, "VECTOR"), END]
    run, = run_programs(memory, [0], slow={"matmuls": 0.005}, seed=2)
    assert run.sent() == expected(memory)
    assert run.ports["commands"][0][0] < run.ports["matmuls"][0][0]


@pytest.mark.parametrize("ready", [1.0, 0.2])
@pytest.mark.parametrize("machine", [STEP_MACHINE, BOTH], ids=["steps", "both"])
def test_each_instruction_goes_by_the_port_of_its_unit(machine, ready):
    rng = random.Random(11)
    kinds = [item.name for port in machine.ports.values() for item in port]
    memory = [random_instruction(rng, rng.choice(kinds), 0, machine) for _ in range(40)]
    memory.append(encode(machine, "END"))
    run, = run_programs(memory, [0], machine=machine, ready=ready, seed=4)
    assert run.sent() == expected(memory, 0, machine)
    assert all(run.ports.values())
