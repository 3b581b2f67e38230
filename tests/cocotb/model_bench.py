"""Runs inside the simulator: plays a session recorded by the host, and compares the answers.

The file named by ``SESSION`` holds lines of JSON: the bytes of a frame to send, the type of its
answer, and the bytes that the payload of the answer must end with, all in hexadecimal.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import cocotb

from tests.cocotb.accelerator_bench import receive, reset, send


@cocotb.test(timeout_time=50, timeout_unit="ms")
async def session(dut):
    await reset(dut)
    lines = Path(os.environ["SESSION"]).read_text().splitlines()
    density = float(os.environ["DENSITY"])
    for line in lines:
        request, kind, ending = json.loads(line)
        sending = cocotb.start_soon(send(dut, bytes.fromhex(request), density))
        (answer,) = await receive(dut, 1, density)
        await sending
        assert answer.type == kind
        assert answer.payload.endswith(bytes.fromhex(ending)), answer.payload.hex()
