"""Tests meet the tools that pip installed, whatever else the machine has or its user has chosen."""

from __future__ import annotations

import pytest
from sterna_boards.tools import PACKAGES, variable


@pytest.fixture(autouse=True, scope="session")
def own_tools():
    """No tool of the user's instead of pip's; a test that wants one sets its variable itself."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (*map(variable, PACKAGES), "OPENFPGALOADER"):
            patch.delenv(name, raising=False)
        patch.setenv("AMARANTH_USE_YOSYS", "builtin")
        yield
