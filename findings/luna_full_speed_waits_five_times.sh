#!/usr/bin/env bash
# luna-usb 0.2.3 (Amaranth 0.5.10): with a full-speed PHY a device suspends 15 ms after the bus falls silent.
#
# Behaviour: USBResetSequencer counts in clocks of 60 MHz. Its domain `usb` has 60 MHz behind a PHY with ULPI, and
#   12 MHz behind luna's own full-speed PHY (GatewarePHY): there SE0 is a reset after 25 us, silence suspends after 15 ms.
# Usual guess: times are times, 5 us and 3 ms; USB 2.0 section 7.1.7.6 wants a device suspended within 10 ms.
# What to do: nothing for resets, which hosts hold for 10 ms; do not count on `suspended` for the power budget.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check luna-usb==0.2.3 amaranth==0.5.10
cat >"$work/bus.py" <<'END'
import warnings

warnings.simplefilter("ignore")
from amaranth.hdl import DomainRenamer
from amaranth.sim import Simulator
from luna.gateware.usb.usb2.reset import USBResetSequencer

HZ, SILENCE, RESET = 12e6, 0b01, 0b00  # J, and SE0


def clocks_until(state: int, wanted: str) -> int:
    unit, found = USBResetSequencer(), []

    async def bench(context):
        context.set(unit.full_speed_only, 1)
        context.set(unit.vbus_connected, 1)
        context.set(unit.line_state, SILENCE)
        await context.tick().repeat(100)
        context.set(unit.line_state, state)
        clocks = 0
        while not context.get(getattr(unit, wanted)):
            await context.tick()
            clocks += 1
        found.append(clocks)

    simulator = Simulator(DomainRenamer({"usb": "sync"})(unit))
    simulator.add_clock(1 / HZ)
    simulator.add_testbench(bench)
    simulator.run()
    return found[0]


print(f"reset {clocks_until(RESET, 'bus_reset') / HZ * 1e6:.0f} us")
print(f"suspend {clocks_until(SILENCE, 'suspended') / HZ * 1e3:.0f} ms")
END
seen=$("$work/venv/bin/python" "$work/bus.py"); echo "$seen"
case "$seen" in
"reset 25 us
suspend 15 ms") echo "as found: clocks of 60 MHz are counted at 12" ;;
*) echo "changed: other times" >&2; exit 1 ;;
esac
