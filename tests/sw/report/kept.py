"""A folder of `sterna build` that no tool has made, for the pages of reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sterna.files.manifest import write_manifest
from sterna_boards.flows.open.layout import layout
from sterna_boards.flows.open.report import LAYOUT
from sterna_boards.model_build import FORMAT

UNITS = ("core.neurons", "core.link", "core.accumulate", "uart.receiver", "core.codes", "clock",
         "core.parameters", "top")
DEVICE = "iCE40UP5K-SG48"


def placed() -> dict[str, Any]:
    """As nextpnr writes it: units one above the other, the first with the most cells."""
    cells = {}
    for number, unit in enumerate(UNITS):
        for place in range(160 - 16 * number):
            cells[f"serial.{unit}.value_{place}_SB_LUT4_O_LC"] = {
                "type": "ICESTORM_LC", "attributes": {
                    "NEXTPNR_BEL": f"X{1 + place // 8}/Y{1 + 3 * number}/lc{place % 8}"}}
    cells["serial.core.codes.storage.0.0_RAM"] = {
        "type": "ICESTORM_RAM", "attributes": {"NEXTPNR_BEL": "X6/Y3/ram"}}
    cells["serial.core.neurons.product_DSP"] = {
        "type": "ICESTORM_DSP", "attributes": {"NEXTPNR_BEL": "X25/Y10/mac16_0"}}
    cells["constant"] = {"type": "GND", "attributes": {}}
    return {"modules": {"top": {"cells": cells}, "box": {}}}


def timed() -> dict[str, Any]:
    """As nextpnr reports it."""
    def step(kind: str, delay: float, cell: str, *at: int) -> dict[str, Any]:
        return {"type": kind, "delay": delay, "from": {}, "to": {
            "cell": f"serial.{cell}", "port": "O", "loc": at}}

    def end(cell: str, delay: Any, event: str = "posedge clk") -> dict[str, Any]:
        return {"cell": f"serial.{cell}", "delay": delay, "event": event, "port": "I0"}

    return {"critical_paths": [
        {"from": "posedge clk", "to": "posedge clk", "path": [
            step("clk-to-q", 1.5, "core.neurons.left_SB_DFF_Q", 3, 1),
            step("routing", 4.0, "core.link.right_SB_LUT4_O_LC", 9, 4),
            step("setup", 0.5, "core.link.right_SB_LUT4_O_LC", 9, 4)]},
        {"from": "<async>", "to": "posedge $PACKER_GND_NET", "path": [
            step("source", 0.0, "rx$10.buf0", 13, 0), step("routing", 1.75, "rx", 13, 1)]}],
        "detailed_net_timings": [
            {"driver": "serial.core.neurons.left_SB_DFF_Q", "endpoints": [
                end("core.link.right_SB_LUT4_O_LC", [1.0, 5.5]),
                end("core.link.right_SB_DFF_Q_3_DFFLC", [0.5, 5.0]),
                end("core.link.other_SB_DFF_Q", 3.25), end("tx", [9.0, 9.0], "<async>")]}]}


def kept_build(folder: Path, model: str, board: str, digest: str = "0" * 16) -> Path:
    """Write it, with what a report reads."""
    folder.mkdir(parents=True)
    (folder / LAYOUT).write_text(json.dumps(layout(placed(), timed(), DEVICE)))
    write_manifest(folder, FORMAT, {"model": model, "board": board, "clock_mhz": 21.0,
                                    "fmax_mhz": 33.5, "configuration_digest": digest})
    return folder
