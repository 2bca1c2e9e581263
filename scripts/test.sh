#!/bin/sh
# Runs the tests of the project: scripts/test.sh [STEP...]; without a step, all of them.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/venv.sh"

rm -f "$work/log/summary"
make_venv test/venv "$root/.ci/rehearse.txt" "$root/.ci/test.txt"
use_utf8
full=${CERTWRIGHT_FULL:-} seed=${CERTWRIGHT_SEED:-}
forget_settings
[ -z "$full" ] || export CERTWRIGHT_FULL="$full"
[ -z "$seed" ] || export CERTWRIGHT_SEED="$seed"
exec "$venv/bin/python" "$root/tests/run.py" "$@"
