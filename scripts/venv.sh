# shellcheck shell=sh
# Sourced by the scripts beside it. They set `root`, the checkout.
# Everything is made under $root/.work; nothing is installed anywhere else.

work=${root:?}/.work
VENV_PYTHON=

fail() {
    echo "$*" >&2
    exit 1
}

# Sets VENV_PYTHON to the first Python that is new enough and can make environments. Distributions build theirs with all
# optimisations, version managers mostly without, and then everything takes half as long again.
find_python() {
    case :$PATH: in
    *:/usr/bin:*) distribution=/usr/bin/python3 ;;
    *) distribution= ;;
    esac
    for candidate in ${PYTHON:+"$PYTHON"} $distribution python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            VENV_PYTHON=$candidate
            return 0
        fi
    done
    fail "No Python 3.11 or newer was found in PATH. Install one, or name it: make PYTHON=/path/to/python3.11 ..."
}

# make_venv NAME REQUIREMENTS...: a virtual environment in .work/NAME, made again when what it is made from changed.
make_venv() {
    venv=$work/$1
    shift
    find_python
    made_from=$("$VENV_PYTHON" -c 'import sys; print(sys.version, sys.prefix)'; echo "$venv"; cat "$@")
    if [ -f "$venv/made_from" ] && [ "$(cat "$venv/made_from")" = "$made_from" ]; then
        return 0
    fi
    echo "Setting up ${venv#"$root/"} (once)"
    rm -rf "$venv"
    mkdir -p "$work"
    "$VENV_PYTHON" -m venv "$venv" ||
        fail "'$VENV_PYTHON -m venv' failed. On Debian and Ubuntu it needs the package python3-venv."
    for file in "$@"; do
        set -- "$@" -r "$file"
        shift
    done
    # pip compiles with one processor, so all of them do that afterwards. Templates of code are no code.
    PIP_CACHE_DIR=$work/cache/pip "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile "$@" ||
        fail "pip could not install what $* name. Is the package index reachable? Then run the same command again."
    "$venv/bin/python" -m compileall -qq -j 0 "$venv/lib" || true
    echo "$made_from" >"$venv/made_from"
}

# Ansible refuses to start where the locale is not UTF-8.
use_utf8() {
    case $(locale charmap 2>/dev/null) in
    UTF-8 | utf8) ;;
    *) export LC_ALL=C.UTF-8 ;;
    esac
}

# Settings and credentials of the person at the keyboard must not reach what is run here.
forget_settings() {
    for name in $(env | sed -nE 's/^((ANSIBLE|CERTWRIGHT|TENCENTCLOUD|ALIBABA_CLOUD|ALIBABACLOUD|ALICLOUD|XDG)_[A-Za-z0-9_]*)=.*/\1/p'); do
        unset "$name"
    done
    unset PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX
    export NO_PROXY="127.0.0.1,localhost,::1${NO_PROXY:+,$NO_PROXY}"
    export no_proxy="$NO_PROXY"
}
