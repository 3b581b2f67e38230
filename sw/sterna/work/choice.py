"""Which workers there are."""

from __future__ import annotations

from sterna.work.alike import Wanted
from sterna.work.here import Here
from sterna.work.local import Local, available_cores
from sterna.work.task import Workers


def workers(count: int | None, on: str | None = None, wanted: Wanted | None = None) -> Workers:
    """So many processes, as many as there are cores when not given; of one this process.

    ``on`` a cluster (`sterna.work.address`) they are its workers, that many at most, all that it
    has when not given; they must have what is ``wanted``.
    """
    if on is not None:
        from sterna.work.cluster import Cluster

        return Cluster(on, count, wanted or Wanted())
    count = count or available_cores()
    return Here() if count == 1 else Local(count)
