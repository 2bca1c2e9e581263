#!/bin/sh
# Runs the tests of the project: scripts/test.sh [STEP...]; without a step, all of them.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/venv.sh"

rm -f "$work/log/summary"
make_venv test/venv "$root/.ci/rehearse.txt" "$root/.ci/test.txt"
use_utf8
forget_settings
exec "$venv/bin/python" "$root/tests/run.py" "$@"
