"""TAKE: grants ids, and waits until those are there that it wants."""

from __future__ import annotations

TEXT = """
take:
    in count
    less #TAKE_BYTES
    unless zero go length
    load foreign
    unless zero go request
    u16
    keep count
    u32
    keep granted
    load position
    less .acknowledged
    if borrow go space
    load .told
    less position
    if borrow go space
    load granted
    less position
    if borrow go space
    keep rest
    less count
    if borrow go space
    load #WINDOW
    less rest
    if borrow go space
    load .candidates
    if zero go grant
    load #1
    less rest
    if borrow go space
grant:
    load position
    keep .acknowledged
    load .granted
    less granted
    unless borrow go look
    load granted
    keep .granted
    keep limit
    load #1
    keep .begun
    load #0
    keep last
    load granted
    less .given
    keep rest
    load .most
    less rest
    if zero go to-the-last
    unless borrow go make
to-the-last:
    load #0
    less .most
    keep rest
    load .given
    less rest
    keep limit
    load #1
    keep last
make:
    out hold
    if ended go granted
    in end
    keep rest
    load position
    less .newest
    if borrow go allow
    less #DISTANCE
    if borrow go allow
    load .newest
    keep .oldest
    load rest
    unless pending go reached
    less #1
reached:
    keep .newest
    load #1
    keep .both
    less .newer
    keep .newer
    out slot
    out save
allow:
    load last
    out last
    load limit
    less rest
    out more
granted:
    out release
look:
    if broken go broken
    in end
    less position
    keep there
    less count
    if borrow go wait-for-more
    if ended go final
enough:
    load #0
    keep over
    load count
    keep there
    go tell
wait-for-more:
    unless ended go look
final:                      ; nothing changes any more
    load #1
    keep over
    in end
    less position
    keep there
    load count
    less there
    if borrow go enough
tell:
    load #0
    less there
    keep negative
    load position
    less negative
    keep behind
    load .told
    less behind
    unless borrow go told
    load behind
    keep .told
told:
    load .candidates
    if zero go answer
    out hold                ; whose words must stay
    go answer
"""
