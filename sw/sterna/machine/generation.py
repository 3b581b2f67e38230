"""GENERATE and STOP: what their frames hold.

A text is a row of token ids; one is named by its position, how many come before it since the reset.
A board gives every frame of the host one answer, and all of these frames may be sent again: what
has been done is not done twice. All numbers are little endian, an id has `ID_BYTES` bytes.

| GENERATE | payload | GENERATE_ANSWER |
|--|--|--|
| START | kind, stream u8, number u16, position u32, `Request`, end tokens, ids to read | `Told` |
| PART | kind, stream u8, number u16, position u32, ids to read | `Told` |
| TAKE | kind, stream u8, number u16, position u32, count u16, granted u32 | `Told`, ids |

START begins a request on the state that the stream has, which is that after ``position`` tokens,
and gives an id to read, or more. PART gives more, from that position on, until ids are granted.
Both are answered when all is read. ``number`` names the request: a START with the number of the one
before is a repetition, as is a part whose position has been passed. When any id has been granted
the board chooses the next token by the law of sampling, reads it, chooses again, until it has made
``most``, or an end token. The last is not read. A request for 0 ids reads only.

TAKE asks for the ids from ``position`` on, ``count`` of them or as many as there are before the
end; its answer comes when they are there. It acknowledges all before, and the board may make those
before ``granted``, at most `Generate.window` behind ``position``. What is beyond that, before what
was acknowledged, or behind what was sent, is refused with SPACE; so are more ids at once than
`most_given`, and more end tokens than `MOST_ENDS`. A number that the board does not have is refused
with REQUEST. Of several faults the first of LENGTH (no header), TYPE, LENGTH, REQUEST, SPACE is
told.

With ``candidates`` the words of the head, as in RESULT, follow each id of a TAKE: those from which
it was chosen. Of such a request one id is taken at a time, and none is made before it is asked for.

STOP (stream u8, number u16, position u32) ends a request: the text is to go on from ``position``,
which is behind an id that was sent, or behind all that were given. Two slots hold states of the
stream, the first that of START. A TAKE that grants more, from `slot_distance` behind the newer one
on, writes the other. The board goes back to the newer state that has read less
than ``position`` tokens, unless it has itself, and STOP_ANSWER (`Told`) says how many that one has
read; what lies between the host gives it to read again.

Every answer ends with the session, which does not count these. A RUN of a stream, and BEGIN, make
the board forget its request; READ and LOAD are for streams without one. RUN, READ, LOAD and BEGIN
wait until the token is done that the board computes meanwhile. If a memory outside fails then,
every frame here has its ERROR for an answer, until BEGIN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from enum import IntEnum
from struct import Struct

ID_BYTES = 3
MOST_GIVEN = 512
"""Ids to read in a frame, which fit a memory of 2 kbyte with all that is beside them."""
HEADER = Struct("<BBHI")
"""Kind, stream, number, position."""
TAKE = Struct("<HI")
STOP = Struct("<BHI")
_REQUEST = Struct("<HIIIhHIQIIBB")
_TOLD = Struct("<IB")


class Kind(IntEnum):
    """What a GENERATE frame does."""

    START = 0
    PART = 1
    TAKE = 2


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a board needs to make a text.

    ``entry``, ``row_words`` (INPUT words of a token) and ``rows`` are those of the image, the same
    in all requests that there are at a time; then come the parameters of `sterna.law.sampling`, the
    number of the text, and how many ids to make.
    """

    entry: int
    row_words: int
    rows: int
    mantissa: int
    exponent: int
    count: int
    share: int
    seed: int
    text: int
    most: int
    candidates: bool = False
    ends: tuple[int, ...] = ()

    def pack(self, ids: Sequence[int]) -> bytes:
        """As START holds it, and ids to read behind it."""
        *fields, ends = astuple(self)
        return _REQUEST.pack(*fields, len(ends)) + pack_ids(ends) + pack_ids(ids)

    @classmethod
    def unpack(cls, data: bytes) -> tuple[Request, list[int]]:
        """The same back. Raises ValueError for another length."""
        if len(data) < _REQUEST.size:
            raise ValueError("a request is cut")
        (entry, row_words, rows, mantissa, exponent, count, share, seed, text, most, candidates,
         ends) = _REQUEST.unpack_from(data)
        ids = unpack_ids(data[_REQUEST.size:])
        if len(ids) < ends:
            raise ValueError("its end tokens are cut")
        return cls(entry=entry, row_words=row_words, rows=rows, mantissa=mantissa,
                   exponent=exponent, count=count, share=share, seed=seed, text=text, most=most,
                   candidates=bool(candidates), ends=tuple(ids[:ends])), ids[ends:]


@dataclass(frozen=True)
class Told:
    """What every answer begins with.

    ``position`` is the first that is wanted next: of ids to read, or behind the ids of this answer;
    after STOP that of the state. ``ended``: no more ids will be made.
    """

    position: int
    ended: bool

    def pack(self) -> bytes:
        """Its bytes."""
        return _TOLD.pack(self.position, self.ended)

    @classmethod
    def unpack(cls, data: bytes) -> tuple[Told, bytes]:
        """The same back, and what is behind. Raises ValueError when it is cut."""
        if len(data) < _TOLD.size:
            raise ValueError("an answer is cut")
        position, ended = _TOLD.unpack_from(data)
        return cls(position, bool(ended)), data[_TOLD.size:]


def most_given(window: int) -> int:
    """Ids that START or PART may have."""
    return min(window, MOST_GIVEN)


def slot_distance(window: int) -> int:
    """Ids from the newer slot to those of a TAKE that writes the other one: seldom, since the text
    waits meanwhile, and so near that a stop has little to read again."""
    return max(2, window // 8)


TOLD_BYTES = _TOLD.size
REQUEST_BYTES = _REQUEST.size


def pack_ids(ids: Sequence[int]) -> bytes:
    """Ids as frames have them."""
    return b"".join(token.to_bytes(ID_BYTES, "little") for token in ids)


def unpack_ids(data: bytes) -> list[int]:
    """The same back. Raises ValueError for a part of one."""
    if len(data) % ID_BYTES:
        raise ValueError("an id is cut")
    return [int.from_bytes(data[at:at + ID_BYTES], "little")
            for at in range(0, len(data), ID_BYTES)]
