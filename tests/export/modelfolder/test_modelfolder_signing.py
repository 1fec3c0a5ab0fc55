"""Signing a model folder: the runtime and openssl accept it, and a key that cannot be used is told at once."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra edgecad[sign]")

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from edgecad.errors import ModelInvalid, UsageError
from edgecad.modelfiles.signature import check_signature
from edgecad.modelfiles.sums import check_sums, write_sums
from edgecad_export.modelfolder.signing import private_key, sign

SIGNER = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WritePem = Callable[..., Path]


@pytest.fixture(autouse=True)
def no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDGECAD_KEY_PASSWORD", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"a model")
    write_sums(folder)
    return folder


@pytest.fixture
def pem(tmp_path: Path) -> WritePem:
    def write(
        key: ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey | ec.EllipticCurvePrivateKey = SIGNER,
        encryption: KeySerializationEncryption | None = None,
    ) -> Path:
        path = tmp_path / "private.pem"
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()))
        return path

    return write


@pytest.fixture
def public(tmp_path: Path) -> Path:
    path = tmp_path / "public.pem"
    path.write_bytes(SIGNER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


def test_the_runtime_accepts_the_signature(folder: Path, pem: WritePem, public: Path) -> None:
    path = sign(folder, pem())
    assert (path.name, path.stat().st_size) == ("SHA256SUMS.sig", 64)
    assert [entry.name for entry in check_signature(folder, public)] == ["model.onnx"]
    check_sums(folder)  # the signature is no file that the sums would have to list


def test_it_is_the_signature_of_the_sums_bytes(folder: Path, pem: WritePem) -> None:
    path = sign(folder, pem())
    assert path.read_bytes() == SIGNER.sign((folder / "SHA256SUMS").read_bytes())


def test_openssl_accepts_the_signature_and_only_of_these_sums(folder: Path, pem: WritePem, public: Path) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not on this machine")
    sign(folder, pem())
    command = [program, "pkeyutl", "-verify", "-pubin", "-inkey", str(public), "-rawin", "-in", "SHA256SUMS",
               "-sigfile", "SHA256SUMS.sig"]  # fmt: skip
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0
    (folder / "SHA256SUMS").write_text("other sums")
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode != 0


def test_a_key_made_as_the_message_says_signs(folder: Path, tmp_path: Path) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not on this machine")
    private, public = tmp_path / "PRIVATE.pem", tmp_path / "PUBLIC.pem"
    for words in (
        ["genpkey", "-algorithm", "ed25519", "-out", str(private)],
        ["pkey", "-in", str(private), "-pubout", "-out", str(public)],
    ):
        subprocess.run([program, *words], capture_output=True, check=True)
    sign(folder, private)
    check_signature(folder, public)
    (folder / "model.onnx").write_bytes(b"another model")
    with pytest.raises(ModelInvalid, match=r"model\.onnx is changed"):
        check_signature(folder, public)


def test_an_encrypted_key_opens_with_the_password_of_the_environment(
    folder: Path, pem: WritePem, public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = pem(encryption=BestAvailableEncryption("geheim ü".encode()))
    with pytest.raises(UsageError, match=r"encrypted and \$EDGECAD_KEY_PASSWORD is not set"):
        sign(folder, key)
    monkeypatch.setenv("EDGECAD_KEY_PASSWORD", "wrong")
    with pytest.raises(UsageError, match="does not open with the password") as caught:
        sign(folder, key)
    assert "wrong" not in str(caught.value)  # a password is never printed
    assert not (folder / "SHA256SUMS.sig").exists()
    monkeypatch.setenv("EDGECAD_KEY_PASSWORD", "geheim ü")
    sign(folder, key)
    check_signature(folder, public)


def test_a_password_that_is_not_needed_does_no_harm(
    folder: Path, pem: WritePem, public: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGECAD_KEY_PASSWORD", "for another key")
    sign(folder, pem())
    check_signature(folder, public)


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP256R1()), ed448.Ed448PrivateKey.generate()])
def test_a_key_of_another_kind_is_refused_with_the_line_that_makes_one(
    pem: WritePem, key: ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey
) -> None:
    with pytest.raises(UsageError, match="Ed25519 is wanted; make one: openssl genpkey -algorithm ed25519"):
        private_key(pem(key))


def test_a_file_that_is_no_private_key_is_refused(tmp_path: Path, public: Path) -> None:
    (tmp_path / "text.pem").write_text("no key")
    for path in (tmp_path / "text.pem", public):
        with pytest.raises(UsageError, match="no private key in PEM"):
            private_key(path)
    for path in (tmp_path / "absent.pem", tmp_path):
        with pytest.raises(UsageError, match="there is no private key at"):
            private_key(path)
