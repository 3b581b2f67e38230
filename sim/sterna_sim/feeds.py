"""What a machine under verification is fed: tokens, or the codes of time steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sterna.golden.executor import GoldenExecutor
from sterna.golden.result import GoldenResult, Observer
from sterna.host.step_board import Steps, code_words
from sterna.host.streams import Streams
from sterna.host.token_board import TokenBoard
from sterna.host.transport import Transport
from sterna.machine.image import Loader, MemoryImage
from sterna.program.definition import Program


class Feed(Protocol):
    """How items reach the board, and the golden."""

    def opened(self, board: Transport, loaders: Mapping[str, Loader] | None) -> Streams[Any, Any]:
        """The board's end of it."""
        ...

    def item(self, image: MemoryImage, item: Any) -> Any:
        """An item as that takes it. Raises `InputError` for one that the image does not take."""
        ...

    def step(self, golden: GoldenExecutor, item: Any, observe: Observer) -> GoldenResult:
        """The golden's RUN of an item."""
        ...


class Tokens:
    """Items are token ids."""

    def opened(self, board: Transport, loaders: Mapping[str, Loader] | None) -> Streams[int, Any]:
        return TokenBoard(board, "sim", loaders)

    def item(self, image: MemoryImage, item: int) -> int:
        image.input_word(item)
        return item

    def step(self, golden: GoldenExecutor, item: int, observe: Observer) -> GoldenResult:
        return golden.step(item, observe=observe)


class TimeSteps:
    """Items are codes [inputs]."""

    def opened(self, board: Transport, loaders: Mapping[str, Loader] | None
               ) -> Streams[bytes, Any]:
        return Steps(board, "sim", loaders)

    def item(self, image: MemoryImage, item: NDArray[np.int64]) -> bytes:
        return code_words(image, "sim", item)

    def step(self, golden: GoldenExecutor, item: NDArray[np.int64], observe: Observer
             ) -> GoldenResult:
        return golden.step(input_row=item, observe=observe)


def feed_of(program: Program) -> Feed:
    """What a RUN of the program is given."""
    return TimeSteps() if program.takes_codes else Tokens()
