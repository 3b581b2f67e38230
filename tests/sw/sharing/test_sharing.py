"""Texts of many on one device: each is what it is alone, and nobody waits longer than his share."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

import pytest
from sterna.compiler.fit import fit_machine
from sterna.families.matmul_free.lowering import lower
from sterna.families.matmul_free.store import load_model
from sterna.families.tokens.golden_device import GoldenDevice
from sterna.families.tokens.open_device import open_device
from sterna.host.device import Device
from sterna.law.sampling import Sampling, choose
from sterna.machine.additions import with_generation, with_snapshots
from sterna.machine.presets import PRESETS
from sterna.sharing.job import LENGTH, STOP, Job, Wish
from sterna.sharing.kept import KeptStates
from sterna.sharing.sharing import Sharing

QUANTUM = 4


@cache
def program():
    return lower(load_model("demo-tiny"))


def board(streams: int, more: Callable = lambda machine: machine) -> Device:
    machine = more(fit_machine(program(), PRESETS["tiny"].having(streams=streams), "chip"))
    return open_device("emulator", program(), machine, "chip")


DEVICES: dict[str, Callable[[int], Device]] = {
    "golden": lambda streams: GoldenDevice(program(), 4, streams),
    "making": lambda streams: board(streams, with_generation),
    "readable": lambda streams: board(streams, with_snapshots),
    "plain": board,
}


@pytest.fixture(params=DEVICES)
def device(request):
    return DEVICES[request.param]


def wishes(count: int, **more: object) -> list[Wish]:
    generator = random.Random(5)
    return [Wish(**{
        "ids": (1, *(generator.randrange(3, 384) for _ in range(generator.randrange(1, 12)))),
        "most": generator.randrange(1, 11), "sampling": Sampling(0.9, seed=number), **more})
        for number in range(count)]


def alone(wish: Wish) -> list[int]:
    """What the law makes of it, on a device of its own."""
    golden, position = GoldenDevice(program(), 4), 0
    for token in wish.ids:
        result = golden.step(token)
        position += 1
    made: list[int] = []
    while True:
        values = result.values.tolist()
        place = choose(values, (result.mantissa, result.exponent),
                       wish.sampling.parameters(len(values)), wish.number, position)
        made.append(int(result.rows[place]))
        if made[-1] in wish.ends or len(made) == wish.most:
            return made
        result = golden.step(made[-1])
        position += 1


def finish(sharing: Sharing, jobs: list[Job]) -> None:
    while not all(job.finish for job in jobs):
        sharing.go_on()


@pytest.mark.parametrize("streams", [1, 3])
def test_every_text_is_what_it_is_alone(device, streams):
    sharing = Sharing(device(streams), QUANTUM)
    wanted = wishes(7)
    jobs = [sharing.submit(wish) for wish in wanted]
    seen: dict[int, list[int]] = {id(job): [] for job in jobs}
    while not all(job.finish for job in jobs):
        for event in sharing.go_on():
            seen[id(event.job)] += [token.id for token in event.tokens]
    for job, wish in zip(jobs, wanted, strict=True):
        assert job.made == seen[id(job)] == alone(wish)
        assert job.finish == LENGTH
    assert sharing.counted.made == sum(len(job.made) for job in jobs)
    assert sharing.counted.turns > 0
    assert (sharing.running, sharing.waiting) == (0, 0)


def test_end_tokens(device):
    wish = Wish(ids=(1, 40, 50), most=20, sampling=Sampling())
    made = alone(wish)
    end = made[5]
    ended = Wish(ids=wish.ids, most=20, sampling=Sampling(), ends=frozenset([end, 383]))
    many = Wish(ids=wish.ids, most=20, sampling=Sampling(),
                ends=frozenset([end, *(number for number in range(300, 384)
                                       if number not in made)]))
    sharing = Sharing(device(1), QUANTUM)
    jobs = [sharing.submit(item) for item in (ended, many)]
    finish(sharing, jobs)
    for job in jobs:
        assert job.finish == STOP and job.made == made[:made.index(end) + 1]


def test_nobody_waits_longer_than_the_shares_before_him():
    """In rounds of the golden, in which every text reads or makes one id."""
    sharing = Sharing(GoldenDevice(program(), 4, 2), QUANTUM)
    jobs = [sharing.submit(Wish(ids=(1,), most=12, sampling=Sampling())) for _ in range(6)]
    last, longest = {id(job): 0 for job in jobs}, 0
    for number in range(1, 1000):
        for event in sharing.go_on():
            longest = max(longest, number - last[id(event.job)])
            last[id(event.job)] = number
        if all(job.finish for job in jobs):
            break
    assert longest <= 6 / 2 * QUANTUM
    assert number <= 6 * 12 / 2 + QUANTUM


@pytest.mark.parametrize("name", ["golden", "making", "readable"])
def test_a_conversation_goes_on_where_its_stream_is(name):
    sharing = Sharing(DEVICES[name](2), QUANTUM)
    first = sharing.submit(Wish(ids=tuple(range(3, 40)), most=5, sampling=Sampling(),
                                conversation=True))
    finish(sharing, [first])
    before = sharing.counted.read
    ids = (*first.wish.ids, *first.made, 7, 8)
    second = sharing.submit(Wish(ids=ids, most=3, sampling=Sampling(), conversation=True))
    finish(sharing, [second])
    assert second.kept == len(first.wish.ids) + 4 and sharing.counted.read - before == 3
    assert second.made == alone(second.wish)
    # Another answer than that which was given: the prompt itself was kept.
    other = sharing.submit(Wish(ids=(*first.wish.ids, 300, 301, 302), most=3, sampling=Sampling(),
                                conversation=True))
    finish(sharing, [other])
    assert other.kept == len(first.wish.ids) - 1 and other.made == alone(other.wish)


@pytest.mark.parametrize("name", ["golden", "making", "readable"])
def test_a_conversation_is_restored_when_others_had_its_stream(name):
    sharing = Sharing(DEVICES[name](1), QUANTUM)
    first = sharing.submit(Wish(ids=tuple(range(3, 40)), most=5, sampling=Sampling()))
    finish(sharing, [first])
    finish(sharing, [sharing.submit(wish) for wish in wishes(2)])
    second = sharing.submit(Wish(ids=(*first.wish.ids, *first.made, 7), most=3,
                                 sampling=Sampling()))
    finish(sharing, [second])
    assert sharing.counted.restored >= second.kept == len(first.wish.ids) + 4
    assert second.made == alone(second.wish)


def test_what_cannot_be_kept_is_read_again():
    sharing = Sharing(DEVICES["plain"](1), QUANTUM)
    assert not sharing.readable
    first = sharing.submit(Wish(ids=tuple(range(3, 40)), most=5, sampling=Sampling()))
    finish(sharing, [first])
    finish(sharing, [sharing.submit(wish) for wish in wishes(2)])
    second = sharing.submit(Wish(ids=(*first.wish.ids, *first.made, 7), most=3,
                                 sampling=Sampling(), conversation=True))
    finish(sharing, [second])
    assert second.kept == 0 and second.made == alone(second.wish) and not len(sharing.states)


def test_a_job_that_is_cancelled_makes_room(device):
    sharing = Sharing(device(1), 1000)
    long, waits, last = (sharing.submit(Wish(ids=(1, 50), most=most, sampling=Sampling()))
                         for most in (40, 40, 3))
    while len(long.made) < 3:
        sharing.go_on()
    assert (sharing.running, sharing.waiting) == (1, 2)
    sharing.cancel(waits)
    sharing.cancel(long)
    sharing.cancel(long)
    finish(sharing, [last])
    assert last.made == alone(last.wish) and (long.finish, waits.made) == (None, [])
    # What it has read is the beginning of another text now.
    assert long.made == alone(long.wish)[:len(long.made)]


def test_a_text_that_is_stopped_goes_on_from_there(device):
    """As one does whose client found a stop string: the board has made more meanwhile."""
    sharing = Sharing(device(1), 1000)
    job = sharing.submit(Wish(ids=(1, 50), most=50, sampling=Sampling(), one_by_one=True))
    while len(job.made) < 3:
        sharing.go_on()
    sharing.cancel(job)
    assert len(job.made) == 3
    following = sharing.submit(Wish(ids=(1, 50, *job.made, 60), most=4, sampling=Sampling()))
    finish(sharing, [following])
    assert following.kept == 4 and following.made == alone(following.wish)


def test_candidates(device):
    sharing = Sharing(device(2), QUANTUM)
    job = sharing.submit(Wish(ids=(1, 50), most=6, sampling=Sampling(0.8), candidates=True))
    tokens = []
    while not job.finish:
        tokens += [token for event in sharing.go_on() for token in event.tokens]
    golden = GoldenDevice(program(), 4)
    for token in job.wish.ids:
        result = golden.step(token)
    for token in tokens:
        assert token.candidates.candidates() == result.candidates()
        result = golden.step(token.id)


def test_states_are_forgotten_when_there_are_too_many():
    golden = GoldenDevice(program(), 4)
    state, states = golden.snapshot(), KeptStates(most_bytes=1 << 26, most_states=5)
    for number in range(9):
        states.keep([number, 1], state)
    assert len(states) == 5
    assert states.longest([3, 1, 2]) == (0, None) and states.longest([4, 1, 2])[0] == 2
    assert states.longest([4, 1]) == (0, None)  # one must be left to be read
    states.keep([4, 1, 2], state)
    assert states.longest([4, 1, 2, 3])[0] == 3 and states.longest([5, 1, 2]) == (0, None)
    small = KeptStates(most_bytes=2 * states.bytes // 5)
    for number in range(9):
        small.keep([number, 1], state)
    assert len(small) == 2 and small.bytes <= 2 * states.bytes // 5
