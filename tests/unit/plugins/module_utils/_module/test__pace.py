# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often the APIs are called: what each action is allowed, who shares it, and where it is counted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba import _alidns, _dv_orders, _dv_submissions
from ansible_collections.certwright.cloud.plugins.module_utils._client import ApiCall
from ansible_collections.certwright.cloud.plugins.module_utils._module._pace import limiter_from
from ansible_collections.certwright.cloud.plugins.module_utils._retry import CallClass
from ansible_collections.certwright.cloud.plugins.module_utils._tencent import (
    _dnspod,
    _paid_orders,
    _paid_submissions,
)
from ansible_collections.certwright.cloud.plugins.modules import (
    alibaba_dv_order_info,
    dnspod_record,
    tencent_order_info,
)
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import (
    FakeTransport,
    context,
    json_response,
    run_use_case,
)

LOOK, LIST = (ApiCall("product", "2026-01-01", action, CallClass.READ) for action in ("Look", "List"))
STATE, RATE = "CERTWRIGHT_STATE_DIR", "CERTWRIGHT_API_RATE"


def gap(call: ApiCall = LOOK, environ: Mapping[str, str] | None = None, **given: Any) -> float:
    """Seconds that the second of two calls waits for the first."""
    run_context = context(None, environ=environ or {})
    limiter = limiter_from({"api_rate": None, **given}, run_context, "vendor key-id")
    limiter(call).take()
    limiter(call).take()
    return sum(run_context.clock.sleeps)


# Documented (reference: Tencent, 1.0 and 5.3; Alibaba, 1.10 and 5.2), or to be assumed where nothing is.
@pytest.mark.parametrize(
    ("call", "limit"),
    [
        *[(call, 10) for call in (_paid_orders.DETAIL, _paid_orders.LIST, _paid_orders.CHECK)],
        *[(call, 10) for call in (_paid_submissions.DOCUMENTS, _paid_submissions.ORDER, _paid_submissions.VALIDATE)],
        *[(call, 20) for call in (_dnspod.ZONES, _dnspod.RECORDS, _dnspod.CREATE, _dnspod.DELETE)],
        *[(call, 10) for call in (_dv_orders.RESULT, _dv_orders.LIST, _dv_submissions.CREATE)],
        (_alidns.ZONES, 10),
        (_alidns.RECORDS, 300),
        *[(call, 60) for call in (_alidns.ADD, _alidns.DELETE)],
    ],
    ids=lambda value: getattr(value, "action", value),
)
def test_action_has_the_rate_that_its_cloud_documents(call: ApiCall, limit: float) -> None:
    assert gap(call) == pytest.approx(1 / (0.98 * limit), abs=0.0015)


@pytest.mark.parametrize(
    ("option", "variable", "expected"),
    [(5.0, "", 0.204), (None, "2.5", 0.408), (5.0, "2.5", 0.204), (0.0, "2.5", 0.0), (None, "0", 0.0)],
)
def test_rate_can_be_set_for_all_actions(option: float | None, variable: str, expected: float) -> None:
    assert gap(_alidns.RECORDS, {RATE: variable}, api_rate=option) == pytest.approx(expected, abs=0.0015)


def test_actions_do_not_wait_for_each_other() -> None:
    run_context = context(None)
    limiter = limiter_from({"api_rate": None}, run_context, "vendor key-id")
    for call in (LOOK, LIST):
        limiter(call).take()
    assert run_context.clock.sleeps == []
    # One for all attempts: it remembers that its folder cannot be used.
    assert limiter(LOOK) is limiter(LOOK)


@pytest.mark.parametrize(
    ("options", "environ", "place"),
    [
        ({}, {STATE: "{}/named"}, "named"),
        ({"state_dir": "{}/given"}, {STATE: "{}/named"}, "given"),
        ({"state_dir": None}, {"XDG_STATE_HOME": "{}/xdg"}, "xdg/certwright"),
        ({}, {"HOME": "{}"}, ".local/state/certwright"),
    ],
)
def test_calls_are_counted_in_the_state_directory(
    tmp_path: Path, options: dict[str, str | None], environ: dict[str, str], place: str
) -> None:
    def here(values: Mapping[str, str | None]) -> dict[str, Any]:
        return {name: value and value.format(tmp_path) for name, value in values.items()}

    gap(environ=here(environ), **here(options))
    (path,) = (path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert str(path.parent) == f"{place}/rate" and path.name.startswith("product-Look-")


@pytest.mark.parametrize(
    ("options", "environ"),
    [
        ({}, {}),
        ({}, {STATE: "relative"}),
        ({"state_dir": "relative"}, {}),
        ({}, {STATE: "/dev/null/certwright"}),
        ({}, {"HOME": "relative"}),
    ],
)
def test_process_counts_alone_where_it_has_no_state_directory(options: dict[str, str], environ: dict[str, str]) -> None:
    run_context = context(None, environ=environ)
    # Every item of a loop has a client of its own, and the same memory.
    for _item in range(3):
        limiter_from({"api_rate": None, **options}, run_context, "vendor key-id")(LOOK).take()
    assert sum(run_context.clock.sleeps) == pytest.approx(2 * 0.102, abs=0.0015)


TENCENT = {"secret_id": "id-of-tests", "secret_key": "key-of-tests"}
ALIBABA = {"access_key_id": "id-of-tests", "access_key_secret": "key-of-tests"}


@pytest.mark.parametrize(
    ("module", "wish", "answer", "names"),
    [
        (
            tencent_order_info,
            {**TENCENT, "certificate_id": "LrmeMvQr"},
            {"Response": {"Error": {"Code": "AuthFailure.SecretIdNotFound", "Message": "no"}, "RequestId": "r"}},
            {"ssl-DescribeCertificateDetail"},
        ),
        (
            dnspod_record,
            {**TENCENT, "name": "_dnsauth.www.example.com", "value": "ours"},
            {"Response": {"Error": {"Code": "AuthFailure.SecretIdNotFound", "Message": "no"}, "RequestId": "r"}},
            {"dnspod-DescribeDomainList"},
        ),
        (
            alibaba_dv_order_info,
            {**ALIBABA, "instance_id": "cas-cn-1"},
            {"Code": "InvalidAccessKeyId.NotFound", "Message": "no", "RequestId": "r"},
            {"cas-DescribeDVOrderResult"},
        ),
    ],
)
def test_modules_count_their_calls_without_the_key(
    tmp_path: Path, module: Any, wish: dict[str, str], answer: dict[str, Any], names: set[str]
) -> None:
    run_context = context(FakeTransport([json_response(answer)]), environ={STATE: str(tmp_path)})
    with pytest.raises(Exception, match="refused"):
        run_use_case(module.USE_CASE, run_context, **wish)
    files = list((tmp_path / "rate").iterdir())
    assert {path.name.rpartition("-")[0] for path in files} == names
    assert not any("of-tests" in path.name + path.read_text() for path in files)
