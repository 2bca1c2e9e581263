# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where Tencent's credentials come from, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._tencent._credentials import Credentials, resolve

NOW = 1767225600.0
ENVIRONMENT = {"TENCENTCLOUD_SECRET_ID": "env-id", "TENCENTCLOUD_SECRET_KEY": "env-secret-key"}
TOKENS = ("TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN", "TENCENTCLOUD_SESSION_TOKEN")
PAIR = {"secretId": "cli-id", "secretKey": "cli-secret-key"}


def find(home: Path, environ: dict[str, str] | None = None, **options: Any) -> Credentials:
    params = {"secret_id": None, "secret_key": None, "token": None, "profile": None, **options}
    # The file of the whole machine must not decide about a test.
    nowhere = {"TENCENTCLOUD_CREDENTIALS_FILE": str(home / ".tencentcloud" / "credentials")}
    return resolve(params, {**nowhere, **(environ or {})}, str(home), NOW)


def refused(home: Path, environ: dict[str, str] | None = None, **options: Any) -> CertwrightError:
    with pytest.raises(CertwrightError) as caught:
        find(home, environ, **options)
    assert caught.value.kind is ErrorKind.AUTH
    return caught.value


def write_tccli(home: Path, data: Any, profile: str = "default") -> Path:
    (home / ".tccli").mkdir(exist_ok=True)
    path = home / ".tccli" / f"{profile}.credential"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def write_ini(home: Path, text: str) -> Path:
    (home / ".tencentcloud").mkdir(exist_ok=True)
    path = home / ".tencentcloud" / "credentials"
    path.write_text(text)
    return path


INI = """
[default]
secret_id = ini-id
secret_key = ini-secret-key
[work]
secret_id = work-id
secret_key = work-secret-key
token = work-token
"""


def test_options_win_over_everything(tmp_path: Path) -> None:
    write_tccli(tmp_path, PAIR)
    found = find(tmp_path, ENVIRONMENT, secret_id="id", secret_key="opt-secret-key", token="opt-token")
    assert (found.id, found.secret, found.token) == ("id", "opt-secret-key", "opt-token")
    assert "options" in found.source


def test_environment_wins_over_the_default_profile(tmp_path: Path) -> None:
    write_tccli(tmp_path, PAIR)
    found = find(tmp_path, ENVIRONMENT)
    assert (found.id, found.secret, found.token) == ("env-id", "env-secret-key", None)
    assert "TENCENTCLOUD_SECRET_ID" in found.source


def test_named_profile_wins_over_the_environment(tmp_path: Path) -> None:
    path = write_tccli(tmp_path, {**PAIR, "token": "cli-token"}, "work")
    found = find(tmp_path, ENVIRONMENT, profile="work")
    assert (found.id, found.secret, found.token) == ("cli-id", "cli-secret-key", "cli-token")
    assert str(path) in found.source


def test_environment_names_the_profile_where_it_has_no_key(tmp_path: Path) -> None:
    write_tccli(tmp_path, PAIR, "other")
    assert find(tmp_path, {"TCCLI_PROFILE": "other"}).id == "cli-id"
    assert find(tmp_path, {**ENVIRONMENT, "TCCLI_PROFILE": "other"}).id == "env-id"


@pytest.mark.parametrize("profile", [None, "default", "work"])
def test_ini_file_is_read_after_tccli(tmp_path: Path, profile: str | None) -> None:
    write_ini(tmp_path, INI)
    found = find(tmp_path, profile=profile)
    expected = ("work-id", "work-secret-key", "work-token") if profile == "work" else ("ini-id", "ini-secret-key", None)
    assert (found.id, found.secret, found.token) == expected
    assert f"section '{profile or 'default'}'" in found.source
    write_tccli(tmp_path, PAIR)
    assert find(tmp_path).id == "cli-id"


@pytest.mark.parametrize("empty", [{}, {"secretId": "", "secretKey": ""}, {"secretId": None}])
def test_profile_without_a_key_is_passed_over(tmp_path: Path, empty: dict[str, Any]) -> None:
    write_tccli(tmp_path, empty)
    write_ini(tmp_path, INI)
    assert find(tmp_path).id == "ini-id"


@pytest.mark.parametrize(
    ("environ", "token"),
    [
        (dict(zip(TOKENS, ("token-one", "token-two", "token-three"))), "token-one"),
        (dict(zip(TOKENS[1:], ("token-two", "token-three"))), "token-two"),
        (dict(zip(TOKENS, ("", None, "token-three"))), "token-three"),
    ],
)
def test_token_is_the_first_of_three_variables(tmp_path: Path, environ: dict[str, str], token: str) -> None:
    assert find(tmp_path, {**ENVIRONMENT, **environ}).token == token


@pytest.mark.parametrize(
    ("options", "environ", "missing"),
    [
        ({"secret_id": "id"}, {}, "secret_key"),
        ({"secret_key": "key"}, ENVIRONMENT, "secret_id"),
        ({"token": "token"}, ENVIRONMENT, "secret_id and secret_key"),
        ({}, {"TENCENTCLOUD_SECRET_ID": "env-id"}, "TENCENTCLOUD_SECRET_KEY"),
        ({}, {"TENCENTCLOUD_SECRET_KEY": "env-secret-key"}, "TENCENTCLOUD_SECRET_ID"),
    ],
)
def test_half_a_key_is_refused_with_the_name_of_the_other_half(
    tmp_path: Path, options: dict[str, str], environ: dict[str, str], missing: str
) -> None:
    write_tccli(tmp_path, PAIR)
    text = refused(tmp_path, environ, **options).text
    assert f"is incomplete: {missing} is missing" in text
    assert not any(value in text for value in ("env-id", "env-secret-key", "'id'", "'key'"))


@pytest.mark.parametrize("text", ["[default]\nsecret_id = x\n", "[default]\nsecret_key = x\n"])
def test_half_a_profile_is_refused(tmp_path: Path, text: str) -> None:
    path = write_ini(tmp_path, text)
    error = refused(tmp_path)
    assert str(path) in error.text
    assert f"{'secret_key' if 'secret_id' in text else 'secret_id'} is missing" in error.text


@pytest.mark.parametrize("value", ["", " ", "\n"])
@pytest.mark.parametrize(
    "options", [["secret_id"], ["secret_id", "secret_key"], ["secret_id", "secret_key", "token"], ["token"]]
)
def test_option_given_but_empty_does_not_lead_to_the_key_of_the_environment(
    tmp_path: Path, options: list[str], value: str
) -> None:
    error = refused(tmp_path, ENVIRONMENT, **dict.fromkeys(options, value))
    assert error.message == f"{', '.join(options)}: given but empty"
    assert "or leave secret_id, secret_key and token out" in error.text


def test_key_and_profile_together_are_refused(tmp_path: Path) -> None:
    assert "only one" in refused(tmp_path, secret_id="id", secret_key="key", profile="work").text


def test_missing_key_names_all_places(tmp_path: Path) -> None:
    text = refused(tmp_path).text
    tccli, ini = tmp_path / ".tccli" / "default.credential", tmp_path / ".tencentcloud" / "credentials"
    for place in ("secret_id", "TENCENTCLOUD_SECRET_ID", str(tccli), str(ini)):
        assert place in text


def test_missing_profile_is_named(tmp_path: Path) -> None:
    write_ini(tmp_path, INI)
    assert "'nobody'" in refused(tmp_path, ENVIRONMENT, profile="nobody").text


def test_profile_with_a_path_reaches_no_file(tmp_path: Path) -> None:
    write_tccli(tmp_path, PAIR)
    refused(tmp_path, profile="../.tccli/default")


def test_machine_wide_file_is_the_last_place(tmp_path: Path) -> None:
    params = {"secret_id": None, "secret_key": None, "token": None, "profile": "no-such-profile"}
    with pytest.raises(CertwrightError) as caught:
        resolve(params, {}, str(tmp_path), NOW)
    assert "'/etc/tencentcloud/credentials'" in caught.value.text


@pytest.mark.parametrize(
    ("extra", "word"),
    [
        ({"role-arn": "qcs::cam::uin/1:roleName/x"}, "role-arn"),
        ({"use-cvm-role": True}, "use-cvm-role"),
        ({"type": "cvm-role"}, "use-cvm-role"),
    ],
)
def test_roles_are_refused_by_name(tmp_path: Path, extra: dict[str, Any], word: str) -> None:
    write_tccli(tmp_path, {**PAIR, **extra})
    text = refused(tmp_path).text
    assert word in text and "temporary key and token instead" in text


@pytest.mark.parametrize("expires", [NOW - 1, str(int(NOW)), 0])
@pytest.mark.parametrize("kind", ["oauth", "sso", None])
def test_expired_key_is_refused(tmp_path: Path, expires: Any, kind: str | None) -> None:
    write_tccli(tmp_path, {**PAIR, "token": "t", "type": kind, "expiresAt": expires})
    assert "expired" in refused(tmp_path).text


def test_stored_temporary_key_is_used_until_it_expires(tmp_path: Path) -> None:
    write_tccli(tmp_path, {**PAIR, "token": "cli-token", "type": "oauth", "expiresAt": NOW + 1})
    assert find(tmp_path).token == "cli-token"


@pytest.mark.parametrize("data", ["{", "[]", "null", '{"secretId": "a", "secretKey": "b", "expiresAt": "soon"}'])
def test_unreadable_tccli_file_is_refused(tmp_path: Path, data: str) -> None:
    path = write_tccli(tmp_path, data)
    assert str(path) in refused(tmp_path).text


@pytest.mark.parametrize("text", ["secret_id = x", "[default\n"])
def test_unreadable_ini_file_is_refused(tmp_path: Path, text: str) -> None:
    path = write_ini(tmp_path, text)
    assert str(path) in refused(tmp_path).text


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = write_ini(tmp_path, "")
    path.write_bytes(b"\xff\xfe")
    assert str(path) in refused(tmp_path).text


def test_profile_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".tccli" / "default.credential").mkdir(parents=True)
    assert "cannot be read" in refused(tmp_path).text


@pytest.mark.parametrize("name", ["secret_id", "secret_key", "token"])
@pytest.mark.parametrize("stray", [" hidden", "hidden\n", "hid den", "h\u00efdden", "hidden\u200b"])
def test_stray_characters_are_refused_without_showing_the_value(tmp_path: Path, name: str, stray: str) -> None:
    text = refused(tmp_path, **{"secret_id": "id", "secret_key": "key", name: stray}).text
    assert "options secret_id and secret_key" in text and stray not in text


@pytest.mark.parametrize("place", ["options", "environment", "tccli", "ini"])
@pytest.mark.parametrize("short", [{"key": "s3cret!"}, {"token": "t0ken!!"}], ids=["key", "token"])
def test_secret_that_is_too_short_to_be_masked_is_refused_without_showing_it(
    tmp_path: Path, place: str, short: dict[str, str]
) -> None:
    key, token = {"key": "long-enough", "token": "long-enough", **short}.values()
    if place == "options":
        error = refused(tmp_path, secret_id="id", secret_key=key, token=token)
    elif place == "environment":
        error = refused(tmp_path, {**ENVIRONMENT, "TENCENTCLOUD_SECRET_KEY": key, "TENCENTCLOUD_TOKEN": token})
    elif place == "tccli":
        write_tccli(tmp_path, {"secretId": "id", "secretKey": key, "token": token})
        error = refused(tmp_path)
    else:
        write_ini(tmp_path, f"[default]\nsecret_id = id\nsecret_key = {key}\ntoken = {token}\n")
        error = refused(tmp_path)
    (what, value), *_one = short.items()
    assert error.message.startswith(f"The {what} from ") and "has fewer than 8 characters" in error.message
    source = {"options": "secret_id", "environment": "SECRET_ID", "tccli": ".credential", "ini": "credentials"}[place]
    assert source in error.message and value not in error.text


def test_value_of_another_type_is_refused(tmp_path: Path) -> None:
    path = write_tccli(tmp_path, {"secretId": ["cli-id"], "secretKey": "cli-secret-key"})
    assert str(path) in refused(tmp_path).text


def test_secrets_are_kept_out_of_the_representation(tmp_path: Path) -> None:
    shown = repr(find(tmp_path, secret_id="id", secret_key="not-shown", token="nor-this"))
    assert "not-shown" not in shown and "nor-this" not in shown
