"""Machines that run spiking networks: golden, and accelerators behind a link."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sterna.compiler.spiking.image import RESET, STEP, compile_network
from sterna.errors import InputError
from sterna.golden.spiking import GoldenNetwork
from sterna.host.board_device import LinkDevice
from sterna.host.loading import load_request
from sterna.host.transport import Transport
from sterna.machine.image import MemoryImage
from sterna.machine.protocol import COUNTER_WORDS, Space
from sterna.machine.spiking_configuration import SpikingConfiguration
from sterna.machine.words import pack_codes
from sterna.program.spiking import SpikingNetwork
from sterna.progress import Progress
from sterna.tasks.open_device import check_address, check_image_address, open_transport_to

Integers = NDArray[np.int64]

_COUNTERS = struct.Struct(f"<{COUNTER_WORDS}I")
_RUN = struct.Struct("<HII")


@dataclass(frozen=True)
class StepCounters:
    """What the accelerator counted in a step."""

    cycles: int = 0
    busy: int = 0
    """Cycles in which a weight word was asked for."""
    events: int = 0
    """Sources that were accumulated, once for each connection."""
    sources: int = 0
    """Sources that were looked at, once for each connection."""


@dataclass(frozen=True)
class SpikingStep:
    """The network's outputs of a time step, int64 [neurons]."""

    outputs: Integers
    counters: StepCounters = field(default_factory=StepCounters)


class SpikingDevice(Protocol):
    """A machine with a spiking network loaded; it keeps the state from step to step."""

    name: str

    def reset(self) -> None:
        """All state and every past code to 0."""
        ...

    def step(self, codes: Integers) -> SpikingStep:
        """One time step with input codes [inputs]. Raises `InputError` for codes it cannot take."""
        ...

    def close(self) -> None:
        """Give the machine back; safe to call twice."""
        ...


class GoldenSpikingDevice:
    """The golden network as a device."""

    def __init__(self, network: SpikingNetwork) -> None:
        self.name = "golden"
        self._golden = GoldenNetwork(network)

    def reset(self) -> None:
        """All state and every past code to 0."""
        self._golden.reset()

    def step(self, codes: Integers) -> SpikingStep:
        """One time step with input codes [inputs]."""
        return SpikingStep(self._golden.step(codes[None])[self._golden.network.output][0])

    def close(self) -> None:
        """Nothing to give back."""


class SpikingBoard(LinkDevice):
    """A spiking accelerator at the other end of a transport, real or simulated.

    Load it with an image of `sterna.compiler.spiking.image.compile_network`; what is said of
    `LinkDevice` holds, with time steps for tokens.
    """

    def __init__(self, transport: Transport, name: str, timeout: float | None = None) -> None:
        super().__init__(transport, name, timeout=timeout)
        self._steps: list[bytes] = []

    def reset(self) -> None:
        """All state and every past code to 0."""
        self._steps = []
        self._with_recovery(lambda: self._reset(()))

    def step(self, codes: Any) -> Any:
        """One time step with input codes [inputs]; a `SpikingStep`."""
        configuration = self._loaded().configuration
        assert isinstance(configuration, SpikingConfiguration)
        words = pack_codes(configuration, codes)
        if len(words) != self._loaded().row_groups:
            raise InputError(f"{self.name}: {len(codes)} input codes are not those of the network")
        item = words.tobytes()
        result = self._with_recovery(lambda: self._take(item))
        self._steps.append(item)
        return result

    def _reset(self, places: Iterable[int]) -> None:
        del places
        self._request_run(self._run_payload(RESET))

    def _what_is_repeated(self) -> str:
        return f"{len(self._steps)} step{'s' * (len(self._steps) != 1)}"

    def _repeat(self) -> None:
        for item in self._steps:
            self._take(item)

    def _take(self, words: bytes) -> SpikingStep:
        self._load([load_request(Space.INPUT, 0, words)])
        answer = self._request_run(self._run_payload(STEP))
        outputs = np.frombuffer(answer, "<i4", offset=_COUNTERS.size).astype(np.int64)
        return SpikingStep(outputs, StepCounters(*_COUNTERS.unpack_from(answer)))

    def _run_payload(self, entry: str) -> bytes:
        return _RUN.pack(self._loaded().entries[entry], 0, 0)


def open_spiking_device(
    address: str,
    network: SpikingNetwork,
    configuration: SpikingConfiguration | None = None,
    progress: Progress | None = None,
    *,
    skip: bool = True,
    timeout: float | None = None,
) -> SpikingDevice:
    """A device with the network loaded, ready for its first step.

    `address` is ``golden``, ``sim``, or the address of a board. `configuration` is that of the
    hardware, by default the one that fits; `skip` as in `compile_network`, `timeout` as in
    `LinkDevice`, and the rate of a serial port as in `open_device`. Raises `InputError` for an
    unknown device, a network that does not fit and missing tools, `LinkError` when the board does
    not answer or is another one.
    """
    if address == "golden":
        return GoldenSpikingDevice(network)
    check_address(address)
    return _loaded(address, compile_network(network, configuration, skip=skip), progress, timeout)


def open_spiking_image(
    address: str, network: SpikingNetwork, path: Path | str, progress: Progress | None = None,
    timeout: float | None = None,
) -> SpikingBoard:
    """A board, real or simulated, loaded with a memory image that was written before.

    Raises `InputError` for a file that is damaged, of another version, or of other contents than
    the network has; otherwise as `open_spiking_device`.
    """
    check_image_address(address)
    image = MemoryImage.load(path)
    configuration = image.configuration
    if not isinstance(configuration, SpikingConfiguration):
        raise InputError(f"{path}: is the image of {image.model}, a language model; give that, or "
                         f"the image of {network.name}")
    image.check_same(lambda: compile_network(network, configuration), network.name, path)
    return _loaded(address, image, progress, timeout)


def _loaded(address: str, image: MemoryImage, progress: Progress | None,
            timeout: float | None) -> SpikingBoard:
    transport = open_transport_to(address, image.configuration, progress)
    device = SpikingBoard(transport, address, timeout)
    try:
        device.load(image, None, progress)
    except BaseException:
        device.close()
        raise
    return device
