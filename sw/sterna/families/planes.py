"""``--planes auto``, as all families that choose planes have it."""

from __future__ import annotations

from sterna.errors import InputError

AUTO = "auto"


def is_auto(planes: int | str | None, target: float | None) -> bool:
    """Whether planes are to be chosen. Raises `InputError` for a target where they are not."""
    if target is not None and planes != AUTO:
        raise InputError("--planes-target: is what --planes auto keeps; give both")
    return planes == AUTO
