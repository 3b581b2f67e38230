"""A board that computes time steps of a spiking network: codes in, outputs out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sterna.errors import InputError
from sterna.host.counters import Counters
from sterna.host.result import RunResult
from sterna.host.spiking_device import SpikingStep
from sterna.host.streams import Streams
from sterna.host.transport import Transport
from sterna.law.codes import whole_codes
from sterna.machine.image import Loader, MemoryImage
from sterna.machine.protocol import memory_spec
from sterna.machine.snapshot import State
from sterna.machine.units.neurons import Neurons
from sterna.machine.words import pack_input
from sterna.progress import Progress


class Steps(Streams[bytes, SpikingStep]):
    """The only sequence of a board, of steps in words of INPUT."""

    entry = "step"

    def _check(self, item: bytes) -> None:
        del item

    def _words(self, item: bytes, place: int) -> tuple[int, bytes]:
        del place
        return 0, item

    def _output(self, result: RunResult, place: int) -> SpikingStep:
        del place
        host, words = self.image.host, result.words[Neurons.name, None]
        values, counters = words.view(np.int32).astype(np.int64), Counters.of(result.counters)
        if host is None:
            return SpikingStep(values, counters)

        def part(facts: Mapping[str, Any]) -> NDArray[np.int64]:
            place = facts.get("place", 0)
            return values[place:place + facts["outputs"]]

        return SpikingStep(part(host.facts), counters, {
            name: part(facts) for name, facts in host.facts.get("probes", {}).items()})


class StepBoard:
    """A `sterna.host.spiking_device.SpikingDevice` at the other end of a transport.

    Faults, `loaders` and `timeout` are those of `sterna.host.board.Board`.
    """

    def __init__(
        self, transport: Transport, name: str,
        loaders: Mapping[str, Loader] | None = None, timeout: float | None = None,
    ) -> None:
        self.name = name
        self._steps = Steps(transport, name, loaders, timeout)

    def load(self, image: MemoryImage, progress: Progress | None = None) -> None:
        """Load the image of a network, unless the bitstream already holds it, and reset.

        Raises `LinkError` when the board is of another version, machine or model.
        """
        self._steps.load(image, progress)

    @property
    def recoveries(self) -> int:
        """How often the board was loaded again, and its steps repeated."""
        return self._steps.recoveries

    def reset(self) -> None:
        """All state and every past code to 0."""
        self._steps.reset()

    def step(self, codes: ArrayLike) -> SpikingStep:
        """One time step with input codes [inputs]. Raises `InputError` for codes it cannot take."""
        return self._steps.step(code_words(self._steps.image, self.name, codes))

    def snapshot(self) -> State:
        """What the network has kept so far. Raises `InputError` for a board without READ."""
        return self._steps.snapshot()

    def restore(self, state: State) -> None:
        """Go on from a snapshot of the program, taken on any machine.

        Raises `InputError` for a snapshot of another one, and for a board without READ.
        """
        self._steps.restore(state)

    def close(self) -> None:
        """Close the transport."""
        self._steps.close()


def code_words(image: MemoryImage, name: str, codes: ArrayLike) -> bytes:
    """Input codes [inputs] as words of the input's memory; ``name`` is that of the board in errors.

    Raises `InputError` for codes that the machine cannot take.
    """
    values = whole_codes(codes)
    spec = memory_spec(image.machine, image.input)
    limit = (1 << (spec.bits // spec.lanes - 1)) - 1
    if values.size and int(np.abs(values).max()) > limit:
        raise InputError(
            f"an input code of {int(values[np.abs(values).argmax()])}; this accelerator takes "
            f"-{limit} to {limit}: give --code-bits 8, or other input")
    words = pack_input(image.machine, values, image.input)
    if len(words) != image.row_groups:
        raise InputError(f"{name}: {len(values)} input codes are not those of the network")
    return words.tobytes()
