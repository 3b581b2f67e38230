"""The client of OpenAI talks with the server: whole answers, streams, errors, many at once."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest
from sterna.chat.conversation import USER, Message
from sterna.families.matmul_free.store import load_model
from sterna.families.requests import LoadRequest
from sterna.formats.tokenizer import Tokenizer
from sterna.options import Options
from sterna.tasks.load import load

from tests.sw.chat.templates import save_chat_model, tokenizer

openai: Any = pytest.importorskip("openai", reason="the openai package is not installed")
KEY = "a key"
SEEDED = {"max_tokens": 8, "temperature": 0.9}


@pytest.fixture(scope="module")
def server():
    """demo-tiny on two streams of the emulator, behind a key."""
    pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")
    from tests.sw.serve.served import served

    with served(key=KEY, device="emulator", options={"streams": 2, "config": "tiny"},
                most_tokens=500) as found:
        yield found


@pytest.fixture(scope="module")
def service(server):
    return server[1]


@pytest.fixture(scope="module")
def client(server):
    with openai.OpenAI(base_url=server[0], api_key=KEY, max_retries=0) as found:
        yield found


@pytest.fixture(scope="module")
def alone():
    """What the golden makes of a prompt by itself."""
    model = load(LoadRequest(model="demo-tiny", options=Options(config="tiny")))

    def text(prompt: str, **options: Any) -> str:
        return model.generate(prompt, **options).continuation

    yield text
    model.close()


def complete(client: Any, prompt: Any = "The king", **options: Any) -> Any:
    return client.completions.create(model="demo-tiny", prompt=prompt, **{**SEEDED, **options})


def chat(client: Any, text: str = "The king", **options: Any) -> Any:
    return client.chat.completions.create(
        model="demo-tiny", messages=[{"role": "user", "content": text}], **{**SEEDED, **options})


def idle(service: Any) -> None:
    """Until nobody waits and no stream is busy."""
    end = time.monotonic() + 60
    while service.worker.clients or service.worker.sharing.running:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_models(client):
    model, = client.models.list().data
    assert (model.id, model.owned_by) == ("demo-tiny", "sterna")
    assert client.models.retrieve("demo-tiny") == model


def test_a_whole_completion(client, alone):
    made = complete(client, seed=3)
    choice, = made.choices
    assert choice.text == alone("The king", seed=3, **SEEDED)
    assert choice.finish_reason == "length" and choice.logprobs is None
    assert made.usage.completion_tokens == 8
    assert made.usage.prompt_tokens == 1 + len(tokenizer().encode("The king"))
    assert made.usage.total_tokens == made.usage.prompt_tokens + 8
    assert (made.object, made.model) == ("text_completion", "demo-tiny")


def test_a_streamed_completion(client, alone):
    parts = list(complete(client, seed=3, stream=True, stream_options={"include_usage": True},
                          max_tokens=200))
    assert "".join(part.choices[0].text for part in parts[:-1]) == alone(
        "The king", seed=3, temperature=0.9, max_tokens=200)
    assert [part.choices[0].finish_reason for part in parts[:-1]] == [
        *[None] * (len(parts) - 2), "length"]
    assert parts[-1].choices == [] and parts[-1].usage.completion_tokens == 200
    assert len(parts) > 2


def test_a_chat(client, alone):
    made = chat(client, seed=3)
    choice, = made.choices
    assert choice.message.content == alone("The king", seed=3, **SEEDED)
    assert (choice.message.role, choice.finish_reason) == ("assistant", "length")
    parts = list(chat(client, seed=3, stream=True))
    assert parts[0].choices[0].delta.role == "assistant"
    assert "".join(part.choices[0].delta.content or "" for part in parts) == (
        choice.message.content)
    assert parts[-1].choices[0].finish_reason == "length"


def test_the_asynchronous_client(server, alone):
    import asyncio

    async def answers() -> list[str]:
        async with openai.AsyncOpenAI(base_url=server[0], api_key=KEY, max_retries=0) as client:
            stream = await chat(client, seed=5, stream=True)
            return [part.choices[0].delta.content or "" async for part in stream if part.choices]

    assert "".join(asyncio.run(answers())) == alone("The king", seed=5, **SEEDED)


def test_several_prompts_and_choices(client, alone):
    made = complete(client, ["The king", "Once"], n=2, seed=1, temperature=0)
    assert [choice.index for choice in made.choices] == [0, 1, 2, 3]
    assert [choice.text for choice in made.choices] == [
        alone(prompt, max_tokens=8) for prompt in ("The king", "The king", "Once", "Once")]
    different = complete(client, n=2, seed=1, temperature=2).choices
    assert different[0].text != different[1].text


def test_ids_as_a_prompt(client, alone):
    ids = [1, *tokenizer().encode("The king")]
    assert complete(client, ids, seed=3).choices[0].text == alone("The king", seed=3, **SEEDED)
    assert len(complete(client, [ids, ids]).choices) == 2


def test_without_a_seed_answers_differ(client):
    assert len({complete(client, temperature=5).choices[0].text for _ in range(4)}) > 1


@pytest.mark.parametrize("streamed", [False, True])
def test_stop_strings(client, alone, service, streamed):
    whole = alone("The king", max_tokens=40)
    stop = whole[21:24]
    expected = whole[:whole.index(stop)]
    made = complete(client, max_tokens=40, temperature=0, stop=[stop, "never"], stream=streamed)
    if streamed:
        parts = list(made)
        text, reason = "".join(part.choices[0].text for part in parts), parts[-1].choices[0]
        assert (text, reason.finish_reason) == (expected, "stop")
    else:
        assert (made.choices[0].text, made.choices[0].finish_reason) == (expected, "stop")
        assert made.usage.completion_tokens < 40
    idle(service)


def test_log_probabilities_are_over_the_candidates_and_say_so(client):
    found = complete(client, seed=3, logprobs=3).choices[0].logprobs
    assert len(found.tokens) == len(found.token_logprobs) == len(found.top_logprobs) == 8
    assert all(len(best) == 3 and value <= 0 for best, value in zip(
        found.top_logprobs, found.token_logprobs, strict=True))
    assert found.text_offset[:2] == [0, len(found.tokens[0])]
    assert "not over the vocabulary" in found.over
    made = chat(client, seed=3, logprobs=True, top_logprobs=4).choices[0].logprobs
    assert np.allclose([item.logprob for item in made.content], found.token_logprobs)
    for item in made.content:  # four candidates are all that this machine gives
        assert np.isclose(sum(np.exp(best.logprob) for best in item.top_logprobs), 1)
        assert bytes(item.bytes).decode(errors="replace") == item.token
    parts = list(chat(client, seed=3, logprobs=True, stream=True))
    streamed = [item.logprob for part in parts if part.choices[0].logprobs
                for item in part.choices[0].logprobs.content]
    assert np.allclose(streamed, found.token_logprobs)


@pytest.mark.parametrize(("options", "status", "message"), [
    ({"model": "gpt"}, 404, "model: \"gpt\" is not here; there is 'demo-tiny'"),
    ({"max_tokens": 501}, 400, "max_tokens: is 501; it must be a whole number from 0 to 500"),
    ({"max_tokens": -1}, 400, "max_tokens: is -1"),
    ({"temperature": -1}, 400, "temperature is -1; it must be between 0 and 100"),
    ({"temperature": "hot"}, 400, "temperature: is \"hot\"; it must be a number"),
    ({"top_p": 0}, 400, "top-p is 0; it must be above 0"),
    ({"n": 17}, 400, "n: is 17; it must be a whole number from 1 to 16"),
    ({"stop": [""]}, 400, "stop: must be a string, or a list of at most 16"),
    ({"seed": 0.5}, 400, "seed: is 0.5"),
    ({"stream": "yes"}, 400, "stream: is \"yes\"; it must be true or false"),
    ({"prompt": [1, 999]}, 400, "prompt: 999 is no token id; they are below 384"),
    ({"prompt": [[1], "x", 3]}, 400, "prompt: must be a text, a list of token ids"),
    ({"prompt": "x" * 20000}, 400, "tokens are before the answer; at most 8192 are taken"),
    ({"frequency_penalty": 0.5}, 400, "frequency_penalty: is not there; leave it out"),
    ({"echo": True}, 400, "echo: is not there"),
    ({"logprobs": 5}, 400, "logprobs: is 5; it must be a whole number from 0 to 4"),
    ({"extra_body": {"beams": 3}}, 400, "beams: no such parameter"),
])
def test_what_is_wrong_is_told_by_its_name(client, options, status, message):
    with pytest.raises(openai.APIStatusError) as caught:
        client.completions.create(**{"model": "demo-tiny", "prompt": "The king", **options})
    assert caught.value.status_code == status and message in caught.value.message
    assert caught.value.body["type"] == "invalid_request_error"


@pytest.mark.parametrize(("messages", "message"), [
    ([], "messages: must be a list of messages, at least one"),
    ([{"role": "tool", "content": "x", "tool_call_id": "1"}], "messages[0] has no role of"),
    ([{"role": "user", "content": None}], "messages[0] has no text as its content"),
    ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}],
     "messages[0] has no text"),
])
def test_wrong_messages(client, messages, message):
    with pytest.raises(openai.BadRequestError, match="messages") as caught:
        client.chat.completions.create(model="demo-tiny", messages=messages)
    assert message in caught.value.message


def test_parameters_that_change_nothing_are_taken(client):
    assert complete(client, seed=3, user="me", frequency_penalty=0, logit_bias={}, best_of=1,
                    echo=False).choices[0].text
    assert chat(client, max_completion_tokens=2, max_tokens=None, store=False, tools=[],
                response_format={"type": "text"}).usage.completion_tokens == 2
    parts = [{"type": "text", "text": "The "}, {"type": "text", "text": "king"}]
    assert client.chat.completions.create(
        model="demo-tiny", messages=[{"role": "developer", "content": "x"},
                                     {"role": "user", "content": parts}], max_tokens=1)


def test_a_key_is_needed(server):
    for key in ("another", "a ke", "a key2"):
        with openai.OpenAI(base_url=server[0], api_key=key, max_retries=0) as client:
            with pytest.raises(openai.AuthenticationError, match="missing or wrong"):
                client.models.list()


def test_a_client_that_leaves_frees_its_stream(client, service):
    before = service.worker.sharing.counted.made
    stream = complete(client, max_tokens=500, temperature=0, stream=True)
    for _ in zip(range(2), stream, strict=False):
        pass
    stream.close()
    idle(service)
    assert service.worker.sharing.counted.made - before < 500


def test_a_client_that_leaves_before_its_whole_answer(client, service):
    before = service.worker.sharing.counted.made
    with pytest.raises(openai.APITimeoutError):
        complete(client.with_options(timeout=0.3), max_tokens=500, temperature=0)
    idle(service)
    assert service.worker.sharing.counted.made - before < 500


def test_a_stream_is_kept_alive_by_comments(client, alone, monkeypatch):
    """Which the client leaves out."""
    from sterna.serve import application

    monkeypatch.setattr(application, "PING", 0.001)
    parts = list(chat(client, seed=3, stream=True))
    assert "".join(part.choices[0].delta.content or "" for part in parts) == alone(
        "The king", seed=3, **SEEDED)


def test_a_second_turn_is_not_read_again(tmp_path):
    """On one stream that others use meanwhile."""
    pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")
    from tests.sw.serve.served import served

    model = str(save_chat_model(tmp_path / "model"))
    with served(model, device="emulator") as (url, service):
        with openai.OpenAI(base_url=url, api_key="x", max_retries=0) as client:
            def ask(*said: str) -> Any:
                messages = [{"role": ("user", "assistant")[place % 2], "content": text}
                            for place, text in enumerate(said)]
                return client.chat.completions.create(
                    model=model, messages=messages, max_tokens=4, temperature=0)

            long = "Once upon a time there was a wolf who " * 12
            first = ask(long)
            answer = first.choices[0].message.content
            client.completions.create(model=model, prompt="Others", max_tokens=4)
            before = service.worker.sharing.counted.read
            second = ask(long, answer, "And then?")
            assert service.chat.ids([Message(USER, long)])[0] == 1
            cached = second.usage.prompt_tokens_details.cached_tokens
            assert first.usage.prompt_tokens - 1 <= cached < second.usage.prompt_tokens
            assert service.worker.sharing.counted.read - before < 40
            text = service.worker.sharing.counted
            assert text.restored and text.restore_seconds and text.read_seconds


def test_limits(server):
    pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")
    from tests.sw.serve.served import served

    with served(device="emulator", queue=0, deadline=0.5) as (url, service):
        with openai.OpenAI(base_url=url, api_key="x", max_retries=0) as client:
            failures: list[Exception] = []

            def long() -> None:
                try:
                    complete(client, max_tokens=4000, temperature=0)
                except openai.InternalServerError as error:
                    failures.append(error)

            thread = threading.Thread(target=long)
            thread.start()
            while not service.worker.clients:
                time.sleep(0.001)
            with pytest.raises(openai.RateLimitError, match="too many texts wait already"):
                complete(client)
            thread.join()
            error, = failures
            assert error.status_code == 504 and "the deadline" in error.message
            idle(service)
            with pytest.raises(openai.APIError, match="the deadline of the request has passed"):
                list(complete(client, max_tokens=4000, temperature=0, stream=True))


def test_the_tokenizer_is_that_of_the_model():
    path = load_model("demo-tiny").tokenizer_path
    assert path is not None and Tokenizer.from_file(path).special == tokenizer().special
