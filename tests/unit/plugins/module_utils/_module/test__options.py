# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The common options of every cloud module."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._http import Connection
from ansible_collections.certwright.cloud.plugins.module_utils._module._options import (
    CONNECTION_OPTIONS,
    api_rate_from,
    connection_from,
)

VARIABLE = "CERTWRIGHT_SOME_ENDPOINT"


def connection(environ: dict[str, str] | None = None, **given: Any) -> Connection:
    params = {name: spec.get("default") for name, spec in CONNECTION_OPTIONS.items()}
    return connection_from({**params, **given}, environ or {}, VARIABLE)


def test_connection_has_defaults() -> None:
    assert connection() == Connection("intl", None, None, 30, None)


def test_connection_takes_every_option() -> None:
    given = {"site": "china", "ca_path": "/ca.pem", "api_timeout": 2.5, "proxy": "proxy.example.com:3128"}
    assert connection(endpoint="https://a.example.com/", **given) == Connection(
        "china", "https://a.example.com", "/ca.pem", 2.5, "http://proxy.example.com:3128"
    )


@pytest.mark.parametrize(
    ("option", "variable", "endpoint"),
    [
        (None, "https://b.example.com", "https://b.example.com"),
        ("https://a.example.com", "https://b.example.com", "https://a.example.com"),
        ("https://a.example.com", "not a URL", "https://a.example.com"),
        (None, "", None),
        ("", "https://b.example.com", "https://b.example.com"),
    ],
)
def test_endpoint_comes_from_the_option_or_the_environment(
    option: str | None, variable: str, endpoint: str | None
) -> None:
    assert connection({VARIABLE: variable}, endpoint=option).endpoint == endpoint


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 1e9])
def test_time_out_without_sense_is_refused(seconds: float) -> None:
    with pytest.raises(InvalidInput, match="api_timeout: give a number of seconds above 0"):
        connection(api_timeout=seconds)


@pytest.mark.parametrize(
    ("option", "variable", "rate"),
    [
        (None, None, None),
        (None, "", None),
        (None, "2.5", 2.5),
        (None, "0", 0.0),
        (5.0, "2.5", 5.0),
        (5.0, "not a number", 5.0),
        (0.0, "2.5", 0.0),
        (0.1, None, 0.1),
        (1000.0, None, 1000.0),
    ],
)
def test_rate_comes_from_the_option_or_the_environment(
    option: float | None, variable: str | None, rate: float | None
) -> None:
    environ = {} if variable is None else {"CERTWRIGHT_API_RATE": variable}
    assert api_rate_from({"api_rate": option}, environ) == rate


WISH = "is no usable rate; give a number of calls a second from 0.1 to 1000, or 0 for no limit"


@pytest.mark.parametrize("rate", [-1.0, -0.0001, 0.01, 1000.1, 1e300, float("nan"), float("inf"), float("-inf")])
def test_rate_without_sense_is_refused(rate: float) -> None:
    with pytest.raises(InvalidInput) as caught:
        connection(api_rate=rate)
    assert caught.value.faults == (f"api_rate: '{rate}' {WISH}",)


@pytest.mark.parametrize("text", ["fast", "nan", "inf", "-5", "1e9", "10/s", "1,5", " "])
def test_rate_without_sense_in_the_environment_is_refused_and_the_variable_named(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        connection({"CERTWRIGHT_API_RATE": text})
    assert caught.value.faults == (f"api_rate (environment variable CERTWRIGHT_API_RATE): '{text}' {WISH}",)


def test_all_faults_are_told_at_once_and_the_variable_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        connection({VARIABLE: "http://api.example.com"}, proxy="http://user:hidden@", api_timeout=0, api_rate=-1.0)
    assert [fault.split(":")[0] for fault in caught.value.faults] == [
        f"endpoint (environment variable {VARIABLE})",
        "proxy",
        "api_rate",
        "api_timeout",
    ]
    assert "hidden" not in caught.value.message


def test_proxy_is_masked_because_it_may_hold_a_password() -> None:
    assert CONNECTION_OPTIONS["proxy"]["no_log"] is True
