# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DownloadCertificate: the zip file with a certificate in every server's form (Tencent reference 1.11)."""

from __future__ import annotations

import base64
import io
import secrets
import zipfile

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from certwright_sandbox.orders import Order
from certwright_sandbox.tencent_documents import base_name

__all__ = ["zipped"]


def zipped(order: Order) -> str:
    """The zip file of an issued order, in base64; without the key there are no key files and no keystores."""
    certificate = order.certificate or {}
    leaf, chain = certificate["leaf_pem"], certificate["chain_pem"]
    # How names of wildcards look is not known (Tencent reference 7.7): here without the asterisk.
    name = base_name(order.names[0])
    entries = {
        f"Nginx/1_{name}_bundle.crt": leaf + chain,
        "Apache/1_root_bundle.crt": chain,
        f"Apache/2_{name}.crt": leaf,
    }
    if order.private_key_pem is not None:
        entries |= {
            f"{name}.csr": order.csr_pem or "",
            f"Nginx/2_{name}.key": order.private_key_pem,
            f"Apache/3_{name}.key": order.private_key_pem,
        }
        entries |= _keystores(order, name, leaf + chain)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in entries.items():
            archive.writestr(path, data)
    return base64.b64encode(content.getvalue()).decode()


def _keystores(order: Order, name: str, pem: str) -> dict[str, str | bytes]:
    """Keystores, and their password unless the customer chose one. The .jks is PKCS#12, too, which Java reads."""
    own = order.application.get("KeyPass")
    password = own or secrets.token_hex(8)
    leaf, *others = x509.load_pem_x509_certificates(pem.encode())
    key = load_pem_private_key((order.private_key_pem or "").encode(), None)
    protection = BestAvailableEncryption(password.encode())
    store = serialize_key_and_certificates(name.encode(), key, leaf, others, protection)  # type: ignore[arg-type]
    entries: dict[str, str | bytes] = {f"IIS/{name}.pfx": store, f"Tomcat/{name}.jks": store}
    if not own:
        entries |= {"IIS/keystorePass.txt": password, "Tomcat/keystorePass.txt": password}
    return entries
