"""Options that every family has that runs on a machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sterna.host.address import GOLDEN
from sterna.options import Group, option, seed

if TYPE_CHECKING:
    from sterna.families.requests import Request

_GOLDEN_HAS_NO_SHAPE = ("shapes an accelerator, and the golden has none; give --device sim or the "
                       "address of a board")
_GOLDEN_TAKES_NO_IMAGE = "the golden takes no image; give --device sim or a board's address"
_GOLDEN_NEVER_WAITS = "is patience with a board, and the golden is none"
_IMAGE_HAS_ITS_SHAPE = "the image has its own shape; leave the options of the shape out"


@dataclass(frozen=True)
class Image:
    """A memory image instead of what the model becomes now."""

    image: Path | None = option(
        None, "Load this memory image (image.sterna of `build` and `rtl`) instead of compiling; it "
        "holds all that a host needs, so that MODEL may be left out.",
        metavar="FILE", reads=True, for_model=True, beside_model=True)


@dataclass(frozen=True)
class Timeout:
    """Patience with a board."""

    timeout: float | None = option(
        None, "How long a board may be silent while it owes an answer.", metavar="SECONDS",
        least=0.001, most=1e6, project="link.timeout")


@dataclass(frozen=True)
class Seed:
    """A seed of random numbers."""

    seed: int = seed("Seed of random tokens and inputs.")


@dataclass(frozen=True)
class Snapshots:
    """A unit of the machine."""

    snapshots: bool = option(
        False, "Let the machine be read and restored (its unit `read`): for `run --save`, and so "
        "that a board has little to repeat after a fault.", project="shape.snapshots")


@dataclass(frozen=True)
class Saved:
    """A text, or time steps, that go on another time."""

    save: Path | None = option(
        None, "Write what is kept of the text, or of the time steps, to go on from.",
        metavar="FILE")
    resume: Path | None = option(
        None, "Go on from what --save wrote, on any machine; a --prompt is put behind.",
        metavar="FILE", reads=True)


def unread_on(request: Request, golden: Iterable[type[Group]], image: Iterable[type[Group]]
              ) -> dict[type[Group], str]:
    """What the device of a request leaves unread: shapes on the golden, and beside an image."""
    if getattr(request, "device", GOLDEN) == GOLDEN:
        return {**dict.fromkeys(golden, _GOLDEN_HAS_NO_SHAPE), Image: _GOLDEN_TAKES_NO_IMAGE,
                Timeout: _GOLDEN_NEVER_WAITS}
    return dict.fromkeys(image, _IMAGE_HAS_ITS_SHAPE) if "image" in request.options else {}
