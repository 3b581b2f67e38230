"""The Verilog that `sterna rtl` writes, as it is, in the simulators that a user's bench may take.

Icarus has undefined values, which Amaranth's simulator does not have; cocotb calls it with -g2012.
"""

from __future__ import annotations

import re
import shutil

import pytest
from sterna_sim.cocotb_runner import run_testbench


@pytest.mark.parametrize("simulator", [
    pytest.param("icarus", marks=[
        pytest.mark.icarus,
        pytest.mark.skipif(shutil.which("iverilog") is None, reason="needs Icarus Verilog")]),
    pytest.param("verilator", marks=(pytest.mark.verilator, pytest.mark.long)),
])
def test_a_written_folder_answers_a_run(simulator, sterna, tmp_path):
    """HELLO, every memory loaded, and RUNs with the right results."""
    assert sterna("rtl", "--config", "tiny", "-o", tmp_path / "rtl").code == 0
    text = (tmp_path / "rtl" / "accelerator.v").read_text()
    assert re.search(r"`STERNA_WAKE\(wake_\d+\)", text)
    bench = "tests.cocotb.accelerator_bench"
    assert run_testbench(simulator, text, bench, tmp_path, {}) == (1, 0)
