"""The golden with several token streams: each is what it is alone."""

from __future__ import annotations

import pytest
from sterna.errors import InputError
from sterna.families.matmul_free.configuration import ModelConfig
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.random_model import random_model
from sterna.families.tokens.golden_device import GoldenDevice
from sterna.families.tokens.open_device import open_device

from tests.sim.shapes import random_program

PROGRAM = random_program(16, 1, 16, 20, seed=3)


def alone(tokens: list[int]) -> list[tuple]:
    device = GoldenDevice(PROGRAM, 4)
    return [device.step(token).candidates() for token in tokens]


def test_streams_join_and_leave_and_leave_the_others_alone():
    device = GoldenDevice(PROGRAM, 4, streams=2)
    first, second = [3, 1, 4, 1], [5, 9, 2]
    found: list[list[tuple]] = [[], []]

    def run(tokens: dict[int, list[int]]) -> None:
        for stream, step in device.run(tokens).items():
            assert step.places == (stream,)
            found[stream].append(step.result.candidates())

    run({0: first})
    assert device.join() == 1
    run({0: first[1:], 1: second})
    with pytest.raises(ValueError, match="all 2 streams are in use"):
        device.join()
    run({1: second[1:]})
    run({0: first[2:], 1: second[2:]})
    device.leave(1)
    run({0: first[3:]})
    assert found == [alone(first), alone(second)]
    assert device.join() == 1
    assert device.run({1: [7]})[1].result.candidates() == alone([7])[0]
    device.reset()
    with pytest.raises(ValueError, match="stream 1 has not begun"):
        device.run({1: [7]})
    assert device.step(3).candidates() == alone([3])[0]


def test_a_bad_id_changes_no_stream():
    device = GoldenDevice(PROGRAM, 4, streams=2)
    device.join()
    with pytest.raises(InputError, match="token 20 is outside the vocabulary of 20"):
        device.run({0: [3], 1: [1, 20]})
    assert device.step(3).candidates() == alone([3])[0]
    with pytest.raises(ValueError, match="no token"):
        device.run({0: []})


def test_the_golden_is_opened_without_a_machine_for_the_program():
    config = ModelConfig(
        vocab_size=20, hidden_size=16, num_hidden_layers=1, intermediate_size=16,
        channel_mixer="lif",
    )
    device = open_device("golden", lower(random_model(config, 1)))
    assert device.step(1).candidates()
