"""Sign a model folder with an Ed25519 key; `edgecad.modelfiles.signature` checks it and has the form."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from edgecad.errors import UsageError
from edgecad.modelfiles.signature import key_file
from edgecad.modelfiles.sums import SIGNATURE, SUMS
from edgecad.system.extras import require
from edgecad.system.folders import write_whole

PASSWORD = "EDGECAD_KEY_PASSWORD"  # noqa: S105 - a variable's name
MAKE_KEY = "openssl genpkey -algorithm ed25519 -out PRIVATE.pem"


def sign(folder: Path, key: Path) -> Path:
    """Sign `SHA256SUMS` of a folder; returns the signature's path.

    Args:
        folder: a model folder whose sums are written.
        key: PEM file of a private Ed25519 key, as `openssl genpkey -algorithm ed25519` writes it. Where it is
            encrypted, its password is in `$EDGECAD_KEY_PASSWORD`.

    Raises:
        UsageError: the key cannot be used.
        NotAvailable: the extra `sign` is not installed.
    """
    signature = private_key(key).sign((folder / SUMS).read_bytes())
    write_whole(folder / SIGNATURE, signature)
    return folder / SIGNATURE


def private_key(path: Path) -> Any:
    """Read a private key, of which only `sign(data)` is wanted; also to find a wrong one out before a long export.

    Raises:
        UsageError: it is no file, no private key in PEM, of another kind, or its password is wrong or not set.
        NotAvailable: the extra `sign` is not installed.
    """
    serialization = require("cryptography.hazmat.primitives.serialization", extra="sign")
    ed25519 = require("cryptography.hazmat.primitives.asymmetric.ed25519", extra="sign")
    pem = key_file(path, "private")
    password = _password(path) if b"ENCRYPTED" in pem else None
    try:
        key = serialization.load_pem_private_key(pem, password)
    except Exception as error:  # The library has one type a format and a fault.
        raise UsageError(_unreadable(path, password)) from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        kind = type(key).__name__.lstrip("_")
        raise UsageError(f"{path} is of the kind {kind}, and Ed25519 is wanted; make one: {MAKE_KEY}")
    return key


def _password(path: Path) -> bytes:
    password = os.environ.get(PASSWORD, "")
    if not password:
        raise UsageError(f"{path} is encrypted and ${PASSWORD} is not set; put its password there")
    return password.encode()


def _unreadable(path: Path, password: bytes | None) -> str:
    if password is not None:
        return f"{path} does not open with the password in ${PASSWORD}; set the right one"
    return f"{path} is no private key in PEM (PKCS8); make one: {MAKE_KEY}"
