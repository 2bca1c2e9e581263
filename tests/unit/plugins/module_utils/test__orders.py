# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shape of an order in results, and what to do in each state."""

from __future__ import annotations

import pytest
from ansible_collections.certwright.cloud.plugins.module_utils._errors import CertwrightError, ErrorKind, InvalidInput
from ansible_collections.certwright.cloud.plugins.module_utils._orders import (
    ActionNeeded,
    Bundle,
    CertificateFacts,
    Order,
    OrderState,
    Validation,
    ValidationFile,
    ValidationMethod,
    ValidationRecord,
    ValidationStatus,
    VendorState,
    action_for,
)
from ansible_collections.certwright.cloud.tests.unit.plugins.helpers import make_order

RECORD = ValidationRecord("_dnsauth.example.com", "TXT", "20261121abc")
PATH = "/.well-known/pki-validation/fileauth.txt"
FILE = ValidationFile(f"http://example.com{PATH}", PATH, "20261121abc")
BY_DNS = Validation("example.com", ValidationMethod.DNS, record=RECORD)
BY_FILE = Validation("example.com", ValidationMethod.FILE, file=FILE)
PASSED = Validation("example.com", ValidationMethod.DNS, record=RECORD, status=ValidationStatus.PASSED)
FACTS = CertificateFacts(
    serial="0a1b",
    fingerprint_sha256="aa" * 32,
    public_key_sha256="bb" * 32,
    issuer="CN=Test CA",
    not_before="2026-01-01T00:00:00Z",
    not_after="2026-07-20T00:00:00Z",
    domains=("example.com",),
)


def test_order_is_shown_in_the_one_documented_shape() -> None:
    order = Order(
        provider="tencent",
        flow="tencent_paid",
        id="LrmeMvQr",
        state=OrderState.VALIDATING,
        vendor_state=VendorState("0", "PENDING-DCV"),
        domains=("example.com", "www.example.com"),
        validations=(BY_DNS, BY_FILE),
        certificate=FACTS,
        public_key_sha256="cc" * 32,
        request_id="request-1",
    )
    assert order.to_result() == {
        "provider": "tencent",
        "flow": "tencent_paid",
        "id": "LrmeMvQr",
        "state": "validating",
        "vendor_state": {"code": "0", "text": "PENDING-DCV"},
        "domains": ["example.com", "www.example.com"],
        "validations": [
            {
                "domain": "example.com",
                "method": "dns",
                "record": {"name": "_dnsauth.example.com", "type": "TXT", "value": "20261121abc"},
                "file": None,
                "status": "pending",
            },
            {
                "domain": "example.com",
                "method": "file",
                "record": None,
                "file": {"url": f"http://example.com{PATH}", "path": PATH, "content": "20261121abc"},
                "status": "pending",
            },
        ],
        "certificate": {
            "serial": "0a1b",
            "fingerprint_sha256": "aa" * 32,
            "public_key_sha256": "bb" * 32,
            "issuer": "CN=Test CA",
            "not_before": "2026-01-01T00:00:00Z",
            "not_after": "2026-07-20T00:00:00Z",
        },
        "valid_until": "2026-07-20T00:00:00Z",
        "action_needed": "publish_validation",
        "next_step": "Publish the validation files, then wait.",
    }


def test_order_that_tells_little_is_shown_in_the_same_shape() -> None:
    order = Order("alibaba", "alibaba_dv", "cas-1", OrderState.UNKNOWN, VendorState(None, None))
    shown = order.to_result()
    assert list(shown) == list(make_order().to_result())
    assert (shown["domains"], shown["validations"], shown["certificate"]) == (None, [], None)
    assert shown["valid_until"] is None
    assert shown["vendor_state"] == {"code": None, "text": None}


ACTIONS = {
    OrderState.AWAITING_DOCUMENTS: "submit_documents",
    OrderState.PREPARED: "submit_order",
    OrderState.AWAITING_LETTER: "upload_letter",
    OrderState.VALIDATING: "publish_validation",
    OrderState.REVIEWING: "none",
    OrderState.ISSUED: "none",
    OrderState.REJECTED: "contact_ca",
    OrderState.REISSUING: "none",
    OrderState.CANCELLING: "none",
    OrderState.CANCELLED: "none",
    OrderState.REVOKING: "none",
    OrderState.REVOKED: "none",
    OrderState.EXPIRED: "none",
    OrderState.REFUNDED: "none",
    OrderState.UNKNOWN: "none",
}


@pytest.mark.parametrize("state", list(OrderState))
def test_every_state_says_what_to_do(state: OrderState) -> None:
    shown = make_order(state, validations=(BY_DNS,)).to_result()
    assert shown["action_needed"] == ACTIONS[state]
    assert shown["next_step"].endswith(".")


@pytest.mark.parametrize(
    ("validations", "action", "word"),
    [
        pytest.param((), ActionNeeded.NONE, "not known yet", id="none yet"),
        pytest.param((BY_DNS,), ActionNeeded.PUBLISH_VALIDATION, "records", id="record"),
        pytest.param((BY_FILE,), ActionNeeded.PUBLISH_VALIDATION, "files", id="file"),
        pytest.param((PASSED, BY_DNS), ActionNeeded.PUBLISH_VALIDATION, "records", id="one passed"),
        pytest.param((PASSED, PASSED), ActionNeeded.NONE, "wait for the CA", id="all passed"),
    ],
)
def test_validating_order_says_what_to_publish(
    validations: tuple[Validation, ...], action: ActionNeeded, word: str
) -> None:
    needed, sentence = action_for(OrderState.VALIDATING, validations)
    assert needed is action
    assert word in sentence


def test_what_an_order_says_itself_counts_more_than_its_state() -> None:
    order = make_order(OrderState.REVOKING, action=ActionNeeded.UPLOAD_LETTER, next_step="Upload the letter.")
    shown = order.to_result()
    assert (shown["action_needed"], shown["next_step"]) == ("upload_letter", "Upload the letter.")


# For each state: was it sent, can no waiting help, must a person act first.
NATURE = {
    OrderState.AWAITING_DOCUMENTS: (False, False, True),
    OrderState.PREPARED: (False, False, True),
    OrderState.AWAITING_LETTER: (True, False, True),
    OrderState.VALIDATING: (True, False, False),
    OrderState.REVIEWING: (True, False, False),
    OrderState.ISSUED: (True, False, False),
    OrderState.REJECTED: (True, True, False),
    OrderState.REISSUING: (True, False, False),
    OrderState.CANCELLING: (True, True, False),
    OrderState.CANCELLED: (True, True, False),
    OrderState.REVOKING: (True, True, False),
    OrderState.REVOKED: (True, True, False),
    OrderState.EXPIRED: (True, True, False),
    OrderState.REFUNDED: (True, True, False),
    OrderState.UNKNOWN: (True, False, False),
}


@pytest.mark.parametrize("state", list(OrderState))
def test_nature_of_a_state(state: OrderState) -> None:
    assert (state.submitted, state.dead_end, state.needs_person) == NATURE[state]


@pytest.mark.parametrize("end", ["", "\n"])
def test_full_chain_starts_with_the_leaf_and_every_part_ends_its_line(end: str) -> None:
    bundle = Bundle(f"leaf{end}", (f"first{end}", f"second{end}"), "the key")
    assert bundle.full_chain == "leaf\nfirst\nsecond\n"


def test_private_key_is_not_in_a_bundles_repr() -> None:
    assert "hidden" not in repr(Bundle("leaf", (), "hidden"))


# The error family, which carries orders into failed results


def test_failed_result_has_the_documented_shape() -> None:
    error = CertwrightError(
        "SubmitIt was refused",
        kind=ErrorKind.QUOTA,
        code="LimitExceeded",
        detail="No more orders",
        request_id="request-1",
        http_status=200,
        hint="Buy more.",
    )
    error.changed, error.order = True, make_order()
    assert error.to_result() == {
        "msg": "SubmitIt was refused (LimitExceeded: No more orders; request id request-1). Buy more.",
        "changed": True,
        "error": {
            "kind": "quota",
            "code": "LimitExceeded",
            "message": "No more orders",
            "request_id": "request-1",
            "http_status": 200,
            "hint": "Buy more.",
        },
        "order": make_order().to_result(),
    }


def test_failed_result_without_an_order_has_none() -> None:
    result = CertwrightError("It went wrong", kind=ErrorKind.NETWORK).to_result()
    assert result["msg"] == "It went wrong."
    assert result["error"]["message"] == "It went wrong"
    assert result["changed"] is False
    assert "order" not in result


def test_all_wrong_options_are_said_at_once() -> None:
    result = InvalidInput(["csr: is empty; give one", "key: is short; give a longer one"]).to_result()
    assert result["msg"] == "csr: is empty; give one; key: is short; give a longer one. Nothing was sent."
    assert result["error"]["kind"] == "invalid_input"


def test_refusal_of_ours_has_the_request_id_in_the_result_only() -> None:
    ours = CertwrightError("Order '1' cannot be used", kind=ErrorKind.CONFLICT, request_id="r-1")
    assert (ours.text, ours.to_result()["error"]["request_id"]) == ("Order '1' cannot be used.", "r-1")
    for cloud in ({"code": "Limit"}, {"http_status": 502}):
        assert "request id r-1" in CertwrightError("x", kind=ErrorKind.QUOTA, request_id="r-1", **cloud).text


@pytest.mark.parametrize("state", OrderState)
def test_every_state_goes_into_a_sentence(state: OrderState) -> None:
    assert state.phrase.split()[0] in ("is", "awaits")
    assert "_" not in state.phrase
