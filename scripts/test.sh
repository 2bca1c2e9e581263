#!/bin/sh
# Runs the tests of the project: scripts/test.sh [STEP...]; without a step, all of them.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/venv.sh"

rm -f "$work/log/summary"
if [ $# -eq 0 ]; then
    # What the servers of the tests need takes a minute of another processor; the step that wants it waits for it.
    find_python
    mkdir -p "$work/log"
    "$VENV_PYTHON" "$root/tests/served/prepare.py" "$work/served" >"$work/log/prepare.log" 2>&1 </dev/null &
fi
make_venv test/venv "$root/.ci/rehearse.txt" "$root/.ci/test.txt"
use_utf8
full=${CERTWRIGHT_FULL:-} seed=${CERTWRIGHT_SEED:-}
forget_settings
[ -z "$full" ] || export CERTWRIGHT_FULL="$full"
[ -z "$seed" ] || export CERTWRIGHT_SEED="$seed"
exec "$venv/bin/python" "$root/tests/run.py" "$@"
