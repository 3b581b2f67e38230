"""Many clients at once, and many after each other: nothing is lost, nobody waits too long."""

from __future__ import annotations

import concurrent.futures
import gc
import http.client
import json
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from sterna.families.requests import LoadRequest
from sterna.options import Options
from sterna.serve.service import Service
from sterna.sharing.kept import KeptStates
from sterna.tasks.load import load

from tests.sw.chat.templates import save_chat_model

openai: Any = pytest.importorskip("openai", reason="the openai package is not installed")
pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")
PROMPTS = ("The king", "Once", "A wolf", "There was a boy who lived at the end of the wood and had")


@contextmanager
def client_of(url: str) -> Iterator[Any]:
    with openai.OpenAI(base_url=url, api_key="x", max_retries=0, timeout=600) as found:
        yield found


def asked(url: str, number: int, tokens: int) -> tuple[str, int, float]:
    """The answer, its tokens, and the longest time in which nothing of it came."""
    with client_of(url) as client:
        text, longest, last = "", 0.0, time.monotonic()
        for part in client.completions.create(
                model="demo-tiny", prompt=PROMPTS[number % len(PROMPTS)], seed=number,
                temperature=0.9, max_tokens=tokens, stream=True,
                stream_options={"include_usage": True}):
            now = time.monotonic()
            longest, last = max(longest, now - last), now
            if part.choices:
                text += part.choices[0].text
            else:
                return text, part.usage.completion_tokens, longest
    raise AssertionError("the answer has no end")


def ask_all(url: str, service: Service, clients: int, tokens: int) -> None:
    """Each gets what it gets alone on the golden, and waits at most twice its share."""
    sharing = service.worker.sharing
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        found = list(pool.map(lambda number: asked(url, number, tokens), range(clients)))
    seconds = time.monotonic() - start
    with load(LoadRequest(model="demo-tiny", options=Options(config="tiny"))) as golden:
        for number, (text, made, _) in enumerate(found):
            alone = golden.generate(PROMPTS[number % len(PROMPTS)], seed=number, temperature=0.9,
                                    max_tokens=tokens)
            assert (text, made) == (alone.continuation, tokens)
    assert sharing.counted.turns > 0
    assert sharing.counted.waits.count == clients + sharing.counted.turns
    assert 0 < sharing.counted.longest_shares <= 2
    # By the clocks of the clients: all of them once have had a share of so many seconds.
    share = seconds * clients * sharing.quantum / sharing.counted.done
    assert max(longest for _, _, longest in found) <= 2 * share
    assert (service.worker.clients, sharing.running, sharing.waiting) == (0, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("clients", [16, pytest.param(64, marks=pytest.mark.long)])
def test_clients_of_the_emulator(clients):
    from tests.sw.serve.served import served

    with served(device="emulator", options={"streams": 4, "config": "tiny"}) as (url, service):
        ask_all(url, service, clients, tokens=36)


@pytest.mark.slow
@pytest.mark.verilator
def test_8_clients_of_the_simulated_board():
    from tests.sw.serve.served import served

    with served(device="sim", options={"streams": 2, "config": "tiny"}) as (url, service):
        ask_all(url, service, clients=8, tokens=48)


def test_who_leaves_frees_a_stream_for_who_waits():
    """One leaves while his answer is made, one while he waits; the others lose nothing."""
    from tests.sw.serve.served import served

    with served(device="emulator", options={"config": "tiny"}) as (url, service):
        with client_of(url) as client:
            leaving = [client.completions.create(model="demo-tiny", prompt="The king", stream=True,
                                                 max_tokens=4000) for _ in range(2)]
            next(iter(leaving[0]))
            assert service.worker.clients == 2
            for stream in leaving:
                stream.close()
            assert asked(url, 3, 20)[1] == 20
            assert service.worker.sharing.counted.made < 2000
            assert (service.worker.clients, service.worker.sharing.running) == (0, 0)


def rss() -> int:
    """Bytes of memory that this process has."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


@pytest.mark.slow
def test_memory_does_not_grow_over_1000_requests():
    """Not by one object in two of them; states that are kept have their limit, which is small here.
    """
    from tests.sw.serve.served import served

    def ask(number: int) -> None:
        if number % 2:
            path, asked = "completions", {"prompt": [1, 3 + number % 380]}
        else:
            said = f"The king of {number} and the queen" if number % 40 == 0 else "K"
            path, asked = "chat/completions", {
                "messages": [{"role": "user", "content": said}], "stream": number % 4 == 0}
        connection.request("POST", f"/v1/{path}", json.dumps(
            {"model": "demo-tiny", "max_tokens": 2, "seed": 1, **asked}),
            {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.read() and answer.status == 200

    with served(device="emulator", options={"config": "tiny"}) as (url, service):
        sharing = service.worker.sharing
        sharing.states = KeptStates(most_states=4)
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        for number in range(240):
            ask(number)
        assert len(sharing.states) == 4
        gc.collect()
        blocks, memory = sys.getallocatedblocks(), rss()
        for number in range(1000):
            ask(1000 + number)
        gc.collect()
        assert sys.getallocatedblocks() - blocks < 500 and rss() - memory < 1 << 22
        connection.close()


@pytest.mark.parametrize("kept_on", ["slot", "host"])
def test_the_second_turn_of_a_long_conversation_comes_10_times_sooner(tmp_path, kept_on):
    """Than when all is read again: from its slot, and from the host where others took that."""
    from tests.sw.serve.served import served

    model = str(save_chat_model(tmp_path / "model"))
    with served(model, device="emulator", options={"streams": 2, "config": "tiny"}) as (
            url, service), client_of(url) as client:
        def first_token(*said: str, tokens: int = 1) -> tuple[float, str, Any]:
            start, first, text, usage = time.monotonic(), 0.0, "", None
            for part in client.chat.completions.create(
                    model=model, max_tokens=tokens, temperature=0, stream=True,
                    stream_options={"include_usage": True},
                    messages=[{"role": ("user", "assistant")[place % 2], "content": text}
                              for place, text in enumerate(said)]):
                if part.choices and part.choices[0].delta.content:
                    first, text = first or time.monotonic() - start, (
                        text + part.choices[0].delta.content)
                usage = part.usage
            return first, text, usage

        def conversation(number: int) -> tuple[float, float]:
            """Seconds until the first token of its second turn: kept, and read again."""
            said = f"{number} " + "Once upon a time there was a wolf who lived in the wood. " * 13
            _, answer, usage = first_token(said, tokens=30)
            assert usage.total_tokens >= 400
            if kept_on == "host":
                client.completions.create(model=model, prompt=["One", "Two", "Three"], max_tokens=4)
            kept, _, usage = first_token(said, answer, "And then?")
            assert usage.prompt_tokens_details.cached_tokens >= 400
            again, _, usage = first_token("!" + said, answer, "And then?")
            assert usage.prompt_tokens_details.cached_tokens == 0
            return kept, again

        kept, again = zip(*map(conversation, range(3)), strict=True)
        assert 10 * statistics.median(kept) <= statistics.median(again)
        assert service.worker.waits[kept_on].count == 3
