"""Runs build scripts in Tcl against commands that only write down how they were called."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

_COMMANDS = """
set calls {}
set answers {}
array set quartus {quartus_rootpath /quartus}
proc exec {args} {}
proc exit {{code 0}} {error "exit $code"}
rename puts real_puts
proc puts {args} {lappend ::said [lindex $args end]}
proc unknown {name args} {
  lappend ::calls [linsert $args 0 $name]
  if {[dict exists $::answers $name]} {return [dict get $::answers $name]}
  if {$name eq "get_property" && [dict exists $::answers [lindex $args 0]]} {
    return [dict get $::answers [lindex $args 0]]
  }
  return "$name:[join $args ,]"
}
foreach name $tools {
  proc $name {args} "return \\[unknown $name {*}\\$args\\]"
}
"""


class Script:
    """What a script called and said; ``code`` is its exit status."""

    def __init__(self, path: Path, tools: tuple[str, ...] = ("create_project",),
                 answers: dict[str, str] | None = None) -> None:
        tkinter = pytest.importorskip("tkinter")
        self._tcl: Any = tkinter.Tcl().tk
        self._tcl.wantobjects(False)
        self._tcl.setvar("tools", " ".join(tools))
        self._tcl.setvar("said", "")
        self._tcl.eval(_COMMANDS)
        for name, value in (answers or {}).items():
            self._tcl.call("dict", "set", "answers", name, value)
        self.code = 0
        folder = os.getcwd()
        try:
            self._tcl.call("source", str(path))
        except tkinter.TclError as error:
            if not str(error).startswith("exit "):
                raise
            self.code = int(str(error).split()[1])
        finally:
            os.chdir(folder)

    @property
    def calls(self) -> list[list[str]]:
        """Every command with its arguments."""
        return [list(self._split(call)) for call in self._split(self._tcl.getvar("calls"))]

    @property
    def said(self) -> str:
        """All lines that were printed."""
        return "\n".join(self._split(self._tcl.getvar("said")))

    def _split(self, value: Any) -> tuple[str, ...]:
        return self._tcl.splitlist(value)
