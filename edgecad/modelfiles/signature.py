"""The signature of a model folder: detached Ed25519 over the bytes of `SHA256SUMS`, 64 bytes in `SHA256SUMS.sig`.

So `openssl pkeyutl -verify -pubin -inkey PUBLIC.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig` says the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgecad.errors import ModelInvalid, UsageError
from edgecad.modelfiles.sums import NEXT_STEP, SIGNATURE, SUMS, FileSum, check_sums
from edgecad.system.extras import require

PUBLIC_FROM_PRIVATE = "openssl pkey -in PRIVATE.pem -pubout -out PUBLIC.pem"


def check_signature(folder: Path, public_key: Path) -> tuple[FileSum, ...]:
    """Check who signed a model folder, and that no file changed since; returns the files.

    Args:
        folder: a model folder.
        public_key: PEM file of the signer's public Ed25519 key.

    Raises:
        UsageError: the file is no key.
        ModelInvalid: there is no signature, it is not this key's, or a file is not as it was signed.
        NotAvailable: the extra `sign` is not installed.
    """
    key = _public_key(public_key)
    invalid = require("cryptography.exceptions", extra="sign").InvalidSignature
    try:
        sums, signature = ((folder / name).read_bytes() for name in (SUMS, SIGNATURE))
    except FileNotFoundError as error:
        raise ModelInvalid(
            f"{folder} has no {Path(error.filename).name}, so nobody signed it; export it with --sign, or demand no key"
        ) from None
    try:
        key.verify(signature, sums)
    except invalid:
        raise ModelInvalid(
            f"{folder} was not signed with the private key of {public_key}, or {SUMS} changed since; do not use it: "
            f"ask the signer for their public key, or {NEXT_STEP}"
        ) from None
    return check_sums(folder, sums)


def _public_key(path: Path) -> Any:
    """The key, of which only `verify(signature, data)` is wanted."""
    serialization = require("cryptography.hazmat.primitives.serialization", extra="sign")
    ed25519 = require("cryptography.hazmat.primitives.asymmetric.ed25519", extra="sign")
    pem = key_file(path, "public")
    if b"PRIVATE KEY" in pem:
        raise UsageError(f"{path} is a private key, which stays with the signer; run {PUBLIC_FROM_PRIVATE}")
    try:
        key = serialization.load_pem_public_key(pem)
    except Exception as error:  # The library has one type a format and a fault.
        raise UsageError(f"{path} is no public key in PEM; the signer makes it: {PUBLIC_FROM_PRIVATE}") from error
    if not isinstance(key, ed25519.Ed25519PublicKey):
        kind = type(key).__name__.lstrip("_")
        raise UsageError(f"{path} is of the kind {kind}, and Ed25519 is wanted; take the signer's Ed25519 key")
    return key


def key_file(path: Path, kind: str) -> bytes:
    """Bytes of a key's file, 64 kB at most.

    Raises:
        UsageError: there is no such file, or it cannot be read.
    """
    try:
        if path.is_file():
            with path.open("rb") as file:
                return file.read(65536)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its path is malformed"
        raise UsageError(f"the {kind} key {path} cannot be read ({why}); name its PEM file") from error
    raise UsageError(f"there is no {kind} key at {path}; name its PEM file")
