"""Which workers there are."""

from __future__ import annotations

from sterna.work.here import Here
from sterna.work.local import Local, available_cores
from sterna.work.task import Workers


def workers(count: int | None) -> Workers:
    """So many processes, as many as there are cores when not given; of one this process."""
    count = count or available_cores()
    return Here() if count == 1 else Local(count)
