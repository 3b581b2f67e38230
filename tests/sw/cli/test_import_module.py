"""`sterna import net.py:make_net`: a module of the user's own file."""

from __future__ import annotations

import re

import numpy as np
import pytest

pytest.importorskip("snntorch")

FILE = """\
import warnings
warnings.simplefilter("ignore")
import snntorch
import torch
from beside import SIZE


class Residual(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        leaky = lambda: snntorch.Leaky(beta=0.75, init_hidden=True)
        self.second, self.wide, self.first = leaky(), torch.nn.Linear(SIZE, SIZE), leaky()
        for values in self.wide.parameters():
            values.data = torch.round(values * 48) / 16
        self.way = "residual"

    def forward(self, x):
        early = self.first(self.wide(x))
        if self.way == "product":
            return self.second(self.wide(early) * early)
        return self.second(self.wide(early) + early)


def make_net():
    return Residual()


def product():
    net = Residual()
    net.way = "product"
    return net


def state():
    net = Residual()
    net.first.register_forward_hook(lambda child, values, spikes: 1 - spikes)
    return net


ready = make_net()
three = 3


def fails():
    return 1 / 0


def leaves():
    raise SystemExit(4)


def takes(size):
    return size
"""


@pytest.fixture
def path(tmp_path):
    (tmp_path / "beside.py").write_text("SIZE = 6\n")
    (tmp_path / "net.py").write_text(FILE)
    return tmp_path / "net.py"


@pytest.mark.parametrize("name", ["make_net", "Residual", "ready"])
def test_a_residual_network(sterna, path, tmp_path, name):
    """Float network as the module in every step; integers are held against the module itself."""
    folder = tmp_path / "out"
    outcome = sterna("import", f"{path}:{name}", "-o", folder)
    assert outcome.code == 0
    assert outcome.errors == f"{path}: executing it and what it imports, to get {name}\n"
    float_line, *lines, end = outcome.output.splitlines()
    assert re.fullmatch(
        r".*: float network: 160 random steps beside the module, the same in every one "
        r"\(first \d{3} spikes, second \d{3} spikes\)", float_line)
    for line, child in zip(lines, ("first", "second"), strict=True):
        assert f"{child}: " in line and line.endswith(
            "0 of 2400 neuron steps differ (0.000%), on random inputs, from the module itself")
    assert end.endswith(f"try: sterna run {folder}")
    output = tmp_path / "spikes.npz"
    np.save(tmp_path / "ones.npy", np.ones((50, 6)))
    assert sterna("run", folder, "--input", tmp_path / "ones.npy", "-o", output).code == 0
    with np.load(output) as arrays:
        assert arrays["second"].sum() > 10


@pytest.mark.parametrize(("source", "arguments", "message"), [
    ("{}:product", (), "module second: its input comes from mul, which cannot be followed"),
    ("{}:state", (), "fires otherwise than what was read of it: step 0, first, neuron 0: the "
                     "module gives 1, the network 0"),
    ("{}:three", (), "three gives int, not a torch.nn.Module"),
    ("{}:fails", (), "net.py, line 46: ZeroDivisionError: division by zero"),
    ("{}:leaves", (), "net.py, line 50: SystemExit: 4"),
    ("{}:takes", (), "net.py: TypeError: takes() missing 1 required"),
    ("{}:absent", (), "has no absent; it has Residual, fails, leaves, make_net, product, ready"),
    ("{}", (), "say what makes the network in it, such as"),
    ("absent.py:make_net", (), "absent.py: file not found"),
    ("{}:make_net", ("--reset", "hard"), "--reset: is not for torch modules"),
    ("{}:make_net", ("--dt", "1"), "--dt: is not for torch modules"),
    ("{}:make_net", ("--planes", "9"), "planes is 9; it must be a whole number from 1 to 8"),
    ("{}:make_net", ("--input-fraction", "17"), "input-fraction is 17; it must be"),
    ("{}:make_net", ("--input-shape", "6,0"), "input-shape is '6,0'; give sizes such as"),
    ("{}:make_net", ("--input-shape", "7"), "its forward failed (RuntimeError: mat1 and mat2"),
    ("net.nir", ("--input-shape", "7"), "--input-shape: is for torch modules"),
])
def test_refusals(sterna, path, tmp_path, source, arguments, message):
    outcome = sterna("import", source.format(path), "-o", tmp_path / "out", *arguments)
    *_, line = outcome.errors.splitlines()
    assert outcome.code == 2 and message in line and outcome.output == ""
    assert all("executing it" in other for other in outcome.errors.splitlines()[:-1])
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_python(sterna, path, tmp_path):
    path.write_text("import torch\ndef (\n")
    outcome = sterna("import", f"{path}:make_net", "-o", tmp_path / "out")
    assert outcome.code == 2 and "net.py, line 2: SyntaxError" in outcome.errors


GRAPH = """\
import torch
from tests.sw.families.spiking.nir.snntorch_graphs import snntorch_module


def same():
    return snntorch_module()


def other():
    net = snntorch_module()
    with torch.no_grad():
        net[2].weight.mul_(1.5)
    return net


def wider():
    return torch.nn.Sequential(*list(snntorch_module())[:2], torch.nn.Linear(9, 2))
"""


def test_a_graph_against_the_module_that_wrote_it(sterna, tmp_path):
    """Held against another reading too: it is refused, and nothing is written."""
    from tests.sw.families.spiking.nir import snntorch_graphs

    path, source = tmp_path / "net.nir", tmp_path / "net.py"
    snntorch_graphs.write(snntorch_graphs.snntorch_module(), path)
    source.write_text(GRAPH)
    folder = tmp_path / "out"

    def against(name, *more):
        return sterna("import", path, "-o", folder, "--against", f"{source}:{name}", *more)

    for name, more, message in (
        ("other", (), r"step \d+, 3, neuron \d: the module gives \d, the network \d;"),
        ("same", ("--reset", "hard"), r"step \d+, 1, neuron \d: the module gives"),
        ("wider", (), "its output has 2 values, not 9"),
    ):
        refused = against(name, *more)
        assert refused.code == 2 and re.search(message, refused.errors) and not folder.exists()
    outcome = against("same")
    assert outcome.code == 0
    assert "160 random steps beside the module, the same in every one" in outcome.output
    plain = sterna("import", path, "-o", folder)
    assert "not compared with its framework; --against net.py:make_net does" in plain.output
    assert "against is 'net'; give" in sterna(
        "import", path, "-o", folder, "--against", "net").errors
