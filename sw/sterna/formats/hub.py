"""``hub:NAME@REVISION``: models of the Hugging Face Hub, fetched and kept by `huggingface_hub`."""

from __future__ import annotations

import os
import re
import shlex
import warnings
from dataclasses import dataclass
from pathlib import Path

from sterna.errors import FOREIGN, InputError

PREFIX = "hub:"
FILES = ("*.json", "*.safetensors", "*.jinja", "README.md")
"""What may be read of a model; nothing that runs when it is opened."""
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_REVISION = re.compile(r"[A-Za-z0-9][\w./-]*")


@dataclass(frozen=True)
class HubModel:
    """A model at one commit, in a folder of the cache that is not to be changed."""

    folder: Path
    name: str
    revision: str
    """The whole commit, whatever was asked for."""
    licence: str | None
    """As its card says."""

    def facts(self) -> dict[str, str | None]:
        """What a manifest says of where a model is from."""
        return {"hub": self.name, "revision": self.revision, "licence": self.licence}


def is_hub(source: str) -> bool:
    """Whether a source is on the hub."""
    return source.startswith(PREFIX)


def fetch(source: str) -> HubModel:
    """Fetch what is not there yet. Raises `InputError` with the way out, which needs no network
    here."""
    name, _, revision = source.removeprefix(PREFIX).partition("@")
    if not _NAME.fullmatch(name) or not _REVISION.fullmatch(revision or "main") or (
            source.endswith("@")):
        raise InputError(f"{source}: is no name of a model on the hub; give hub:OWNER/NAME, or "
                         "hub:OWNER/NAME@REVISION, a branch, a tag or a commit")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError
    from huggingface_hub.utils import disable_progress_bars, logging

    logging.set_verbosity_error()
    disable_progress_bars()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of room on the disk, before the error
            folder = Path(snapshot_download(
                name, revision=revision or None, allow_patterns=[*FILES],
                endpoint=os.environ.get("HF_ENDPOINT")))
    except RevisionNotFoundError:
        raise InputError(f"{source}: the model has no revision {revision}") from None
    except RepositoryNotFoundError:
        raise InputError(f"{source}: there is no such model, or this user may not read it (hf auth "
                         "login)") from None
    except FOREIGN as error:  # what an answer of somebody else in its place does to the package
        raise InputError(f"{source}: cannot be fetched ({_words(error)}); where the hub can be "
                         f"reached: {_command(name, revision)}, and then sterna import DIR here"
                         ) from None
    return HubModel(folder, name, folder.name, _licence(folder / "README.md"))


def _command(name: str, revision: str) -> str:
    at = ["--revision", revision] if revision else []
    return shlex.join(["hf", "download", name, *at, "--local-dir", "DIR"])


def _words(error: BaseException) -> str:
    """The reason at the bottom, in a line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split())[:200] or type(error).__name__


def _licence(card: Path) -> str | None:
    from huggingface_hub import ModelCard

    if not card.is_file():
        return None
    try:
        data = ModelCard.load(card).data
    except FOREIGN:
        return None
    licence = data.get("license")
    if licence == "other":
        licence = data.get("license_name")
    return None if licence is None else str(licence)
