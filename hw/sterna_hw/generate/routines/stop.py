"""STOP: goes back to a state from which a text can go on."""

from __future__ import annotations

TEXT = """
stop:
    in count
    less #STOP_BYTES
    unless zero go length
    load foreign
    unless zero go request
    load position
    less .given
    if borrow go space
    load .told
    less position
    if borrow go space
    out hold
    if broken go broken
    load .stopped
    unless zero go stopped-before
    in end
    unless pending go has-read
    less #1
has-read:
    keep .read
stopped-before:
    load .read
    less position
    if borrow go stopped
    load .newest
    less position
    if borrow go to-the-newest
    load .both
    if zero go space
    load .oldest
    less position
    unless borrow go space
    load .oldest
    keep .read
    load #1
    less .newer
    go back
to-the-newest:
    load .newest
    keep .read
    load .newer
back:
    out slot
    out restore
stopped:
    out finish
    load #1
    keep .stopped
    keep .begun
    keep over
    load .read
    keep behind
    load position
    keep .told
    keep .granted
    out end
    less .acknowledged
    unless borrow go answer
    load position
    keep .acknowledged
"""
