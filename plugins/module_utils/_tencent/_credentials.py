# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a key comes from: options, environment, profile files, in tccli's order (reference: Tencent, 4)."""

from __future__ import annotations

import configparser
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind
from ansible_collections.certwright.cloud.plugins.module_utils._redact import SHORTEST, is_too_short

__all__ = ["Credentials", "resolve"]

_ID, _KEY = "TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY"
# tccli, Terraform and lego each read another name.
_TOKENS = ("TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN", "TENCENTCLOUD_SESSION_TOKEN")
_OPTIONS = ("secret_id", "secret_key", "token")
_LOGIN_TYPES = ("oauth", "sso")
_INSTEAD = "Use a temporary key and token instead: the options secret_id, secret_key and token, or the environment."
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class Credentials:
    """A key pair, the token of a temporary one, and where they were found."""

    id: str
    secret: str = field(repr=False)
    token: str | None = field(repr=False)
    source: str


def resolve(params: Mapping[str, Any], environ: Mapping[str, str], home: str, now: float) -> Credentials:
    """The credentials to use.

    Order: the options; the profile that the option names; the environment; the profile that TCCLI_PROFILE names or
    ``default``. A profile is looked for in tccli's files, then in those of the SDKs.

    Arguments:
        params: with secret_id, secret_key, token and profile.
        home: the home directory.
        now: seconds since the epoch, to refuse temporary keys that have expired.

    Raises CertwrightError (auth).
    """
    given = _from_options(params)
    if given is not None:
        return given
    named: str | None = params["profile"] or None
    found = None if named else _from_environment(environ)
    if found is not None:
        return found
    profile = named or environ.get("TCCLI_PROFILE") or "default"
    places = _places(profile, environ, home)
    for path, is_tccli in places:
        text = _text_of(path)
        if text is None:
            continue
        found = _from_tccli(text, path, now) if is_tccli else _from_ini(text, path, profile)
        if found is not None:
            return found
    raise _missing(named, profile, [path for path, _is_tccli in places], environ)


def _places(profile: str, environ: Mapping[str, str], home: str) -> list[tuple[str, bool]]:
    own = environ.get("TENCENTCLOUD_CREDENTIALS_FILE")
    ini = [own] if own else [os.path.join(home, ".tencentcloud", "credentials"), "/etc/tencentcloud/credentials"]
    # A profile is a file name for tccli; one with a path in it would reach other files.
    tccli = [] if os.sep in profile else [(os.path.join(home, ".tccli", f"{profile}.credential"), True)]
    return [*tccli, *((path, False) for path in ini)]


def _from_options(params: Mapping[str, Any]) -> Credentials | None:
    empty = [name for name in _OPTIONS if params[name] is not None and not params[name].strip()]
    if empty:
        # An empty variable must not lead to the account that the environment happens to name.
        raise _refused(
            f"{', '.join(empty)}: given but empty",
            "Give the value, or leave secret_id, secret_key and token out to use the environment or a profile. "
            "Nothing was sent.",
        )
    secret_id, secret_key, token = (params[name] for name in _OPTIONS)
    if not (secret_id or secret_key or token):
        return None
    if params["profile"]:
        raise _refused("Both a key (secret_id, secret_key, token) and a profile were given; give only one of them")
    if not (secret_id and secret_key):
        raise _halves("the options", {"secret_id": secret_id, "secret_key": secret_key})
    return _checked(secret_id, secret_key, token, "the options secret_id and secret_key")


def _from_environment(environ: Mapping[str, str]) -> Credentials | None:
    secret_id, secret_key = environ.get(_ID), environ.get(_KEY)
    if not (secret_id or secret_key):
        return None
    if not (secret_id and secret_key):
        raise _halves("the environment variables", {_ID: secret_id, _KEY: secret_key})
    token = next((environ[name] for name in _TOKENS if environ.get(name)), None)
    return _checked(secret_id, secret_key, token, f"the environment variables {_ID} and {_KEY}")


def _from_tccli(text: str, path: str, now: float) -> Credentials | None:
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise _refused(f"The profile file '{path}' holds no JSON object; run 'tccli configure' again")
    kind = str(data.get("type") or "")
    if data.get("role-arn") or data.get("use-cvm-role") or kind == "cvm-role":
        mode = "role-arn" if data.get("role-arn") else "use-cvm-role"
        raise _refused(f"The profile file '{path}' asks for a role ({mode}), which is not supported", _INSTEAD)
    if _has_expired(data.get("expiresAt"), path, now):
        hint = f"Log in again with 'tccli auth login'. {_INSTEAD}" if kind in _LOGIN_TYPES else _INSTEAD
        raise _refused(f"The temporary key in the profile file '{path}' has expired", hint)
    values = (data.get("secretId"), data.get("secretKey"), data.get("token"))
    return _pair_in(f"the profile file '{path}'", *values, ("secretId", "secretKey"))


def _has_expired(expires: Any, path: str, now: float) -> bool:
    if expires is None or expires == "":
        return False
    try:
        return float(expires) <= now
    except (TypeError, ValueError):
        raise _refused(f"The value of expiresAt in the profile file '{path}' is no number of seconds") from None


def _from_ini(text: str, path: str, profile: str) -> Credentials | None:
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(text)
    except configparser.Error:
        raise _refused(f"The profile file '{path}' is not in INI form; its keys stand below '[{profile}]'") from None
    if not parser.has_section(profile):
        return None
    section = parser[profile]
    values = (section.get("secret_id"), section.get("secret_key"), section.get("token"))
    return _pair_in(f"section '{profile}' of the profile file '{path}'", *values, ("secret_id", "secret_key"))


def _pair_in(place: str, secret_id: Any, secret_key: Any, token: Any, names: tuple[str, str]) -> Credentials | None:
    if not (secret_id or secret_key):
        return None
    if not (secret_id and secret_key):
        raise _halves(place, dict(zip(names, (secret_id, secret_key))))
    return _checked(secret_id, secret_key, token or None, place)


def _checked(secret_id: Any, secret_key: Any, token: Any, source: str) -> Credentials:
    for name, value in (("id", secret_id), ("key", secret_key), ("token", token)):
        # A stray space or line end would only show as a wrong signature (reference: Tencent, 3.4).
        if value is not None and not (isinstance(value, str) and _PRINTABLE.fullmatch(value)):
            raise _refused(
                f"The {name} from {source} holds a space, a line end or another character that no key has",
                "Remove it where it is set.",
            )
    for name, value in (("key", secret_key), ("token", token)):
        if value and is_too_short(value):
            raise _refused(
                f"The {name} from {source} has fewer than {SHORTEST} characters, so it cannot be masked in output "
                "without showing it",
                "The cloud gives out longer ones; copy it again where it is set. Nothing was sent.",
            )
    return Credentials(secret_id, secret_key, token, source)


def _halves(place: str, pair: Mapping[str, Any]) -> CertwrightError:
    missing = " and ".join(name for name, value in pair.items() if not value)
    return _refused(
        f"The key from {place} is incomplete: {missing} is missing",
        f"Give {' and '.join(pair)} together, or none of them. Nothing was sent.",
    )


def _text_of(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise _refused(f"The profile file '{path}' cannot be read: {reason}") from None


def _missing(named: str | None, profile: str, paths: list[str], environ: Mapping[str, str]) -> CertwrightError:
    files = ", ".join(f"'{path}'" for path in paths)
    if named:
        return _refused(f"The profile '{named}' is in none of the files {files}", "Check its name, or give a key.")
    oidc = " OIDC (TKE_ROLE_ARN) is set but not supported." if environ.get("TKE_ROLE_ARN") else ""
    return _refused(
        "No key for Tencent Cloud was found: looked at the options secret_id and secret_key, "
        f"the environment variables {_ID} and {_KEY}, and the profile '{profile}' in {files}",
        f"Set one of them on the machine where this module runs.{oidc}",
    )


def _refused(message: str, hint: str | None = None) -> CertwrightError:
    return CertwrightError(message, kind=ErrorKind.AUTH, hint=hint or "Nothing was sent.")
