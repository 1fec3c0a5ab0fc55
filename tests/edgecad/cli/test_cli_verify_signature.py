"""`edgecad verify --key`: a folder is the signer's, or it fails with the reason; openssl agrees."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edgecad.cli.program import app
from edgecad.modelfiles.sums import write_sums
from edgecad.system.installation import install_words

pytest.importorskip("cryptography", reason="signatures need the extra edgecad[sign]")

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

Run = Callable[..., Any]


def verified(*words: object) -> Any:
    return CliRunner().invoke(app, ["verify", *map(str, words)])


def refused(done: Any, code: int, *words: str) -> None:
    assert (done.exit_code, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    for word in words:
        assert word in line


def public_pem(path: Path, key: Any) -> Path:
    path.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


@pytest.fixture
def signer() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def public(tmp_path: Path, signer: ed25519.Ed25519PrivateKey) -> Path:
    return public_pem(tmp_path / "public.pem", signer)


@pytest.fixture
def signed(model_folder: Path, tmp_path: Path, signer: ed25519.Ed25519PrivateKey) -> Path:
    folder = tmp_path / "signed"
    shutil.copytree(model_folder, folder)
    (folder / "SHA256SUMS.sig").write_bytes(signer.sign(write_sums(folder).read_bytes()))
    return folder


def test_the_signers_key_opens_the_folder(signed: Path, public: Path) -> None:
    done = verified(signed, "--key", public)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "files: 1, all as SHA256SUMS says; signed with the key given" in done.stdout


def test_without_a_key_the_signature_is_said_not_to_be_checked(signed: Path) -> None:
    assert "signature not checked (give --key)" in verified(signed).stdout


def test_what_openssl_signed_is_accepted(signed: Path, tmp_path: Path) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not on this machine")
    private, public = tmp_path / "k.pem", tmp_path / "p.pem"
    for words in (
        ["genpkey", "-algorithm", "ed25519", "-out", private],
        ["pkey", "-in", private, "-pubout", "-out", public],
        ["pkeyutl", "-sign", "-inkey", private, "-rawin", "-in", signed / "SHA256SUMS",
         "-out", signed / "SHA256SUMS.sig"],
    ):  # fmt: skip
        subprocess.run([program, *map(str, words)], check=True, capture_output=True)
    assert verified(signed, "--key", public).exit_code == 0


def test_a_folder_that_nobody_signed_fails_when_a_key_is_given(signed: Path, public: Path) -> None:
    (signed / "SHA256SUMS.sig").unlink()
    refused(verified(signed, "--key", public), 6, "no SHA256SUMS.sig", "--sign")
    (signed / "SHA256SUMS").unlink()
    refused(verified(signed, "--key", public), 6, "no SHA256SUMS,")


def test_a_lone_file_carries_no_signature(signed: Path, public: Path, tmp_path: Path) -> None:
    lone = tmp_path / "lone" / "model.onnx"
    lone.parent.mkdir()
    shutil.copy(signed / "model.onnx", lone)
    refused(verified(lone, "--key", public), 6, "no SHA256SUMS beside it", "nobody signed it", "name the folder")


@pytest.mark.skipif(os.name == "nt", reason="links are a privilege on Windows")
def test_a_file_of_a_signed_folder_is_checked_with_its_folder(signed: Path, public: Path, tmp_path: Path) -> None:
    assert verified(signed / "model.onnx", "--key", public).exit_code == 0
    (tmp_path / "linked.onnx").symlink_to(signed / "model.onnx")
    assert verified(tmp_path / "linked.onnx", "--key", public).exit_code == 0
    (signed / "note.txt").write_text("added by somebody")
    refused(verified(signed / "model.onnx", "--key", public), 6, "note.txt", "without being listed")


def test_another_signers_key_does_not_open_it(signed: Path, tmp_path: Path) -> None:
    other = public_pem(tmp_path / "other.pem", ed25519.Ed25519PrivateKey.generate())
    refused(verified(signed, "--key", other), 6, "other.pem", "do not use it")


def test_a_file_and_its_sum_changed_together_are_found(signed: Path, public: Path) -> None:
    (signed / "note.txt").write_text("added by somebody")
    write_sums(signed)
    assert verified(signed).exit_code == 0
    refused(verified(signed, "--key", public), 6, "changed since")


def test_a_file_changed_under_a_good_signature_is_found(signed: Path, public: Path) -> None:
    (signed / "model.onnx").write_bytes((signed / "model.onnx").read_bytes() + b"\0")
    refused(verified(signed, "--key", public), 6, "model.onnx is changed")


@pytest.mark.parametrize("content", [b"", b"\0" * 63, b"\0" * 64, b"\0" * 65])
def test_what_is_no_signature_is_not_taken_for_one(signed: Path, public: Path, content: bytes) -> None:
    (signed / "SHA256SUMS.sig").write_bytes(content)
    refused(verified(signed, "--key", public), 6, "was not signed")


def test_a_key_file_that_is_none_is_a_wrong_command_line(
    signed: Path, tmp_path: Path, signer: ed25519.Ed25519PrivateKey
) -> None:
    (tmp_path / "text.pem").write_text("no key")
    refused(verified(signed, "--key", tmp_path / "text.pem"), 2, "no public key in PEM", "openssl pkey")
    refused(verified(signed, "--key", tmp_path / "absent.pem"), 2, "there is no public key at")
    refused(verified(signed, "--key", tmp_path), 2, "there is no public key at")
    refused(verified(signed, "--key", tmp_path / ("k" * 5000)), 2, "cannot be read (File name too long)")
    private = signer.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "private.pem").write_bytes(private)
    refused(verified(signed, "--key", tmp_path / "private.pem"), 2, "is a private key", "-pubout")
    curve = public_pem(tmp_path / "curve.pem", ec.generate_private_key(ec.SECP256R1()))
    refused(verified(signed, "--key", curve), 2, "Ed25519 is wanted")


def test_without_the_library_the_extra_is_named(edgecad: Run, signed: Path, public: Path) -> None:
    done = edgecad("verify", signed, "--key", public, before="import sys; sys.modules['cryptography'] = None")
    assert done.code == 4
    assert install_words("sign") in done.stderr


def test_without_a_key_the_library_is_not_loaded(edgecad: Run, signed: Path) -> None:
    done = edgecad("verify", signed)
    assert done.code == 0
    assert not {name for name in done.modules if name.startswith("cryptography")}
