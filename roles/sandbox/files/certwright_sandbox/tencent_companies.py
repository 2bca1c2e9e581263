# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stored companies and managers (contacts), which the console keeps and no API makes (Tencent reference 1.21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from certwright_sandbox.clock import gmt8
from certwright_sandbox.gateway import ApiError
from certwright_sandbox.tencent_gateway import Action
from certwright_sandbox.tencent_parameters import table

if TYPE_CHECKING:
    from certwright_sandbox.app import App

__all__ = ["actions"]

#: What is listed while the settings known_companies and known_managers let any id pass.
_COMPANY, _MANAGER = "11772", "12895"
_LARGEST_PAGE = 1000
_DAY = 86400


def actions(app: App) -> dict[str, Action]:
    """DescribeCompanies and DescribeManagers."""
    companies = table(optional=dict.fromkeys(("Offset", "Limit", "CompanyId"), "int"))
    managers = table(
        {"CompanyId": "int"},
        {
            **dict.fromkeys(("Offset", "Limit"), "int"),
            **dict.fromkeys(("ManagerName", "ManagerMail", "Status", "SearchKey"), "string"),
        },
    )
    return {
        "DescribeCompanies": Action(lambda call, given: _companies(app, given), companies),
        "DescribeManagers": Action(lambda call, given: _managers(app, given), managers),
    }


def _ids(known: list[str] | None, default: str) -> list[int]:
    return [int(each) for each in ([default] if known is None else known) if each.isdecimal()]


def _page(rows: list[dict[str, Any]], given: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    offset = given.get("Offset", 0)
    if offset < 0 or limit < 0:
        raise ApiError("InvalidParameterValue", "Offset and Limit must not be negative.")
    return rows[offset : offset + min(limit, _LARGEST_PAGE)]


def _companies(app: App, given: dict[str, Any]) -> dict[str, Any]:
    """DescribeCompanies: the documented default of Limit is 0, and yet the example without it has a result."""
    ids = _ids(app.settings.known_companies, _COMPANY)
    rows = [_company(each) for each in ids if given.get("CompanyId", each) == each]
    return {"Companies": _page(rows, given, given.get("Limit") or _LARGEST_PAGE), "TotalCount": len(rows)}


def _managers(app: App, given: dict[str, Any]) -> dict[str, Any]:
    """DescribeManagers: all managers belong to the first company."""
    mine = given["CompanyId"] in _ids(app.settings.known_companies, _COMPANY)[:1]
    ids = _ids(app.settings.known_managers, _MANAGER) if mine else []
    rows = [_manager(app, each) for each in ids]
    wanted = {"ManagerName": "ManagerLastName", "ManagerMail": "ManagerMail", "Status": "Status"}
    for filtered, field in wanted.items():
        rows = [each for each in rows if given.get(filtered, each[field]) == each[field]]
    if "SearchKey" in given:
        rows = [each for each in rows if _found(each, given["SearchKey"])]
    return {"Managers": _page(rows, given, given.get("Limit", 10)), "TotalCount": len(rows)}


def _found(manager: dict[str, Any], key: str) -> bool:
    fields = ("ManagerLastName", "ManagerFirstName", "ManagerMail", "ManagerDepartment")
    words = [manager[field] for field in fields]
    return key in words or key.split("|") == words


def _company(number: int) -> dict[str, Any]:
    return {
        "CompanyName": f"Rehearsal Company {number}",
        "CompanyId": number,
        "CompanyCountry": "CN",
        "CompanyProvince": "Shanghai",
        "CompanyCity": "Shanghai",
        "CompanyAddress": "1 Example Road",
        "CompanyPhone": "021-55550100",
        "IdType": "OTHERS",
        "IdNumber": str(number),
        "Tags": None,
    }


def _manager(app: App, number: int) -> dict[str, Any]:
    now = app.clock.business()
    return {
        "Status": "ok",
        "ManagerFirstName": "Jo",
        "ManagerLastName": f"Doe {number}",
        "ManagerPosition": "Head of IT",
        "ManagerPhone": "13800000000",
        "ManagerMail": f"manager-{number}@example.com",
        "ManagerDepartment": "IT",
        "CreateTime": gmt8(now - 30 * _DAY),
        "DomainCount": 0,
        "CertCount": sum(
            str(number) == order.application.get("ManagerId") for order in app.orders.list("tencent_paid")
        ),
        "ManagerId": number,
        "ExpireTime": gmt8(now + 335 * _DAY),
        "SubmitAuditTime": gmt8(now - 30 * _DAY),
        "VerifyTime": gmt8(now - 30 * _DAY),
        "StatusInfo": [
            {
                "Type": level,
                "Status": "completed",
                "CreateTime": gmt8(now - 30 * _DAY),
                "ExpireTime": gmt8(now + 335 * _DAY),
                "ManagerPreAuditDomains": [],
            }
            for level in ("ov", "ev")
        ],
        "Tags": None,
    }
