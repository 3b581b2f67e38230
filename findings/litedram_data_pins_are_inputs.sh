#!/usr/bin/env bash
# LiteDRAM 2024.12 with migen 0.10.0: the standalone SDR core declares its data pins as inputs.
#
# Behaviour: `litedram_gen` for an SDR SDRAM without a CPU writes Verilog whose `sdram_dq` is `input wire`,
#   although a bidirectional pad (TRELLIS_IO) inside drives it. It ends without a warning; a tool that believes the
#   port list gives a controller that never writes.
# Usual guess: pins with tri-state pads are `inout`, as they are in the same tool's bitstreams.
# What to do: patch the declaration to `inout`, and check the port list of what is generated.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check migen==0.10.0 litex==2024.12 litedram==2024.12 \
    pyyaml==6.0.3
cd "$work"
cat >core.yml <<'JSON'
{"cpu": null, "device": "LFE5U-85F-6BG381C", "speedgrade": 6, "memtype": "SDR",
 "sdram_module": "MT48LC16M16", "sdram_module_nb": 2, "sdram_rank_nb": 1, "sdram_phy": "GENSDRPHY",
 "sys_clk_freq": 50e6, "init_clk_freq": 50e6, "input_clk_freq": 25e6, "vendor": "Lattice",
 "user_ports": {"user": {"type": "native"}}}
JSON
venv/bin/python -m litedram.gen core.yml --no-compile --output-dir core --name core >gen.log 2>&1 || {
    tail -n 3 gen.log >&2; exit 1; }
verilog=core/gateware/core.v
declared=$(grep -E '^ *(input|output|inout) .*sdram_dq' "$verilog" | tr -s ' ')
pads=$(grep -cE '^\s*\.B *\(sdram_dq\[' "$verilog" || true)
echo "LiteDRAM 2024.12: declared as '${declared# }', $pads bidirectional pads on it"
if [[ "$declared" != *input* ]] || [ "$pads" != 16 ]; then echo "changed: the pins are no inputs" >&2; exit 1; fi
echo "as found: inputs that are driven from inside"
