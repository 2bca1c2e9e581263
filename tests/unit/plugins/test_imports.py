# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A look-up starts quickly: what it may not need is neither loaded nor sent along."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ONLY_LOOK = ("alibaba_dv_order_info", "tencent_order_info")
NO_CERTIFICATES = (*ONLY_LOOK, "alidns_record", "dns_wait", "dnspod_record")
ON_SERVERS = ("certificate_install", "certificate_request", "validation_note")
MODULES = "ansible_collections.certwright.cloud.plugins.modules"
TREE = Path(__file__).parents[6]


def loaded_by(*modules: str) -> set[str]:
    """All that a new Python has loaded after it imported some of our modules."""
    program = "".join(f"import {MODULES}.{module}\n" for module in modules) + "import sys\nprint(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": f"{TREE}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


def test_cryptography_is_not_loaded_before_there_is_something_to_read():
    loaded = loaded_by(*NO_CERTIFICATES)
    assert "ansible.module_utils.basic" in loaded
    assert {name for name in loaded if name.startswith("cryptography.")} == set()


def test_requests_is_not_loaded_before_a_cloud_is_called():
    """What works on the files of a server would take a third longer for it."""
    loaded = loaded_by(*ON_SERVERS)
    assert "ansible.module_utils.basic" in loaded
    assert {"requests", "urllib3"} & loaded == set()


@pytest.mark.parametrize("module", ONLY_LOOK)
def test_a_module_that_only_looks_does_not_bring_what_submits(module):
    files = {name.rpartition(".")[2] for name in loaded_by(module) if ".module_utils." in name}
    assert "_order_info" in files
    assert files & {"_order", "_application", "_dv_application", "_submission", "_dv_submission", "_dnspod"} == set()
