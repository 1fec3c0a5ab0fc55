"""The signature of a model folder: detached Ed25519 over the bytes of `SHA256SUMS`, 64 bytes in `SHA256SUMS.sig`.

So `openssl pkeyutl -verify -pubin -inkey PUBLIC.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig` says the same.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from edgecad.errors import ModelInvalid, UsageError
from edgecad.modelfiles.sums import (
    NEXT_STEP,
    SIGNATURE,
    SUMS,
    FileSum,
    check_line,
    check_sums,
    places_of,
    read_beside,
    sums_of,
)
from edgecad.system.extras import require

PUBLIC_FROM_PRIVATE = "openssl pkey -in PRIVATE.pem -pubout -out PUBLIC.pem"
KEY_VARIABLE = "EDGECAD_KEY"
"""Names the public key that every model must be signed with, where nothing nearer does."""
MOST_SIGNATURE_BYTES = 2**10
NOT_CHECKED = "the model is signed, and nobody checked by whom; name the signer's public key with --key PUBLIC.pem"
"""Said of a model with a signature where no key is demanded."""


def demanded_key(*named: Path | None) -> Path | None:
    """The public key that a model must be signed with: the first that is named, else `$EDGECAD_KEY`; None: no demand.

    Args:
        named: by an option or an argument, then by the site's file.
    """
    given = [path for path in named if path is not None]
    word = os.environ.get(KEY_VARIABLE)
    return given[0] if given else Path(word) if word else None


def is_signed(file: Path) -> bool:
    """Whether something that is called a signature lies beside a file, or beside what it links to."""
    return any(os.path.lexists(place.parent / SIGNATURE) for place in places_of(file))


def check_signed_file(file: Path, sha256: str, public_key: Path) -> None:
    """Check who signed the folder of a file, and that the file's content is what was signed.

    Args:
        file: in a model folder, or a link to such a file.
        sha256: of its content as it was read.

    Raises:
        UsageError, ModelInvalid, NotAvailable: as `check_signature`.
    """
    key = _public_key(public_key)
    place = signed_place(file)
    check_line(place, sha256, _signed_sums(place.parent, key, public_key))


def signed_place(file: Path) -> Path:
    """The file's place in the folder that was signed.

    Raises:
        ModelInvalid: it lies in none.
    """
    for name in (SIGNATURE, SUMS):
        for place in places_of(file):
            if os.path.lexists(place.parent / name):
                return place
    raise ModelInvalid(
        f"{file} has no {SUMS} beside it, so nobody signed it; name the folder that was signed, or demand no key"
    )


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
    return check_sums(folder, _signed_sums(folder, _public_key(public_key), public_key))


def _signed_sums(folder: Path, key: Any, public_key: Path) -> bytes:
    """The content of `SHA256SUMS`, once its signature holds."""
    invalid = require("cryptography.exceptions", extra="sign").InvalidSignature
    sums = sums_of(folder)
    signature = read_beside(folder / SIGNATURE, MOST_SIGNATURE_BYTES)
    if sums is None or signature is None:
        absent = SUMS if sums is None else SIGNATURE
        raise ModelInvalid(f"{folder} has no {absent}, so nobody signed it; export it with --sign, or demand no key")
    try:
        key.verify(signature, sums)
    except invalid:
        raise ModelInvalid(
            f"{folder} was not signed with the private key of {public_key}, or {SUMS} changed since; do not use it: "
            f"ask the signer for their public key, or {NEXT_STEP}"
        ) from None
    return sums


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
