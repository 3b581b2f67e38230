#!/usr/bin/env bash
# pyserial 3.5, Linux: set_low_latency_mode raises ValueError on ports whose driver has no such flag.
#
# Behaviour: the method exists on every POSIX port, but only drivers of real UARTs (FTDI, 16550) know the
#   ioctl behind it. On a pseudo-terminal (as on a USB CDC-ACM bridge) it raises ValueError, which is no
#   SerialException, with the port open and usable.
# Usual guess: a hint that a port cannot take is ignored, or raises the package's own exception.
# What to do: call it where it exists, and go on after ValueError and OSError.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check pyserial==3.5
"$work/venv/bin/python" - <<'PYTHON'
import os
import pty
import sys

import serial

ours, theirs = pty.openpty()
with serial.Serial(os.ttyname(theirs), 115200, timeout=1) as port:
    try:
        port.set_low_latency_mode(True)
        sys.exit("changed: a pseudo-terminal takes the flag")
    except serial.SerialException as error:
        sys.exit(f"changed: it is the package's own exception now: {error}")
    except ValueError as error:
        print(f"pyserial {serial.VERSION}: ValueError: {error}")
    os.write(ours, b"x")
    if port.read(1) != b"x":
        sys.exit("changed: the port is not usable after it")
print("as found: ValueError, and the port goes on")
PYTHON
