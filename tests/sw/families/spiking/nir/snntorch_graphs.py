"""A network of snnTorch, and the graphs that snnTorch writes."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    nir: Any = pytest.importorskip("nir")
    snntorch: Any = pytest.importorskip("snntorch")
    export: Any = pytest.importorskip("snntorch.export_nir")


def snntorch_module() -> torch.nn.Sequential:
    """Linear, Leaky, Linear, Synaptic: dyadic decays, so that float32 files keep them."""
    torch.manual_seed(1)
    beta, theta = torch.full((9,), 0.75), torch.ones(9)
    return torch.nn.Sequential(
        torch.nn.Linear(6, 9),
        snntorch.Leaky(beta=beta, threshold=theta, init_hidden=True),
        torch.nn.Linear(9, 9),
        snntorch.Synaptic(alpha=torch.full((9,), 0.5), beta=beta, threshold=theta,
                          init_hidden=True, output=True),
    )


def write(module: Any, path: Path) -> None:
    """The graph, by snnTorch's exporter, of a module with six inputs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = export.export_to_nir(module, torch.zeros(1, 6), ignore_dims=[0])
    nir.write(path, graph)
