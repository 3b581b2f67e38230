"""What an executor keeps can be taken out and put back, in another one too."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.lowering import lower as lower_model
from sterna.families.matmul_free.random_model import random_model
from sterna.families.spiking.lowering import lower as lower_network
from sterna.golden.executor import GoldenExecutor
from sterna.program.definition import Program

from tests.hw.core.spiking_networks import random_network
from tests.sw.program.mixtures import random_mixture


def model() -> Program:
    config = ModelConfig(vocab_size=97, hidden_size=32, num_hidden_layers=2, intermediate_size=48)
    return lower_model(random_model(config, 1))


PROGRAMS: dict[str, Callable[[], Program]] = {
    "language model": model,
    "network": lambda: lower_network(random_network(1)),
    "network with delays": lambda: lower_network(random_network(2, 5)),
    **{f"mixture {seed}": lambda seed=seed: random_mixture(seed) for seed in (0, 1, 7)},
}


def steps(executor: GoldenExecutor, first: int, count: int) -> list[np.ndarray]:
    """Every value of so many RUNs, of inputs that the number of the RUN gives."""
    program, seen = executor.program, []
    for number in range(first, first + count):
        draw = np.random.default_rng(number)
        inputs = draw.integers(-100, 101, (executor.streams, program.input_length))
        executor.run(inputs, lambda key, name, value: seen.append(np.array(value)))
    return seen


@pytest.mark.parametrize("streams", [1, 2])
@pytest.mark.parametrize("name", PROGRAMS)
def test_what_follows_a_snapshot_can_be_had_again(name: str, streams: int) -> None:
    """From the same executor and from a new one; the snapshot stays as it was."""
    program = PROGRAMS[name]()
    executor = GoldenExecutor(program, streams=streams)
    steps(executor, 0, 4)
    kept = executor.snapshot()
    wanted = steps(executor, 4, 5)
    for again in (executor, GoldenExecutor(program, streams=streams)):
        again.restore(kept)
        taken = again.snapshot()
        assert list(taken) == list(kept)
        assert all(np.array_equal(taken[name], kept[name]) for name in kept)
        found = steps(again, 4, 5)
        assert len(found) == len(wanted)
        assert all(np.array_equal(*pair) for pair in zip(found, wanted, strict=True))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_snapshot_before_the_first_run_is_a_reset(name: str) -> None:
    executor = GoldenExecutor(PROGRAMS[name]())
    empty = executor.snapshot()
    assert empty and not any(value.any() for value in empty.values())
    first = steps(executor, 0, 3)
    assert any(value.any() for value in executor.snapshot().values())
    executor.restore(empty)
    assert all(np.array_equal(*pair) for pair in zip(steps(executor, 0, 3), first, strict=True))


def test_names_and_shapes() -> None:
    """Vectors, state words and past codes: with repetitions, streams first."""
    kept = GoldenExecutor(model(), streams=3).snapshot()
    assert {name: value.shape for name, value in kept.items()} == {
        "layer[0].h": (3, 32), "layer[1].h": (3, 32)}
    network = random_network(2, 5)
    kept = GoldenExecutor(lower_network(network), streams=2).snapshot()
    assert kept["input.past"].shape == (2, network.depth("input"), network.inputs)
    for item in network.populations:
        for state in item.definition.states:
            assert kept[f"step[0].{item.name}.{state}"].shape == (2, item.neurons)
        if network.depth(item.name):
            assert kept[f"step[0].{item.name}.past"].shape == (
                2, network.depth(item.name), item.neurons)


def test_foreign_snapshots_are_refused() -> None:
    """Nothing is changed by one."""
    executor = GoldenExecutor(lower_network(random_network(1)))
    steps(executor, 0, 3)
    kept = executor.snapshot()
    less = dict(kept)
    del less["step[0].p0.v"]
    wide = kept | {"step[0].p0.v": np.zeros((2, 3), np.int64)}
    for wrong, named in ((less, r"step\[0\].p0.v is None"), (wide, r"step\[0\].p0.v is \(2, 3\)"),
                         (kept | {"more": np.zeros(1)}, r"more is \(1,\) in the snapshot, not No")):
        with pytest.raises(InputError, match=named):
            executor.restore(wrong)
    now = executor.snapshot()
    assert all(np.array_equal(now[name], kept[name]) for name in kept)
