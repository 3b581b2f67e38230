"""What every worker of a cluster must have as it is here: the package, its sources, the tools."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from sterna import __version__
from sterna.cache import digest, package_sources
from sterna.work.task import answer

PACKAGES = ("sterna", "sterna_hw", "sterna_sim", "sterna_boards")


@dataclass(frozen=True)
class Wanted:
    """Beside the package: what a function says of the versions of tools, by their names."""

    call: str = ""
    """``module:function``, whose `InputError` says what is missing."""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def here(self) -> dict[str, str]:
        """Versions by name. Raises nothing: what is missing is ``error``."""
        found = {"python": ".".join(platform.python_version_tuple()[:2]), "sterna": version()}
        if not self.call:
            return found
        told = answer(self.call, self.arguments, "the lines above")
        return {"error": told["error"]} if "error" in told else found | told["value"]

    def to_dict(self) -> dict[str, Any]:
        """As it is sent."""
        return asdict(self)


@cache
def version() -> str:
    """Of the package, and a digest of its files."""
    return f"{__version__} ({digest(package_sources(*PACKAGES))[:8]})"


def difference(there: Mapping[str, str], here: Mapping[str, str]) -> str | None:
    """What is missing or other on a worker, None when nothing is."""
    if "error" in there:
        return there["error"]
    wrong = [f"has {name} {there.get(name)}, here it is {wanted}"
             for name, wanted in here.items() if there.get(name) != wanted]
    return " and ".join(wrong) or None
