# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One play over ssh on two hosts with systemd and nginx: three orders at two clouds, the clouds called from here."""

from __future__ import annotations

import json
import shutil
import ssl
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.tests.e2e.plays import is_write, run_playbook
from ansible_collections.certwright.cloud.tests.evidence import Watch, found_in
from ansible_collections.certwright.cloud.tests.served.probe import Probe, see
from ansible_collections.certwright.cloud.tests.served.remote_host import Lan, RemoteHost
from ansible_collections.certwright.cloud.tests.unit.plugins.pki import Ca, new_key

# Name, flow, host.
SITES = {
    "www.example.com": ("tencent_paid", "web1"),
    "shop.example.com": ("tencent_paid", "web2"),
    "www.example.net": ("alibaba_dv", "web2"),
}
HOSTS = ("web1", "web2")
OWN_KEYS = [name for name, (flow, _host) in SITES.items() if flow == "tencent_paid"]
SERVER = """\
server {{
  listen 443 ssl;
  server_name {name};
  ssl_certificate /etc/ssl/site/{name}.pem;
  ssl_certificate_key /etc/ssl/site/{name}.key;
  location / {{ return 200 "{name}"; }}
}}
"""
PLAY = """\
- name: Keep our names served
  hosts: web
  gather_facts: false
  module_defaults:
    group/certwright.cloud.tencent:
      endpoint: "{{ sandbox.http }}"
      secret_id: "{{ sandbox.accounts.tencent.secret_id }}"
      secret_key: "{{ sandbox.accounts.tencent.secret_key }}"
  tasks:
    - name: Bring every order of this host to a served certificate
      ansible.builtin.include_role:
        name: certwright.cloud.tls_certificate
      vars:
        tls_certificate_flow: "{{ site.flow }}"
        tls_certificate_order_id: "{{ site.order_id }}"
        tls_certificate_domains: ["{{ site.name }}"]
        tls_certificate_tencent: {company_type: person, contact_email: webmaster@example.com}
        tls_certificate_alibaba: {username: Webmaster, mobile: "13800000000", email: webmaster@example.net,
                                  province: zhejiang, city: hangzhou}
        tls_certificate_accept_cloud_key: "{{ site.flow == 'alibaba_dv' }}"
        tls_certificate_dns: "{{ 'alidns' if site.flow == 'alibaba_dv' else 'dnspod' }}"
        tls_certificate_dns_servers: ["{{ sandbox.dns }}"]
        tls_certificate_dns_interval: 0.2
        tls_certificate_wait_interval: 0.2
        tls_certificate_wait_timeout: 60
        tls_certificate_certificate_path: "/etc/ssl/site/{{ site.name }}.pem"
        tls_certificate_private_key_path: "/etc/ssl/site/{{ site.name }}.key"
        tls_certificate_test_command: [nginx, -t]
        tls_certificate_reload_command: [systemctl, reload, nginx]
        tls_certificate_verify_endpoints: ["127.0.0.1:443"]
      loop: "{{ sites }}"
      loop_control:
        loop_var: site
        label: "{{ site.name }}"
"""


@pytest.fixture(scope="module")
def lan(tools, tmp_path_factory):
    """The hosts, running, with certificates of their own making."""
    lan = Lan(tools / "root", tmp_path_factory.mktemp("lan"))
    try:
        for name in HOSTS:
            prepare(lan.host(name))
        for host in lan.hosts:
            host.start()
        for host in lan.hosts:
            host.wait_for(22, 443)
        yield lan
    finally:
        lan.stop()


def prepare(host: RemoteHost) -> None:
    ca = Ca()
    for name, (_flow, where) in SITES.items():
        if where == host.name:
            key = new_key()
            host.write(f"etc/ssl/site/{name}.pem", ca.issue(name, key, name, key, [name]))
            host.write(f"etc/ssl/site/{name}.key", key, 0o600)
            host.write(f"etc/nginx/conf.d/{name}.conf", SERVER.format(name=name))


class Story:
    """Two runs of the play and what came of them."""

    def __init__(self, lan: Lan, sandbox: Any, home: Path) -> None:
        self.lan, self.sandbox, self.home = lan, sandbox, home
        self.hosts = {host.name: host for host in lan.hosts}
        self.orders = {name: sandbox.buy(flow) for name, (flow, _host) in SITES.items()}
        account = sandbox.ready["accounts"]
        self.secrets = [secret for cloud in account.values() for secret in cloud.values()]
        self.environment = {
            "CERTWRIGHT_ALIBABA_ENDPOINT": sandbox.ready["http"],
            "ALIBABA_CLOUD_ACCESS_KEY_ID": account["alibaba"]["access_key_id"],
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": account["alibaba"]["access_key_secret"],
        }
        # The path of a socket must be short.
        self.sockets = Path(tempfile.mkdtemp(prefix="ssh-", dir="/tmp"))
        self._write()

    def _write(self) -> None:
        hosts = {
            name: {
                "ansible_host": host.address,
                "sites": [
                    {"name": site, "flow": flow, "order_id": self.orders[site]}
                    for site, (flow, where) in SITES.items()
                    if where == name
                ],
            }
            for name, host in self.hosts.items()
        }
        common = {
            "ansible_user": "root",
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_ssh_private_key_file": str(self.lan.private_key),
            "ansible_ssh_common_args": " ".join(self.lan.ssh_options),
            "sandbox": self.sandbox.ready,
        }
        (self.home / "inventory.json").write_text(json.dumps({"web": {"hosts": hosts, "vars": common}}))
        (self.home / "play.yml").write_text(PLAY)

    def run(self, *arguments: str, **environment: str) -> Any:
        """Runs the play; it has to succeed."""
        inventory = ("-i", str(self.home / "inventory.json"))
        settings = {**self.environment, "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.sockets), **environment}
        outcome = run_playbook(self.home / "play.yml", *inventory, *arguments, home=self.home, **settings)
        assert outcome.status == 0, outcome.output
        return outcome

    def writes(self) -> list[str]:
        """The writes that the clouds have seen so far."""
        return [entry["action"] for entry in self.sandbox.journal() if is_write(entry)]

    def nginx(self) -> dict[str, tuple[str, int]]:
        """By host, the process of nginx.service and how often systemd has reloaded it."""
        return {
            name: (
                host.command("systemctl", "show", "--property", "MainPID", "--value", "nginx").strip(),
                host.command("journalctl", "--unit", "nginx", "--output", "cat").count("Reloaded nginx"),
            )
            for name, host in self.hosts.items()
        }

    def key(self, site: str) -> str:
        """The private key that a host has for a site."""
        host = self.hosts[SITES[site][1]]
        path = f"etc/certwright/{site}/versions/{self.orders[site]}/key.pem"
        return (host.root / path).read_text()


@pytest.fixture(scope="module")
def story(lan, sandbox, tmp_path_factory):
    """The play twice: first with all that Ansible sends kept on the hosts, then as usual."""
    told = Story(lan, sandbox, tmp_path_factory.mktemp("controller"))
    try:
        with ExitStack() as stack:
            told.probes = {
                site: stack.enter_context(Probe(f"{host}, systemd, {flow}", (told.hosts[host].address, 443), site))
                for site, (flow, host) in SITES.items()
            }
            told.watch = stack.enter_context(
                Watch(lambda: (folder for host in lan.hosts for folder in host.processes()))
            )
            told.nginx_before = told.nginx()
            told.first = told.run("-vvv", ANSIBLE_KEEP_REMOTE_FILES="1")
            told.nginx_after, told.written = told.nginx(), told.writes()
            told.second = told.run(ANSIBLE_PIPELINING="1")
            told.nginx_again, told.written_again = told.nginx(), told.writes()
        yield told
    finally:
        shutil.rmtree(told.sockets, ignore_errors=True)


@pytest.mark.parametrize("site", SITES)
def test_host_serves_the_certificate_that_the_ca_issued(story, site):
    trust = ssl.create_default_context(cafile=story.sandbox.ready["ca_file"])
    issued = story.sandbox.control(f"orders/{story.orders[site]}")["certificate"]["fingerprint_sha256"].lower()
    assert see((story.hosts[SITES[site][1]].address, 443), site, trust) == issued


@pytest.mark.parametrize("site", SITES)
def test_every_visitor_of_a_host_sees_the_old_certificate_then_the_new_one(story, site):
    probe = story.probes[site]
    assert probe.faults() == []
    assert len(set(probe.seen())) == 2 and probe.seen()[0] != probe.seen()[-1]


def test_systemd_reloads_nginx_once_for_each_order_and_never_restarts_it(story):
    orders = {host: sum(where == host for _flow, where in SITES.values()) for host in HOSTS}
    assert {host: count for host, (_pid, count) in story.nginx_before.items()} == dict.fromkeys(HOSTS, 0)
    assert story.nginx_after == {host: (pid, orders[host]) for host, (pid, _count) in story.nginx_before.items()}


def test_second_run_changes_nothing_anywhere(story):
    assert story.second.recap == dict.fromkeys(HOSTS, (0, 0))
    assert story.nginx_again == story.nginx_after
    assert story.written_again == story.written
    submitted = [story.sandbox.control(f"orders/{order_id}")["submissions"] for order_id in story.orders.values()]
    assert submitted == [1] * len(SITES)


@pytest.mark.parametrize("site", OWN_KEYS)
def test_key_made_on_a_host_is_nowhere_else(story, site):
    lines = story.key(site).splitlines()[1:-1]
    elsewhere = [host.changed for host in story.lan.hosts if host.name != SITES[site][1]]
    # Below the network's own folder lie the disks of the hosts.
    assert found_in([*elsewhere, story.sandbox.state_dir], lines) == {}
    assert found_in([Path(tempfile.gettempdir())], lines, without=story.lan.folder) == {}
    assert [line for line in lines if line in story.first.output + story.second.output] == []
    assert story.watch.shown(lines) == []
    # The same search does find it where it has to be.
    assert len(found_in([story.hosts[SITES[site][1]].changed], lines)) == len(lines) > 10


@pytest.mark.parametrize("host", HOSTS)
def test_no_cloud_credential_reaches_a_host(story, host):
    remote = story.hosts[host]
    places = [remote.changed, *remote.in_memory()]
    assert len(story.secrets) == 4 and found_in(places, story.secrets) == {}
    # The same search does find what was sent to modules on the host, and Ansible's own code in its archives.
    sent = [order_id for site, order_id in story.orders.items() if SITES[site][1] == host]
    assert set(found_in(places, [*sent, "def install_certificate("])) == {*sent, "def install_certificate("}


def test_no_process_of_a_host_shows_a_cloud_credential(story):
    assert story.watch.looks > 100
    assert story.watch.shown(story.secrets) == []
    # The same look does see modules run and what ssh sets.
    assert story.watch.shown(["AnsiballZ_certificate_install", "SSH_CONNECTION="]) == [
        "AnsiballZ_certificate_install",
        "SSH_CONNECTION=",
    ]


def test_output_with_all_verbosity_shows_no_secret(story):
    accounts = story.sandbox.ready["accounts"]
    keys = [accounts["tencent"]["secret_key"], accounts["alibaba"]["access_key_secret"]]
    assert [key for key in keys if key in story.first.output] == []
    # It is all there otherwise, down to the commands that ssh carries.
    assert "AnsiballZ_certificate_install.py" in story.first.output
