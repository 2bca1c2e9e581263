#!/bin/sh
# Rehearses the main job from a checkout: scripts/rehearse.sh [run | clean]
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/scripts/venv.sh"

rehearse() {
    make_venv venv "$root/.ci/rehearse.txt"
    mkdir -p "$work/home" "$work/tree/ansible_collections/certwright"
    ln -sfn "$root" "$work/tree/ansible_collections/certwright/cloud"
    use_utf8
    forget_settings
    # Ansible keeps temporary files, facts and more below HOME, and cloud clients look there for credentials.
    export HOME="$work/home"
    export ANSIBLE_REMOTE_TMP="$work/home/tmp"
    export ANSIBLE_HOME="$work/home/.ansible" ANSIBLE_CONFIG="$root/scripts/rehearse.cfg"
    export ANSIBLE_COLLECTIONS_PATH="$work/tree"
    # Compiled Python does not belong between the sources; what is installed in the environment is compiled already.
    export PYTHONDONTWRITEBYTECODE=1
    variables=$("$venv/bin/python" -c 'import json, sys; print(json.dumps(
        {"rehearse_dir": sys.argv[1], "rehearse_clean": sys.argv[2] == "clean"}))' "$work/rehearse" "$1")
    PATH="$venv/bin:$PATH" ansible-playbook certwright.cloud.rehearse --extra-vars "$variables"
}

clean() {
    # The playbook stops what it started; only then may its files go.
    if [ -d "$work/rehearse" ]; then
        rehearse clean
    fi
    for name in rehearse venv tree home cache; do
        rm -rf "${work:?}/$name"
    done
    rmdir "$work" 2>/dev/null || true
}

case ${1:-run} in
run) rehearse run ;;
clean) clean ;;
*) fail "Usage: $0 [run | clean]" ;;
esac
