#!/usr/bin/env bash
# PyPI: `pip install amaranth-soc` and `pip install amaranth-stdio` succeed and install nothing.
#
# Behaviour: both names hold version 0, a wheel with metadata and no module, put there to keep the name.
#   The packages that Amaranth's documentation and examples import are on GitHub only.
# Usual guess: an installation that succeeds can be imported, or a name without a release fails.
# What to do: write such blocks yourself, or depend on a revision of the repository.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
for name in amaranth-soc amaranth-stdio; do
    newest=$("$work/venv/bin/pip" install --disable-pip-version-check --dry-run --ignore-installed --no-deps \
        "$name" 2>/dev/null | sed -n "s/^Would install //p")
    "$work/venv/bin/pip" install -q --disable-pip-version-check --no-deps "$name==0"
    modules=$("$work/venv/bin/pip" show -f "$name" | grep -c '\.py$' || true)
    echo "$name: the newest release is '$newest'; installed, it holds $modules Python files"
    if [ "$modules" != 0 ] || "$work/venv/bin/python" -c "import ${name//-/_}" 2>/dev/null; then
        echo "changed: there is something in it" >&2; exit 1
    fi
done
echo "as found: installed without a word, nothing to import"
