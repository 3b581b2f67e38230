"""Paths of the server."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from sterna.errors import InputError
from sterna.serve import page
from sterna.serve.answers import Form, usage
from sterna.serve.asked import Asked, ChatCompletion, Completion, read_chat, read_completion
from sterna.serve.errors import Refused
from sterna.serve.metrics import metrics
from sterna.serve.service import MOST_BODY, Service
from sterna.serve.texts import Texts
from sterna.sharing.job import Wish

PING = 10.0
"""Seconds of silence in a stream after which a comment says that somebody is still there."""
PATIENCE = 60.0
"""Seconds until the body of a request has to be there."""
DONE = "data: [DONE]\n\n"


class Paths:
    """What each answers."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._statuses: Counter[int] = Counter()
        self._began = int(time.time())

    def application(self) -> Starlette:
        """All of them, and errors in one form."""
        get, post = ["GET"], ["POST"]
        application = Starlette(
            routes=[Route("/health", self._counted(self.health), methods=get),
                    Route("/metrics", self._counted(self.metrics), methods=get),
                    Route("/v1/models", self._counted(self.models), methods=get),
                    Route("/v1/models/{name:path}", self._counted(self.model), methods=get),
                    Route("/v1/completions", self._counted(self.completions), methods=post),
                    Route("/v1/chat/completions", self._counted(self.chat), methods=post),
                    *page.routes()],
            exception_handlers={HTTPException: self._no_path, Exception: self._fault})
        application.router.redirect_slashes = False
        return application

    async def health(self, request: Request) -> Response:
        """Whether it answers, and what."""
        del request
        service = self._service
        return JSONResponse({"status": "ok", "model": service.name, "device": service.device.name,
                             "streams": service.device.streams,
                             "texts": service.worker.clients,
                             "chat_template": not service.chat.is_plain})

    async def metrics(self, request: Request) -> Response:
        """Counters."""
        del request
        return PlainTextResponse(metrics(self._service.worker, self._statuses))

    async def models(self, request: Request) -> Response:
        """The one that there is."""
        del request
        return JSONResponse({"object": "list", "data": [self._model()]})

    async def model(self, request: Request) -> Response:
        """That of a name."""
        if (name := request.path_params["name"]) != self._service.name:
            raise Refused(404, f"model: {name!r} is not here; there is {self._service.name!r}",
                          param="model", code="model_not_found")
        return JSONResponse(self._model())

    async def completions(self, request: Request) -> Response:
        """Texts that go on."""
        asked = read_completion(await self._body(request), self._service.usual)

        def prompts() -> list[tuple[int, ...]]:
            return [self._service.ids(prompt) for prompt in asked.prompts]

        return await self._answer(request, asked, prompts)

    async def chat(self, request: Request) -> Response:
        """A conversation that goes on."""
        asked = read_chat(await self._body(request), self._service.usual)

        def prompts() -> list[tuple[int, ...]]:
            return [self._service.checked(self._service.chat.ids(asked.messages))]

        return await self._answer(request, asked, prompts)

    async def _answer(self, request: Request, asked: Completion | ChatCompletion,
                      prompts: Callable[[], list[tuple[int, ...]]]) -> Response:
        is_chat = isinstance(asked, ChatCompletion)
        try:
            found = await run_in_threadpool(prompts)
        except InputError as error:
            raise Refused(400, str(error), code="invalid_value") from None
        service = self._service
        form = Form("chat.completion" if is_chat else "text_completion",
                    "chatcmpl" if is_chat else "cmpl", is_chat, service.name, service.fingerprint,
                    service.tokenizer, asked.logprobs)
        wishes = [Wish(ids=ids, most=asked.most, sampling=asked.sampling, ends=service.ends,
                       number=number, candidates=asked.logprobs is not None,
                       one_by_one=bool(asked.stops), conversation=is_chat)
                  for ids in found for number in range(asked.choices)]
        texts = Texts(service, wishes, asked.stops)
        if asked.streamed:
            return StreamingResponse(_events(form, texts, asked), media_type="text/event-stream",
                                     headers={"Cache-Control": "no-cache"})
        answers = await texts.whole(request)
        return JSONResponse(form.whole(answers, _usage(texts, asked)))

    async def _body(self, request: Request) -> bytes:
        return await _body(request, min(PATIENCE, self._service.limits.deadline))

    def _model(self) -> dict[str, Any]:
        return {"id": self._service.name, "object": "model", "created": self._began,
                "owned_by": "sterna"}

    def _counted(self, answer: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            try:
                found = await answer(request)
            except Refused as error:
                found = JSONResponse(error.body, error.status, error.headers)
            self._statuses[found.status_code] += 1
            return found

        return endpoint

    async def _no_path(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        self._statuses[error.status_code] += 1
        path, allowed = request.url.path, (error.headers or {}).get("Allow")
        refused = Refused(error.status_code, f"{path}: is not there" if allowed is None
                          else f"{path}: takes {allowed}, not {request.method}", code="unknown_url")
        return JSONResponse(refused.body, error.status_code, error.headers)

    async def _fault(self, request: Request, error: Exception) -> Response:
        """What nobody has thought of; the server's log has where it happened."""
        del request
        self._statuses[500] += 1
        refused = Refused(500, f"a fault of the server ({type(error).__name__}: {error})",
                          code="internal_error")
        return JSONResponse(refused.body, refused.status)


async def _body(request: Request, seconds: float) -> bytes:
    """Of JSON, not too long, and there in time. Raises `Refused`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "the body must be of Content-Type application/json",
                      code="unsupported_media_type")
    body = b""
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                body += part
                if len(body) > MOST_BODY:
                    raise Refused(413, f"the body has more than {MOST_BODY} bytes",
                                  code="body_too_large", headers={"Connection": "close"})
    except ClientDisconnect:
        raise Refused(499, "the client has left") from None
    except TimeoutError:
        raise Refused(408, f"the body was not there in {seconds:g} s", code="timeout",
                      headers={"Connection": "close"}) from None
    return body


def _usage(texts: Texts, asked: Asked) -> dict[str, Any]:
    return usage(sum(len(ticket.wish.ids) for ticket in texts.tickets[::asked.choices]),
                 texts.made, sum(ticket.kept for ticket in texts.tickets[::asked.choices]))


async def _events(form: Form, texts: Texts, asked: Asked) -> AsyncIterator[str]:
    """Server-sent events; at the end a blank line, and never one without data."""
    try:
        for index in range(len(texts.tickets)):
            if (first := form.first(index)) is not None:
                yield _event(first)
        while texts.left:
            try:
                index, piece = await asyncio.wait_for(texts.next(), PING)
            except TimeoutError:
                yield ": ping\n\n"
                continue
            if (error := texts.error(piece)) is not None:
                yield _event(error.body)
                return
            yield _event(form.part(index, piece))
        if asked.with_usage:
            yield _event(form.last(_usage(texts, asked)))
        yield DONE
    finally:
        texts.cancel()


def _event(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value)}\n\n"
