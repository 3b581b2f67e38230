"""START and PART: checks all that they name, saves the state, and has ids read."""

from __future__ import annotations

TEXT = """
start:
    in count
    less #START_BYTES
    if borrow go length
    keep rest
    load #ENDS_PLACE
    out place
    u8
    keep ends
    load rest
    less ends
    if borrow go length
    less ends
    if borrow go length
    less ends
    if borrow go length
    go divide
part:
    in count
    less #HEADER
divide:
    keep rest
    load #0
    keep ids
    load rest
thirds:
    if zero go divided
    less #3
    if borrow go length
    keep rest
    load ids
    less #-1
    keep ids
    load rest
    go thirds
divided:
    load kind
    unless zero go more

    load stream
    less #STREAMS
    unless borrow go space
    load ids
    if zero go space
    load #MOST_GIVEN
    less ids
    if borrow go space
    load #MOST_ENDS
    less ends
    if borrow go space
    load foreign
    if zero go given        ; a repetition
    out hold
    out begin
    load number
    keep .number
    load position
    out end
    keep .newest
    load #0
    keep .newer
    keep .both
    keep .begun
    keep .stopped
    out slot
    out save
    load #HEADER
    out place
    u16
    out entry
    u32
    out row_words
    u32
    out rows
    keep rest
    u32
    out mantissa
    u16
    out exponent
    u16
    keep count
    less rest
    if borrow go candidates
    load rest
    keep count
candidates:
    load count
    less #TOP_K
    if borrow go best
    load #TOP_K
    keep count
best:
    load count
    unless zero go some
    load #1
some:
    out count
    u32
    less #WHOLE
    if borrow go partly
    load #0
partly:
    less #-WHOLE
    out share
    u32
    out seed_low
    u32
    out seed_high
    u32
    out text
    u32
    keep .most
    unless zero go wanted
    out finish
wanted:
    u8
    keep .candidates
    out candidates
    u8
    out ends
end-tokens:
    load ends
    if zero go prompt
    less #1
    keep ends
    out end_place
    u24
    out end_id
    go end-tokens
prompt:
    load ids
    keep rest
read:
    load rest
    if zero go read-all
    less #1
    keep rest
    out release
    u24
    out prompt
    if broken go broken
    go read
read-all:
    load #0
    less ids
    keep rest
    load position
    less rest
    keep .given
    keep .acknowledged
    keep .told
    keep .granted
    out end
given:
    load .given
    keep behind
    unless ended go answer
    load #1
    keep over
    go answer
more:
    load foreign
    unless zero go request
    load #MOST_GIVEN
    less ids
    if borrow go space
    load .given
    less position
    if borrow go space
    unless zero go given    ; it has been passed
    load .begun
    unless zero go space
    out hold
    load #HEADER
    out place
    go prompt
"""
