"""What tasks need on other machines."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from sterna.families.registry import shipped_models


def names_files(arguments: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    """Those of the arguments that name a file or folder of the user's."""
    shipped = {model.name for model in shipped_models()}
    return tuple(name for name in names if (value := arguments.get(name)) is not None
                 and value not in shipped and os.path.exists(value))
