#!/usr/bin/env bash
# Amaranth 0.5.10: what signals of one statement are called depends on the version of Python.
#
# Behaviour: names are read from the byte code after the call. Of `a, b = Signal(), Signal()` in a function, the
#   first is called `$signal`, and the second `b` on Python 3.11 and 3.12, but `$signal` too on 3.13.
# Usual guess: both are called as in the source, or neither is, and the Verilog of one source is one text.
# What to do: a statement for each signal, or names that are given: `Signal(name="a")`.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check amaranth==0.5.10
found=$("$work/venv/bin/python" - <<'PYTHON'
import sys

from amaranth.hdl import Signal


def pair():
    """The names of two signals of one statement."""
    a, b = Signal(), Signal()
    return a.name, b.name


def each():
    """The names of two signals of two statements."""
    a = Signal()
    b = Signal()
    return a.name, b.name


print("3.%d" % sys.version_info[1], *pair(), *each())
PYTHON
)
echo "Python, pair, each alone: $found"
case "$found" in
'3.11 $signal b a b' | '3.12 $signal b a b' | '3.13 $signal $signal a b') echo "as found: a pair loses names" ;;
*) echo "changed: other names, or another Python" >&2; exit 1 ;;
esac
