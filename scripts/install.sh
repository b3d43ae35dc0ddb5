#!/bin/sh
# Finds a Python that will do and lets it prepare .venv. Usage: sh scripts/install.sh run|test
# PYTHON=/path/to/python chooses another one.
set -u
cd "$(dirname "$0")/.." || exit 1

[ -x .venv/bin/python ] && .venv/bin/python -m scripts.install "$@" --check 2>/dev/null && exit 0

new_enough='import sys; sys.exit(sys.version_info < (3, 11))'
bare=
for python in ${PYTHON:-python3.11 python3.12 python3.13 python3 python}; do
    "$python" -c "$new_enough" >/dev/null 2>&1 || continue
    if "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        exec "$python" -m scripts.install "$@"
    fi
    bare=${bare:-$python}
done

if [ -n "$bare" ]; then
    echo "$bare cannot make virtual environments: its venv module is incomplete." >&2
    echo "Debian and Ubuntu: sudo apt install python3-venv. Then run the same command again." >&2
elif [ -n "${PYTHON:-}" ]; then
    echo "PYTHON=$PYTHON is not a Python 3.11 or newer." >&2
else
    found=$(python3 --version 2>&1 || echo "none was found")
    echo "Python 3.11 or newer is needed ($found)." >&2
    echo "Debian and Ubuntu: sudo apt install python3 python3-venv; macOS: brew install python@3.11;" >&2
    echo "or say where one is: PYTHON=/path/to/python3.11 make run" >&2
fi
exit 1
