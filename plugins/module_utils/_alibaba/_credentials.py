# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where an access key comes from: options, environment, profile files (reference: Alibaba, 4)."""

from __future__ import annotations

import configparser
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._redact import SHORTEST, is_too_short

__all__ = ["Credentials", "resolve"]

# Names of the key's id, its secret and the token. The first row is the cloud's own SDK and CLI; the second is what
# Terraform and lego read.
_VARIABLES = (
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
    ("ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY", "ALICLOUD_SECURITY_TOKEN"),
)
_OIDC_VARIABLES = ("ALIBABA_CLOUD_ROLE_ARN", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_OIDC_TOKEN_FILE")
_NETWORK_VARIABLES = ("ALIBABA_CLOUD_ECS_METADATA", "ALIBABA_CLOUD_CREDENTIALS_URI")

# Of the stored kinds, those that can be used without asking another service first.
_CLI_MODES = ("AK", "StsToken", "OAuth")
_INI_TYPES = ("access_key", "sts")

_USE_TOKEN = "use a temporary key and token instead (access_key_id, access_key_secret, security_token)"


@dataclass(frozen=True)
class Credentials:
    """An access key, with a token if it is a temporary one; source says where it was found, for messages."""

    id: str
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    source: str = ""


def resolve(params: Mapping[str, Any], environ: Mapping[str, str], home: str, now: float) -> Credentials:
    """The credentials to use, from the first place that has some, in the order of the cloud's own CLI.

    Arguments:
        params: access_key_id, access_key_secret, security_token, profile; each may be None.
        environ: the environment's variables.
        home: the home directory, where the profile files lie.
        now: seconds since the epoch; stored temporary keys that have expired are refused.

    Raises CertwrightError (auth) for a place that is filled in by halves or cannot be used, and where there is none.
    """
    found = _from_options(params)
    if found is None and not params["profile"]:
        # A profile named in the task is the more explicit wish, so it goes before the environment.
        found = _from_environment(environ)
    if found is None:
        found = _from_files(params["profile"], environ, home, now)
    if found is None:
        raise _nothing(params["profile"], environ, home)
    return found


def _from_options(params: Mapping[str, Any]) -> Credentials | None:
    names = ("access_key_id", "access_key_secret", "security_token")
    empty = [name for name in names if params[name] is not None and not params[name].strip()]
    if empty:
        # An empty variable must not lead to the account that the environment happens to name.
        raise _auth(
            f"{', '.join(empty)}: given but empty",
            f"Give the value, or leave {', '.join(names[:2])} and {names[2]} out to use the environment or a profile. "
            "Nothing was sent.",
        )
    return _checked(tuple(params[name] for name in names), names, "the options access_key_id and access_key_secret")


def _from_environment(environ: Mapping[str, str]) -> Credentials | None:
    for names in _VARIABLES:
        found = _checked(tuple(environ.get(name) for name in names), names, f"the environment variable {names[0]}")
        if found is not None:
            return found
    if all(environ.get(name) for name in _OIDC_VARIABLES):
        raise _unusable(f"the environment variables {', '.join(_OIDC_VARIABLES)}", "log in by OIDC")
    return None


def _from_files(profile: str | None, environ: Mapping[str, str], home: str, now: float) -> Credentials | None:
    name = profile or environ.get("ALIBABA_CLOUD_PROFILE") or None
    for path in _paths(environ, home):
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise _auth(f"The credentials file '{path}' cannot be read: {_reason(error)}") from None
        read = _from_json if path.endswith(".json") else _from_ini
        found = read(text, path, name, now)
        if found is not None:
            return found
    return None


def _reason(error: Exception) -> str:
    return error.strerror or "unreadable" if isinstance(error, OSError) else "it is not UTF-8 text"


def _paths(environ: Mapping[str, str], home: str) -> list[str]:
    own = [] if environ.get("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "").lower() == "true" else [".aliyun/config.json"]
    named = environ.get("ALIBABA_CLOUD_CREDENTIALS_FILE")
    # The second name is the one that the older documentation gives.
    shared = [] if named else [".alibabacloud/credentials.ini", ".alibabacloud/credentials"]
    return [os.path.join(home, path) for path in own] + ([named] if named else [os.path.join(home, p) for p in shared])


def _from_json(text: str, path: str, name: str | None, now: float) -> Credentials | None:
    try:
        content = json.loads(text)
        wanted = name or content.get("current")
        profiles = [each for each in content.get("profiles") or () if each.get("name") == wanted]
    except (ValueError, AttributeError, TypeError):
        raise _auth(f"The credentials file '{path}' is not what 'aliyun configure' writes") from None
    if not profiles:
        return None
    entry, source = profiles[0], f"profile '{wanted}' in '{path}'"
    mode = str(entry.get("mode") or "AK")
    if mode not in _CLI_MODES:
        raise _unusable(source, f"are of the mode '{mode}'")
    expires = entry.get("sts_expiration")
    if mode != "AK" and isinstance(expires, (int, float)) and 0 < expires <= now:
        raise _auth(f"The temporary key of {source} has expired", "Log in again with the cloud's CLI, then rerun.")
    names = ("access_key_id", "access_key_secret", "sts_token")
    values = tuple(entry.get(key) for key in names)
    found = _checked(values if mode != "AK" else (*values[:2], None), names, source)
    if found is None and mode == "OAuth":
        raise _unusable(source, "are of the mode 'OAuth' and hold no key yet")
    return found


def _from_ini(text: str, path: str, name: str | None, now: float) -> Credentials | None:
    # Raw, because a percent sign in a value is no reference to another one.
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error:
        # The parser's own message quotes the line, which may hold a secret.
        raise _auth(f"The credentials file '{path}' is not an ini file") from None
    section = name or "default"
    if not parser.has_section(section):
        return None
    # What follows a number sign is a comment also inside a line, as in the cloud's own SDK.
    entry = {key: value.split("#", 1)[0].strip() for key, value in parser.items(section)}
    source = f"section '{section}' in '{path}'"
    kind = entry.get("type") or "access_key"
    if kind not in _INI_TYPES:
        raise _unusable(source, f"are of the type '{kind}'")
    names = ("access_key_id", "access_key_secret", "security_token")
    return _checked(tuple(entry.get(key) for key in names), names, source)


def _checked(values: tuple[Any, ...], names: tuple[str, ...], source: str) -> Credentials | None:
    """The credentials, None where none of the values is set. Raises where only some are or one is malformed."""
    key_id, secret, token = (value or None for value in values)
    if not (key_id or secret or token):
        return None
    missing = [name for name, value in zip(names, (key_id, secret)) if not value]
    if missing:
        raise _auth(f"The credentials from {source} are incomplete: {' and '.join(missing)} is missing")
    for name, value in zip(names, (key_id, secret, token)):
        if value is not None and not _is_clean(value):
            raise _auth(
                f"The credentials from {source} cannot be used: {name} holds a blank, a line end or another character "
                "that no key has",
                "Copy the value again, without anything around it.",
            )
    for name, value in zip(names[1:], (secret, token)):
        if value is not None and is_too_short(value):
            raise _auth(
                f"The credentials from {source} cannot be used: {name} has fewer than {SHORTEST} characters, so it "
                "cannot be masked in output without showing it",
                "The cloud gives out longer ones; copy it again. Nothing was sent.",
            )
    return Credentials(str(key_id), str(secret), token, source)


def _is_clean(value: Any) -> bool:
    return isinstance(value, str) and all("!" <= character <= "~" for character in value)


def _unusable(source: str, what: str) -> CertwrightError:
    return _auth(f"The credentials from {source} {what}, which this collection cannot use", _sentence(_USE_TOKEN))


def _nothing(profile: str | None, environ: Mapping[str, str], home: str) -> CertwrightError:
    files = ", ".join(f"'{path}'" for path in _paths(environ, home))
    name = profile or environ.get("ALIBABA_CLOUD_PROFILE")
    files = f"profile '{name}' in {files}" if name else files
    before = "" if profile else "the environment variables ALIBABA_CLOUD_ACCESS_KEY_ID and ALICLOUD_ACCESS_KEY, "
    hint = "Set one of them."
    network = next((variable for variable in _NETWORK_VARIABLES if environ.get(variable)), None)
    if network:
        hint = f"{network} is set, but this collection does not ask another service for keys; {_USE_TOKEN}."
    return _auth(f"No credentials for Alibaba Cloud: looked at the option access_key_id, {before}{files}", hint)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _auth(message: str, hint: str | None = None) -> CertwrightError:
    return CertwrightError(message, kind=ErrorKind.AUTH, hint=hint)
