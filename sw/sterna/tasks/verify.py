"""The generated Verilog against the golden, every value."""

from __future__ import annotations

from sterna.families.family import Result
from sterna.families.requests import VerifyRequest
from sterna.progress import Report
from sterna.tasks.perform import perform


def verify(request: VerifyRequest, report: Report | None = None) -> Result:
    """The result of the model's family. Raises `InputError`."""
    return perform(request, report)
