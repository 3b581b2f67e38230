"""Answers: how far a text is, ids with what they were chosen from, and errors."""

from __future__ import annotations

TEXT = """
answer:
    load #TOLD_BYTES
    less negative
    less negative
    less negative
    out length
    keep rest
    load .candidates
    if zero go measured
    load there
    if zero go measured
    load rest
    less #-WORD_BYTES
    out length
measured:
    load #0
    out decide
    load behind
    out send4
    load over
    out send1
ids:
    load there
    if zero go done
    less #1
    keep there
    load position
    out ring
    less #-1
    keep position
    in id
    out send3
    load .candidates
    if zero go ids
    load #0
words:
    out index
    keep rest
    in word
    out send4
    load rest
    less #-1
    keep rest
    less #WORDS
    unless borrow go ids
    load rest
    go words
done:
    out release
    go wait

broken:
    in broken
    go refuse
request:
    load #REQUEST
    go refuse
space:
    load #SPACE
    go refuse
length:
    load #LENGTH
refuse:
    out decide
    out release
    go wait
"""
