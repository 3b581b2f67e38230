"""Installs PyTorch's CPU build where it can be had; `environment.sh` calls it before the rest.

    python scripts/pytorch.py

On Linux the ordinary index brings CUDA beside PyTorch, gigabytes that Sterna never uses; on macOS
and Windows it brings the CPU build. Where PyTorch's own index cannot be reached nothing is
installed here, and what comes with the rest is said.
"""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterable
from pathlib import Path

INDEX = "https://download.pytorch.org/whl/cpu"
CPU, CUDA = "0.8 GB", "5.5 GB"
"""On the disk."""
SECONDS = 10
_PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


def wanted(constraints: str) -> str:
    """The pinned version."""
    line, = (line for line in constraints.splitlines() if line.startswith("torch=="))
    return line.removeprefix("torch==")


def installed() -> str | None:
    """The version that is there, without what kind of build it is."""
    try:
        return importlib.metadata.version("torch").partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return None


def reachable() -> bool:
    """Whether PyTorch's own index answers."""
    try:
        with urllib.request.urlopen(f"{INDEX}/torch/", timeout=SECONDS):
            return True
    except OSError:
        return False


def ordinary(version: str) -> list[str]:
    """The packages that pip would install with PyTorch, without installing any."""
    ran = subprocess.run(
        [*_PIP, "install", "--dry-run", "--quiet", "--report", "-", f"torch=={version}"],
        capture_output=True, text=True)
    if ran.returncode:
        return []
    return [item["metadata"]["name"] for item in json.loads(ran.stdout)["install"]]


def has_cuda(packages: Iterable[str]) -> bool:
    """Whether the packages of CUDA are among them."""
    return any(name.lower().startswith("nvidia") for name in packages)


def tell(line: str) -> None:
    """On standard error, as `environment.sh` does."""
    print(f"sterna: {line}", file=sys.stderr, flush=True)


def main() -> int:
    """The exit code of pip."""
    version = wanted((Path(__file__).parent / "constraints.txt").read_text(encoding="utf-8"))
    if installed() == version or sys.platform != "linux":
        return 0
    if reachable():
        tell(f"installing PyTorch's CPU build, {CPU}, from {INDEX}")
        # Its dependencies come from the ordinary index, with the rest.
        return subprocess.run([*_PIP, "install", "--quiet", "--no-compile", "--no-deps",
                               "--index-url", INDEX, f"torch=={version}"]).returncode
    if has_cuda(ordinary(version)):
        tell(f"{INDEX} cannot be reached, and the ordinary index brings PyTorch with CUDA: {CUDA} "
             "more on the disk. To spare them end this with Ctrl-C, install a CPU build of "
             f"torch=={version} into this environment, and start again")
    return 0


if __name__ == "__main__":
    sys.exit(main())
