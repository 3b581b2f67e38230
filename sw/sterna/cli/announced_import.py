"""A module whose import takes seconds, told as a step of the work when somebody imports it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sterna.cli.terminal import ProgressReport


class AnnouncedImport:
    """A finder of one module, between `begin` and `end`."""

    def __init__(self, module: str, step: str, report: ProgressReport) -> None:
        self._module, self._step, self._report = module, step, report

    def begin(self) -> None:
        """From now on the import is told."""
        sys.meta_path.insert(0, self)

    def end(self) -> None:
        """No more; safe to call twice."""
        with suppress(ValueError):
            sys.meta_path.remove(self)

    def find_spec(self, name: str, path: Sequence[str] | None = None,
                  target: ModuleType | None = None) -> ModuleSpec | None:
        """As Python asks; what the other finders have, with a loader that tells."""
        if name != self._module:
            return None
        self.end()
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def tell_and_load(module: ModuleType) -> None:
                self._report(self._step, 0, 1)
                try:
                    load(module)
                finally:
                    self._report.end()

            spec.loader.exec_module = tell_and_load
        return spec
