"""A model that stays open on a device, and is used again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sterna.families.requests import LoadRequest

if TYPE_CHECKING:
    from sterna.families.family import Model


class Loaded:
    """A model and where it runs; the device is opened when something is computed.

    Families derive what their models do. It is a context, and may be closed twice.
    """

    def __init__(self, model: Model, request: LoadRequest) -> None:
        self._model = model
        self.request = request

    @property
    def name(self) -> str:
        """What the model was named by."""
        return self._model.name

    @property
    def device(self) -> str:
        """Where it runs."""
        return self.request.device

    def close(self) -> None:
        """Give back the device and the model."""
        self._model.close()

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, device={self.device!r})"
