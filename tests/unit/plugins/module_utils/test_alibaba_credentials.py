# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where Alibaba's credentials come from, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._alibaba._credentials import Credentials, resolve
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind

NOW = 1767225600.0
ENVIRONMENT = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "env-id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-secret"}
OTHER_TOOLS = {
    "ALICLOUD_ACCESS_KEY": "tf-id",
    "ALICLOUD_SECRET_KEY": "tf-secret",
    "ALICLOUD_SECURITY_TOKEN": "tf-token",
}
OIDC = {
    "ALIBABA_CLOUD_ROLE_ARN": "acs:ram::1:role/x",
    "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "acs:ram::1:oidc-provider/x",
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE": "/var/run/token",
}


def find(home: Path, environ: dict[str, str] | None = None, **options: Any) -> Credentials:
    params = {"access_key_id": None, "access_key_secret": None, "security_token": None, "profile": None, **options}
    return resolve(params, environ or {}, str(home), NOW)


def refused(home: Path, environ: dict[str, str] | None = None, **options: Any) -> CertwrightError:
    with pytest.raises(CertwrightError) as caught:
        find(home, environ, **options)
    assert caught.value.kind is ErrorKind.AUTH
    return caught.value


def write_cli_file(home: Path, *profiles: dict[str, Any], current: str = "default") -> None:
    (home / ".aliyun").mkdir()
    (home / ".aliyun" / "config.json").write_text(json.dumps({"current": current, "profiles": profiles}))


def write_ini_file(home: Path, text: str, name: str = "credentials.ini") -> Path:
    (home / ".alibabacloud").mkdir(exist_ok=True)
    path = home / ".alibabacloud" / name
    path.write_text(text)
    return path


def profile(name: str, **values: Any) -> dict[str, Any]:
    return {"name": name, "mode": "AK", "access_key_id": f"{name}-id", "access_key_secret": f"{name}-secret", **values}


INI = """
[default]
type = access_key            # the kind of credentials
access_key_id = ini-id
access_key_secret = ini%secret
[other]
type = sts
access_key_id = other-id
access_key_secret = other-secret
security_token = other-token
[role]
type = ram_role_arn
access_key_id = a
access_key_secret = b-secret
role_arn = acs:ram::1:role/x
"""


def test_options_win_over_environment_and_files(tmp_path: Path) -> None:
    write_cli_file(tmp_path, profile("default"))
    found = find(
        tmp_path, ENVIRONMENT, access_key_id="opt-id", access_key_secret="opt-secret", security_token="opt-token"
    )
    assert (found.id, found.secret, found.token) == ("opt-id", "opt-secret", "opt-token")
    assert "options" in found.source


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (ENVIRONMENT, ("env-id", "env-secret", None)),
        ({**ENVIRONMENT, "ALIBABA_CLOUD_SECURITY_TOKEN": "env-token"}, ("env-id", "env-secret", "env-token")),
        ({**OTHER_TOOLS, **ENVIRONMENT}, ("env-id", "env-secret", None)),
        (OTHER_TOOLS, ("tf-id", "tf-secret", "tf-token")),
    ],
)
def test_environment_wins_over_files(tmp_path: Path, environ: dict[str, str], expected: tuple[Any, ...]) -> None:
    write_cli_file(tmp_path, profile("default"))
    found = find(tmp_path, environ)
    assert (found.id, found.secret, found.token) == expected
    assert "environment variable" in found.source


def test_profile_named_in_the_task_wins_over_environment(tmp_path: Path) -> None:
    write_cli_file(tmp_path, profile("default"), profile("prod"))
    assert find(tmp_path, ENVIRONMENT, profile="prod").id == "prod-id"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "second-id"),
        ({"ALIBABA_CLOUD_PROFILE": "first"}, "first-id"),
        ({"ALIBABA_CLOUD_PROFILE": "other"}, "other-id"),
        ({"ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true"}, "ini-id"),
    ],
)
def test_cli_file_goes_before_the_ini_file(tmp_path: Path, environ: dict[str, str], expected: str) -> None:
    write_cli_file(tmp_path, profile("first"), profile("second"), current="second")
    write_ini_file(tmp_path, INI)
    assert find(tmp_path, environ).id == expected


def test_empty_profile_of_the_cli_is_passed_over(tmp_path: Path) -> None:
    write_cli_file(tmp_path, profile("default", mode="", access_key_id="", access_key_secret=""))
    write_ini_file(tmp_path, INI)
    found = find(tmp_path)
    assert (found.id, found.secret) == ("ini-id", "ini%secret")


@pytest.mark.parametrize("name", ["credentials.ini", "credentials"])
def test_both_names_of_the_ini_file_are_read(tmp_path: Path, name: str) -> None:
    path = write_ini_file(tmp_path, INI, name)
    assert str(path) in find(tmp_path).source


def test_ini_file_named_in_the_environment_replaces_the_usual_ones(tmp_path: Path) -> None:
    write_ini_file(tmp_path, INI)
    path = tmp_path / "mine"
    path.write_text("[default]\naccess_key_id = mine\naccess_key_secret = my-secret\n")
    assert find(tmp_path, {"ALIBABA_CLOUD_CREDENTIALS_FILE": str(path)}).id == "mine"


def test_temporary_key_of_a_profile_brings_its_token(tmp_path: Path) -> None:
    write_cli_file(tmp_path, profile("default", mode="StsToken", sts_token="sts-token", sts_expiration=NOW + 1))
    assert find(tmp_path).token == "sts-token"
    write_ini_file(tmp_path, INI)
    assert find(tmp_path, profile="other").token == "other-token"


def test_stale_token_of_a_profile_with_a_permanent_key_is_left_out(tmp_path: Path) -> None:
    write_cli_file(tmp_path, profile("default", sts_token="old", sts_expiration=1))
    assert find(tmp_path).token is None


def test_expired_temporary_key_is_refused(tmp_path: Path) -> None:
    write_cli_file(tmp_path, profile("default", mode="StsToken", sts_token="t", sts_expiration=int(NOW) - 1))
    error = refused(tmp_path)
    assert "has expired" in error.text
    assert "profile 'default'" in error.text


@pytest.mark.parametrize(
    ("environ", "options", "missing"),
    [
        ({}, {"access_key_id": "x"}, "access_key_secret"),
        ({}, {"access_key_secret": "x"}, "access_key_id"),
        ({}, {"security_token": "x"}, "access_key_id and access_key_secret"),
        (ENVIRONMENT, {"access_key_id": "x"}, "access_key_secret"),
        ({"ALIBABA_CLOUD_ACCESS_KEY_ID": "x"}, {}, "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
        ({"ALICLOUD_SECRET_KEY": "x", "ALIBABA_CLOUD_ACCESS_KEY_ID": ""}, {}, "ALICLOUD_ACCESS_KEY"),
    ],
)
def test_half_given_credentials_are_refused(
    tmp_path: Path, environ: dict[str, str], options: dict[str, str], missing: str
) -> None:
    assert f"{missing} is missing" in refused(tmp_path, environ, **options).text


@pytest.mark.parametrize("value", ["", " ", "\n"])
@pytest.mark.parametrize("options", [["access_key_id"], ["access_key_id", "access_key_secret"], ["security_token"]])
def test_option_given_but_empty_does_not_lead_to_the_key_of_the_environment(
    tmp_path: Path, options: list[str], value: str
) -> None:
    error = refused(tmp_path, ENVIRONMENT, **dict.fromkeys(options, value))
    assert error.message == f"{', '.join(options)}: given but empty"
    assert "or leave access_key_id, access_key_secret and security_token out" in error.text


@pytest.mark.parametrize("value", ["s3cret\n", " s3cret", "s3 cret", "s3cr\xe9t", "s3cret\x00"])
def test_secret_with_a_stray_character_is_refused_without_showing_it(tmp_path: Path, value: str) -> None:
    environ = {**ENVIRONMENT, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": value}
    error = refused(tmp_path, environ)
    assert "ALIBABA_CLOUD_ACCESS_KEY_SECRET holds" in error.text
    assert "s3" not in error.text


@pytest.mark.parametrize("place", ["options", "environment", "cli", "ini"])
@pytest.mark.parametrize("short", [{"key": "s3cret!"}, {"token": "t0ken!!"}], ids=["key", "token"])
def test_secret_that_is_too_short_to_be_masked_is_refused_without_showing_it(
    tmp_path: Path, place: str, short: dict[str, str]
) -> None:
    key, token = {"key": "long-enough", "token": "long-enough", **short}.values()
    if place == "options":
        error = refused(tmp_path, access_key_id="id", access_key_secret=key, security_token=token)
    elif place == "environment":
        values = {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": key, "ALIBABA_CLOUD_SECURITY_TOKEN": token}
        error = refused(tmp_path, {**ENVIRONMENT, **values})
    elif place == "cli":
        write_cli_file(tmp_path, profile("default", mode="StsToken", access_key_secret=key, sts_token=token))
        error = refused(tmp_path)
    else:
        ini = f"[default]\ntype = sts\naccess_key_id = id\naccess_key_secret = {key}\nsecurity_token = {token}\n"
        write_ini_file(tmp_path, ini)
        error = refused(tmp_path)
    assert error.message.startswith("The credentials from ") and "has fewer than 8 characters" in error.message
    source = {"options": "options", "environment": "variable", "cli": "config.json", "ini": "credentials.ini"}[place]
    assert source in error.message and not any(value in error.text for value in short.values())


@pytest.mark.parametrize("mode", ["RamRoleArn", "EcsRamRole", "OIDC", "CloudSSO", "ChainableRamRoleArn", "External"])
def test_profile_that_needs_the_network_is_refused_by_name(tmp_path: Path, mode: str) -> None:
    write_cli_file(tmp_path, profile("default", mode=mode))
    error = refused(tmp_path)
    assert f"mode '{mode}'" in error.text
    assert "Use a temporary key and token instead" in error.text


def test_ini_section_that_needs_the_network_is_refused_by_name(tmp_path: Path) -> None:
    write_ini_file(tmp_path, INI)
    assert "type 'ram_role_arn'" in refused(tmp_path, profile="role").text


def test_browser_login_is_used_only_with_its_stored_key(tmp_path: Path) -> None:
    entry = profile("default", mode="OAuth", sts_token="sts-token", sts_expiration=int(NOW) + 60)
    write_cli_file(tmp_path, entry, {"name": "fresh", "mode": "OAuth"})
    assert find(tmp_path).token == "sts-token"
    assert "hold no key yet" in refused(tmp_path, profile="fresh").text


def test_login_by_oidc_is_refused_rather_than_passed_over(tmp_path: Path) -> None:
    write_cli_file(tmp_path, profile("default"))
    assert "OIDC" in refused(tmp_path, OIDC).text
    assert find(tmp_path, {**OIDC, **ENVIRONMENT}).id == "env-id"


def test_missing_credentials_name_every_place(tmp_path: Path) -> None:
    error = refused(tmp_path)
    for place in (
        "access_key_id",
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "ALICLOUD_ACCESS_KEY",
        "config.json",
        "credentials.ini",
    ):
        assert place in error.text


def test_missing_profile_is_named(tmp_path: Path) -> None:
    write_cli_file(tmp_path, profile("default"))
    error = refused(tmp_path, ENVIRONMENT, profile="prod")
    assert "profile 'prod'" in error.text
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" not in error.text


def test_unused_ways_of_the_environment_are_named_when_nothing_is_found(tmp_path: Path) -> None:
    assert (
        "ALIBABA_CLOUD_CREDENTIALS_URI is set" in refused(tmp_path, {"ALIBABA_CLOUD_CREDENTIALS_URI": "http://x"}).text
    )


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"profiles": 1}', '{"profiles": [1]}', '{"current": "x", "profiles": "abc"}']
)
def test_malformed_cli_file_is_named(tmp_path: Path, text: str) -> None:
    write_cli_file(tmp_path)
    (tmp_path / ".aliyun" / "config.json").write_text(text)
    assert "config.json' is not what" in refused(tmp_path).text


@pytest.mark.parametrize("text", ["s3cret", "[default\ns3cret", "[a]\nx=1\n[a]\n"])
def test_malformed_ini_file_is_named_without_its_content(tmp_path: Path, text: str) -> None:
    write_ini_file(tmp_path, text)
    error = refused(tmp_path)
    assert "is not an ini file" in error.text
    assert "s3cret" not in error.text


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / ".aliyun" / "config.json").mkdir(parents=True)
    assert "cannot be read" in refused(tmp_path).text
    write_ini_file(tmp_path, "").write_bytes(b"\xff\xfe")
    environ = {"ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true"}
    assert "not UTF-8" in refused(tmp_path, environ).text


def test_representation_shows_neither_secret_nor_token() -> None:
    text = repr(Credentials("id", "s3cret", "t0ken", "somewhere"))
    assert "s3cret" not in text
    assert "t0ken" not in text
