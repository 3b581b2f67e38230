"""The errors that a user may see; the command line prints each as one line.

`InputError` ends with exit code 2, `CheckError` with exit code 1. The message names the thing
that is wrong and the way out of it.
"""

from __future__ import annotations


class SternaError(Exception):
    """Base of the errors that are told to the user in one line."""

    exit_code = 1


class InputError(SternaError):
    """What the user gave cannot be used: a file, an option, a tool, a model, a board."""

    exit_code = 2


class CheckError(SternaError):
    """A check that the user asked for found a difference or was missed."""

    exit_code = 1


class LinkError(SternaError):
    """The board does not answer as the protocol says (timeout, corrupt frame, unplugged)."""

    exit_code = 1


FOREIGN = (Exception, SystemExit)
"""What code of other packages, or in a file of the user's, may raise while it is loaded."""


def reason(error: BaseException) -> str:
    """What such an error says, in one line, else what it is."""
    words = " ".join(str(error).split())
    if isinstance(error, SystemExit):
        return f"SystemExit {words}".rstrip()
    return words or type(error).__name__
