# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two runs of ansible-playbook with canaries everywhere, and all the places where something may have stayed.

The first run does everything on five hosts side by side: every module, and the role on both flows, which first fails
and then succeeds. More cases follow, in which a module is run without a play. The second run of ansible-playbook, with
ANSIBLE_KEEP_REMOTE_FILES, shows what that keeps.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._module._use_case import Context
from ansible_collections.certwright.cloud.plugins.module_utils._transport import RequestsTransport
from ansible_collections.certwright.cloud.plugins.modules import alibaba_dv_order_info, tencent_order_info
from ansible_collections.certwright.cloud.tests.e2e.plays import CALLBACKS, OTHER_PYTHON, Outcome, run_playbook
from ansible_collections.certwright.cloud.tests.e2e.sandbox_process import SandboxProcess
from ansible_collections.certwright.cloud.tests.evidence import Watch
from ansible_collections.certwright.cloud.tests.leaks.alone import run_alone
from ansible_collections.certwright.cloud.tests.leaks.canaries import ACCOUNTS, CANARIES, make_accounts
from ansible_collections.certwright.cloud.tests.leaks.cases import (
    ALIBABA_KEYS,
    APPLICANT,
    COMPANY,
    Case,
    alibaba_cases,
    canary,
    server_cases,
    tencent_cases,
)
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import run_use_case

__all__ = ["Story"]

NAMES = {"tencent_paid": "www.example.com", "alibaba_dv": "www.example.net"}
# Values of the environment that every process of the first run inherits from whoever started it.
INHERITED = ("tencent key", "tencent token", "alibaba key", "alibaba token", "proxy password of the environment")


class Story:
    """Everything is done when it is made.

    Arguments:
        folder: for all of it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # What is searched: the controller's home with the state directory and Ansible's own folders, and what it wrote.
        self.places = {
            name: folder / name
            for name in ("home", "log", "junit", "tree", "results", "facts", "tmp", "output", "alone")
        }
        for place in self.places.values():
            place.mkdir()
        self.keys: dict[str, str] = {}
        make_accounts(folder / "sandbox")
        self.sandbox = SandboxProcess(folder / "sandbox")
        try:
            self._run()
        finally:
            self.sandbox.stop()

    def _run(self) -> None:
        control = self.sandbox.control
        self.cases = {
            "t": tencent_cases(control, self.folder),
            "a": alibaba_cases(control, self.folder),
            "s": server_cases(self.folder, self.keys),
        }
        self.orders = {flow: control("orders", {"flow": flow})["ids"][0] for flow in NAMES}
        self._write_profiles()
        self._write_play()
        # Every module lives longer than that.
        with Watch(self._processes, interval=0.1) as self.watch:
            self.first = self._play("everything.json", "-vvvv", "--diff", **self._environment())
        (self.folder / "output" / "first").write_text(self.first.output)
        self.results = [json.loads(line) for line in (self.folder / "results" / "lines").read_text().splitlines()]
        self._run_alone()
        self._fetch_keys()
        self._keep_files()

    def _play(self, play: str, *arguments: str, **environment: str) -> Outcome:
        inventory = ("-i", str(self.folder / "inventory.json"))
        return run_playbook(self.folder / play, *inventory, *arguments, home=self.folder / "home", **environment)

    def _environment(self) -> dict[str, str]:
        folder = self.folder
        return {
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "ANSIBLE_CALLBACK_TREE_DIR": str(folder / "tree"),
            "ANSIBLE_CALLBACKS_ENABLED": "junit,tree,every_result",
            "ANSIBLE_CACHE_PLUGIN": "jsonfile",
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(folder / "facts"),
            "ANSIBLE_FORKS": "5",
            "ANSIBLE_LOG_PATH": str(folder / "log" / "ansible.log"),
            "EVERY_RESULT": str(folder / "results" / "lines"),
            "JUNIT_OUTPUT_DIR": str(folder / "junit"),
            "TMPDIR": str(folder / "tmp"),
            **self._endpoints(),
            "TENCENTCLOUD_SECRET_ID": ACCOUNTS["tencent"]["secret_id"],
            "TENCENTCLOUD_SECRET_KEY": ACCOUNTS["tencent"]["secret_key"],
            "TENCENTCLOUD_TOKEN": ACCOUNTS["tencent"]["token"],
            "ALIBABA_CLOUD_ACCESS_KEY_ID": ACCOUNTS["alibaba"]["access_key_id"],
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ACCOUNTS["alibaba"]["access_key_secret"],
            "ALIBABA_CLOUD_SECURITY_TOKEN": ACCOUNTS["alibaba"]["security_token"],
            "HTTPS_PROXY": f"http://user:{CANARIES['proxy password of the environment']}@127.0.0.1:1",
        }

    def _endpoints(self) -> dict[str, str]:
        endpoints = {f"CERTWRIGHT_{cloud}_ENDPOINT": self.sandbox.ready["http"] for cloud in ("TENCENT", "ALIBABA")}
        # The sandbox counts nothing, so nobody has to wait.
        return {**endpoints, "CERTWRIGHT_API_RATE": "0"}

    def _processes(self) -> Iterator[Path]:
        """What this user runs; other people's processes are none of our business."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if folder.stat().st_uid == os.getuid() and int(folder.name) != os.getpid():
                    yield folder
            except OSError:
                continue

    def _write_profiles(self) -> None:
        home = self.folder / "home"
        for name in (".tccli", ".tencentcloud", ".aliyun", ".alibabacloud"):
            (home / name).mkdir(mode=0o700)
        tencent, alibaba = ACCOUNTS["tencent"], ACCOUNTS["alibaba"]
        work = {"secretId": tencent["secret_id"], "secretKey": tencent["secret_key"], "token": tencent["token"]}
        expired = {
            "secretId": "x",
            "secretKey": CANARIES["key in an expired profile"],
            "token": "t" * 9,
            "expiresAt": 1,
        }
        profiles = [
            {"name": "work", "mode": "StsToken", "sts_token": alibaba["security_token"], **_some(alibaba)},
            {"name": "role", "mode": "RamRoleArn", **_pair("key of a role")},
            {"name": "expired", "mode": "StsToken", "sts_expiration": 1, **_pair("key in an expired profile")},
        ]
        files = {
            ".tccli/work.credential": json.dumps(work),
            ".tccli/expired.credential": json.dumps(expired),
            ".tccli/broken.credential": f'{{"secretKey": "{CANARIES["key in a broken file"]}"',
            ".tencentcloud/credentials": f"[other]\nsecret_id = x\nsecret_key = {CANARIES['key in another section']}\n",
            ".aliyun/config.json": json.dumps({"current": "work", "profiles": profiles}),
            ".alibabacloud/credentials.ini": f"[default\nkey = {CANARIES['key in a broken ini file']}\n",
        }
        self.profiles = [home / name for name in files]
        for name, text in files.items():
            (home / name).write_text(text)

    def _write_play(self) -> None:
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        # Ansible looks for the files of background jobs in the home that the user database names.
        jobs = {"ansible_async_dir": str(self.folder / "home" / ".ansible_async")}
        shared = {"canaries": CANARIES, "keys": self.keys, "dns": self.sandbox.ready["dns"], **jobs}
        hosts = ("t", "a", "s", *NAMES)
        # Where modules go through a pipe, nothing is copied into temporary folders; here both ways are gone. What can
        # run inside the controller runs there, but for what the other Python is given.
        piped = {host: {**local, "ansible_pipelining": host in ("t", "s")} for host in hosts}
        for host in ("a", "modules"):
            piped[host] = {**piped.get(host, local), "ansible_python_interpreter": OTHER_PYTHON}
        self._write("inventory.json", {"all": {"hosts": piped, "vars": shared}})
        for host, cases in self.cases.items():
            self._write(f"{host}.json", [case.task() for case in cases if not case.alone] + _cached(host))
        for flow in NAMES:
            self._write(f"{flow}.json", self._role_tasks(flow))
        by_host = [
            {"name": "Do the tasks of this host", "ansible.builtin.include_tasks": "{{ inventory_hostname }}.json"}
        ]
        play = {
            "name": "Everything",
            "hosts": "all:!modules",
            "gather_facts": False,
            "strategy": "free",
            "tasks": by_host,
        }
        self._write("everything.json", [play])

    def _role_tasks(self, flow: str) -> list[dict[str, Any]]:
        """The role, which fails at its end and is then run again as it should be."""
        documents = {**COMPANY, "csr_key_parameter": "prime256v1"}
        variables = {
            "tls_certificate_flow": flow,
            "tls_certificate_order_id": self.orders[flow],
            "tls_certificate_domains": [NAMES[flow]],
            "tls_certificate_tencent": documents,
            "tls_certificate_alibaba": APPLICANT,
            "tls_certificate_accept_cloud_key": True,
            "tls_certificate_dns": {"tencent_paid": "dnspod", "alibaba_dv": "alidns"}[flow],
            "tls_certificate_dns_servers": ["{{ dns }}"],
            "tls_certificate_dns_interval": 0.2,
            "tls_certificate_wait_interval": 0.2,
            "tls_certificate_wait_timeout": 60,
            "tls_certificate_directory": str(self.folder / "host" / flow),
        }
        role: dict[str, Any] = {"ansible.builtin.include_role": {"name": "certwright.cloud.tls_certificate"}}
        # The test command sees the files, and says what is in the key.
        spill = f"cat {self.folder}/host/{flow}/versions/*/key.pem; exit 1"
        failing = {**variables, "tls_certificate_test_command": ["sh", "-c", spill]}
        return [
            {
                "name": "Bring the order to a certificate that cannot be put into service, then to one that can",
                "block": [{"name": "Run the role", **role, "vars": failing}],
                "rescue": [{"name": "Run the role again", **role, "vars": variables}],
            },
            *_cached(flow, "tls_certificate_result"),
        ]

    def _write(self, name: str, data: Any) -> None:
        (self.folder / name).write_text(json.dumps(data, indent=1))

    def _run_alone(self) -> None:
        """The cases that need no play."""
        environ = {**self._environment(), "HOME": str(self.folder / "home")}
        variables = {"canaries": CANARIES, "keys": self.keys, "dns": self.sandbox.ready["dns"]}
        for case in (case for some in self.cases.values() for case in some if case.alone):
            result, said = run_alone(case, variables, environ)
            (self.places["alone"] / f"{len(self.results)}").write_text(said)
            self.results.append({"host": "", "task": case.name, "failed": bool(result.get("failed")), "result": result})

    def _fetch_keys(self) -> None:
        """The keys that the clouds have made, the way that is there for it."""
        environ = self._environment()
        found = (
            case.options for case in (*self.cases["t"], *self.cases["a"]) if case.name.endswith("fetch the key, unseen")
        )
        wishes = [({"certificate_id": self.orders["tencent_paid"]}, tencent_order_info)]
        wishes += [({"instance_id": self.orders["alibaba_dv"]}, alibaba_dv_order_info)]
        for options in found:
            name = "certificate_id" if "certificate_id" in options else "instance_id"
            module = tencent_order_info if name == "certificate_id" else alibaba_dv_order_info
            wishes.append(({name: options[name]}, module))
        for wish, module in wishes:
            context = Context(environ=environ, open_transport=RequestsTransport)
            result = run_use_case(module.USE_CASE, context, **wish, return_private_key=True)
            (order_id,) = wish.values()
            self.keys[f"key of the cloud for {order_id}"] = result["bundle"]["private_key"]

    def _keep_files(self) -> None:
        """The second run: what Ansible keeps when it is told to."""
        self.kept = self.folder / "kept"
        token = {"environment": {"TENCENTCLOUD_TOKEN": canary("token of a task's environment")}}
        looks = [
            Case("k: key as an option", "alibaba_dv_order_info", {**ALIBABA_KEYS, "instance_id": "cas-x"}, "not_found"),
            Case("k: key from the environment", "tencent_order_info", {"certificate_id": "LrmeMvQr"}, "auth"),
            Case("k: broken file", "alibaba_dv_order_info", {"instance_id": "cas-x"}, "auth"),
            Case("k: token by a task's environment", "tencent_order_info", {"certificate_id": "a"}, "auth", token),
            next(case for case in self.cases["s"] if case.name == "s: key that does not fit"),
        ]
        tasks = [case.task() for case in looks]
        play = {"name": "Keep", "hosts": "modules", "gather_facts": False, "tasks": tasks}
        self._write("keep.json", [play])
        environment = {
            **self._endpoints(),
            "ANSIBLE_KEEP_REMOTE_FILES": "1",
            "ANSIBLE_REMOTE_TMP": str(self.kept),
            "TENCENTCLOUD_SECRET_ID": "AKIDcanary",
            "TENCENTCLOUD_SECRET_KEY": CANARIES["wrong key of the environment"],
            "ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true",
        }
        (self.folder / "second").mkdir()
        (self.folder / "second" / "output").write_text(self._play("keep.json", "-vvv", **environment).output)


def _some(alibaba: dict[str, str]) -> dict[str, str]:
    return {name: alibaba[name] for name in ("access_key_id", "access_key_secret")}


def _pair(name: str) -> dict[str, str]:
    return {"access_key_id": "x", "access_key_secret": CANARIES[name], "sts_token": CANARIES[name]}


def _cached(host: str, result: str = "issued | default('nothing')") -> list[dict[str, Any]]:
    """Puts a result into the cache of facts, where it stays on the disk."""
    fact = {f"kept_{host}": f"{{{{ {result} }}}}", "cacheable": True}
    return [{"name": "Keep a fact", "ansible.builtin.set_fact": fact}]
