#!/bin/sh
# Make .venv in the course folder, or leave it alone while it is current. `make` calls this first.
#
#     sh tools/setup_venv.sh [PYTHON] [TORCH_INDEX]
#
# PYTHON       which Python to use; otherwise the first of the usual names that is 3.11 or newer.
# TORCH_INDEX  package index for torch and torchvision alone, such as the one with the CPU build.
#
# A .venv whose set-up was cut short, whose Python is gone, or that was moved here from another
# folder is made anew. When only pyproject.toml has changed, what is new is installed into it.
set -eu
cd "$(dirname "$0")/.."
python=${1:-}
torch_index=${2:-}
stamp=.venv/.ready

new_enough() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

version() {
    "$1" -c 'import sys; print(sys.version)' 2>/dev/null || echo none
}

# Lines of the stamp: the folder, the Python, where torch came from, what pyproject.toml asks for.
folder="folder $(pwd)"
if [ -n "$python" ]; then
    new_enough "$python" || fail "$python is not a Python 3.11 or newer with venv. Name another: make PYTHON=python3.12 ..."
    runs="python $(version "$python")"
else
    runs="python $(version .venv/bin/python)"
fi
asked="asks $(cksum <pyproject.toml)"

if [ -f "$stamp" ] && .venv/bin/python -m pip --version >/dev/null 2>&1 &&
    grep -qxF "$folder" "$stamp" && grep -qxF "$(echo "$runs" | head -n 1)" "$stamp" &&
    { [ -z "$torch_index" ] || grep -qxF "torch $torch_index" "$stamp"; }; then
    grep -qxF "$asked" "$stamp" && exit 0
    echo "Updating .venv: pyproject.toml has changed"
    torch_index=$(sed -n 's/^torch //p' "$stamp")
    rm "$stamp"
else
    if [ -z "$python" ]; then
        for candidate in python3 python3.13 python3.12 python3.11 python3.14 python; do
            if new_enough "$candidate"; then
                python=$candidate
                break
            fi
        done
        [ -n "$python" ] || fail "No Python 3.11 or newer with venv was found (on Debian and Ubuntu: apt install python3-venv)." \
            "Install one, or name it: make PYTHON=/path/to/python ..."
    fi
    if [ -n "$torch_index" ] || [ "$(uname -s)" != Linux ]; then
        echo "Setting up .venv (about 1.5 GB, once)"
    else
        echo "Setting up .venv (about 5 GB on Linux, once)"
    fi
    rm -f "$stamp" # first: what is left of a .venv after an interrupted rm is not current
    rm -rf .venv
    "$python" -m venv .venv
fi

pip_install() {
    # Twice quiet: errors are shown, notices are not. The rest is up to your own pip settings.
    .venv/bin/python -m pip install -qq "$@"
}

trap 'status=$?; [ $status -eq 0 ] || echo "Setting up .venv failed; the next make starts over." >&2' EXIT
pip_install --upgrade pip
# torch and torchvision in one command and first, so that both come from one place.
torch_requirements=$(sed -n 's/^ *"\(torch[a-z]*>=[0-9.]*\)",.*/\1/p' pyproject.toml)
# shellcheck disable=SC2086  # two words are meant
if [ -n "$torch_index" ]; then
    pip_install --index-url "$torch_index" $torch_requirements
else
    pip_install $torch_requirements
fi
pip_install --editable '.[test]'
{
    echo "$folder"
    echo "python $(version .venv/bin/python)" | head -n 1
    echo "torch $torch_index"
    echo "$asked"
} >"$stamp"
