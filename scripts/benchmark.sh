#!/bin/sh
# Measures what the modules cost: scripts/benchmark.sh run [--rounds N] [--loop-rounds N] [--items N] [--no-rehearsal],
# how much of a cloud's rate they use: scripts/benchmark.sh rates [--orders N],
# or how it grows with hosts and certificates: scripts/benchmark.sh growth [--hosts N,N...] [--due N,N...]
set -eu

part=$1
shift

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/venv.sh"

tree=$work/benchmark/tree
mkdir -p "$tree/ansible_collections/certwright"
# The SDKs that the tests have as judges, in the same versions.
grep -E '^(alibabacloud|tencentcloud)' "$root/.ci/test.txt" >"$work/benchmark/sdks.txt"
make_venv benchmark/venv "$root/.ci/rehearse.txt" "$work/benchmark/sdks.txt"
ln -sfn "$root" "$tree/ansible_collections/certwright/cloud"
use_utf8
forget_settings
export PYTHONPATH="$tree" PYTHONPYCACHEPREFIX="$work/benchmark/home/pycache"
exec "$venv/bin/python" -m "ansible_collections.certwright.cloud.tests.benchmark.$part" --work "$work/benchmark" "$@"
