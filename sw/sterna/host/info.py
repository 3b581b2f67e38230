"""What a board says of itself: the items of an INFO frame."""

from __future__ import annotations

from dataclasses import dataclass

from sterna.errors import LinkError
from sterna.machine.protocol import VERSION, InfoType

_VERSION_HEADER = bytes([InfoType.VERSION, 2])


@dataclass(frozen=True)
class Info:
    """An INFO frame of this version of the protocol; see `sterna.machine.protocol`."""

    machine: int
    contents: int
    session: int
    """Nonce and count of results, as one number; 0 when nobody has begun one."""


def read_info(name: str, payload: bytes) -> Info:
    """The items that the host uses; those that it does not know are skipped.

    `name` is that of the board in errors. Raises `LinkError` for another version of the protocol,
    and for a list that is cut or lacks an item.
    """
    older = not payload.startswith(_VERSION_HEADER)  # versions up to 3 had no items
    version = int.from_bytes(payload[:2] if older else payload[2:4], "little")
    if version != VERSION or older:
        raise LinkError(
            f"{name}: has protocol version {version}, this Sterna speaks {VERSION}; "
            "build the board again, or install the matching Sterna"
        )
    items: dict[int, int] = {}
    place = 0
    while place + 1 < len(payload):
        kind, length = payload[place], payload[place + 1]
        items[kind] = int.from_bytes(payload[place + 2 : place + 2 + length], "little")
        place += 2 + length
    missing = [kind.name for kind in InfoType if kind not in items]
    if place != len(payload) or missing:
        raise LinkError(f"{name}: says hello without {' and '.join(missing) or 'an end'}; build "
                        "the board again")
    return Info(items[InfoType.CONFIGURATION], items[InfoType.CONTENTS], items[InfoType.SESSION])
