"""Waits for a frame, and reads what all begin with."""

from __future__ import annotations

TEXT = """
wait:
    unless ask go wait
    if broken go broken
    load #0
    out place
    keep there
    keep negative           ; what is there, below 0
    keep over
    load #STOPS
    if stops go header
    in count
    less #HEADER
    if borrow go length
    u8
header:
    keep kind
    u8
    keep stream
    out stream
    u16
    keep number
    u32
    keep position
    keep behind
    load #1
    keep foreign            ; the board does not have this request
    load stream
    less #STREAMS
    unless borrow go sort
    unless active go sort
    load number
    less .number
    unless zero go sort
    load #0
    keep foreign
sort:
    load kind
    if zero go start
    less #1
    if zero go part
    less #1
    if zero go take
    less #STOPS_BEHIND
    if zero go stop
    load #TYPE
    go refuse
"""
