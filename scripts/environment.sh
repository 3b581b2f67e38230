# Sourced by the other scripts: checks what cannot come from pip, then makes the virtual environment.
# usage: . scripts/environment.sh EXTRA      (of pyproject.toml: sim, sim,serve or dev)
#
# The environment lies in .venv (or $STERNA_VENV) and is renewed when pyproject.toml or the pinned
# versions change.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

missing() {  # missing WHAT PACKAGE
    echo "sterna: $1 is missing; install it with: apt-get install $2   (or your system's way)" >&2
    exit 2
}

install_pinned() {  # all pinned versions, by two pips at once; what one leaves, the next pip does
    local part pips=()
    for part in 0 1; do
        grep -v '^#' scripts/constraints.txt | awk "NR % 2 == $part" >"$environment/pinned-$part"
        "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
            --no-deps --requirement "$environment/pinned-$part" 2>/dev/null &
        pips+=($!)
    done
    for part in "${pips[@]}"; do wait "$part" || true; done
}

python=${PYTHON:-python3}
command -v "$python" >/dev/null || missing "Python 3.11 or newer" "python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    missing "Python 3.11 or newer ($("$python" --version) found)" "python3 python3-venv"
"$python" -c 'import venv, ensurepip' 2>/dev/null || missing "Python's venv module" python3-venv
command -v "${CXX:-g++}" >/dev/null || missing "a C++ compiler (g++)" g++
command -v make >/dev/null || missing make make
command -v perl >/dev/null || missing perl perl

environment=${STERNA_VENV:-$root/.venv}
stamp=$environment/sterna-$1.stamp
wanted=$(cat pyproject.toml scripts/constraints.txt scripts/pytorch.py | cksum)
if [ ! -x "$environment/bin/python" ]; then
    echo "sterna: making the virtual environment $environment" >&2
    "$python" -m venv "$environment"
fi
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    case $1 in sim*) size="1.1 GB" ;; *) size="2.4 GB" ;; esac  # measured, with the CPU build
    echo "sterna: installing the pinned packages into $environment: $size (a few minutes, once)" >&2
    "$environment/bin/python" scripts/pytorch.py
    if [ "$1" = dev ]; then install_pinned; fi
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
        --constraint scripts/constraints.txt --editable ".[$1]"
    # By all processors, where pip takes one; a few files are for other versions of Python.
    "$environment/bin/python" -m compileall -qq -j 0 "$environment/lib" || true
    echo "$wanted" >"$stamp"
fi
export PATH="$environment/bin:$PATH"
unset PYTHONDONTWRITEBYTECODE  # images set it, and every command would compile hundreds of modules
