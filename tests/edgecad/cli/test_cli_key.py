"""A signature that is demanded: by `--key`, by the site, by `$EDGECAD_KEY`, of every command that opens a model."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from edgecad.cli.program import app
from edgecad.contract import Contract
from edgecad.errors import ModelInvalid, UsageError
from edgecad.inference.classifier import Classifier
from edgecad.inference.loading import load_model
from edgecad.inference.replaying import golden_answers, prove_golden
from edgecad.modelfiles.signature import demanded_key
from edgecad.modelfiles.sums import write_sums

pytest.importorskip("cryptography", reason="signatures need the extra edgecad[sign]")

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

OPENING = {
    "infer": lambda model, scan, out: ["infer", scan, "--model", model, "--json"],
    "watch": lambda model, scan, out: ["watch", scan.parent, out, "--once", "--model", model],
    "verify": lambda model, scan, out: ["verify", model],
    "inspect": lambda model, scan, out: ["inspect", model],
    "bench": lambda model, scan, out: ["bench", model, "--device", "cpu", "--precision", "fp32"],
    "cache build": lambda model, scan, out: ["cache", "build", model],
    "models use": lambda model, scan, out: ["models", "use", model.name, "--models", model.parent],
    "evaluate": lambda model, scan, out: ["evaluate", model, scan.parent.parent / "data"],
}  # fmt: skip
Words = Callable[[Path, Path, Path], list[Any]]


def public_of(key: ed25519.Ed25519PrivateKey, path: Path) -> Path:
    path.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


@pytest.fixture
def signer() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


@pytest.fixture
def folder(folder_of: Callable[..., Path]) -> Path:
    """A model of two precisions that nobody signed."""
    return folder_of("fp32", "int8")


@pytest.fixture
def signed(folder: Path, signer: ed25519.Ed25519PrivateKey) -> Path:
    (folder / "SHA256SUMS.sig").write_bytes(signer.sign(write_sums(folder).read_bytes()))
    return folder


@pytest.fixture
def public(signer: ed25519.Ed25519PrivateKey, tmp_path: Path) -> Path:
    return public_of(signer, tmp_path / "public.pem")


@pytest.fixture
def scan(phantom_jpeg: Path, tmp_path: Path) -> Path:
    """A scan to answer, and labelled ones beside its folder."""
    for place in ("in", "data/CAD", "data/nonCAD"):
        (tmp_path / place).mkdir(parents=True)
        shutil.copy(phantom_jpeg, tmp_path / place / f"{place[-5:].replace('/', '-')}.jpg")
    return tmp_path / "in" / "in.jpg"


def done(words: list[Any]) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize("command", OPENING)
@pytest.mark.parametrize("how", ["option", "variable"])
def test_a_model_that_nobody_signed_is_refused_where_a_key_is_demanded(
    command: str, how: str, folder: Path, public: Path, scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    if command == "evaluate":
        request.getfixturevalue("all_extras")
    monkeypatch.chdir(tmp_path)
    words = OPENING[command](folder, scan, tmp_path / "out")
    if how == "variable":
        monkeypatch.setenv("EDGECAD_KEY", str(public))
    else:
        words += ["--key", public]
    said = done(words)
    assert (said.exit_code, said.stdout) == (6, ""), said.output
    line = said.stderr.splitlines()[-1]
    assert "nobody signed it" in line
    assert "export it with --sign" in line
    assert scan.is_file()


@pytest.mark.parametrize("command", ["infer", "verify", "inspect", "models use"])
def test_the_signers_own_key_opens_it(
    command: str, signed: Path, public: Path, scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = done([*OPENING[command](signed, scan, tmp_path / "out"), "--key", public])
    assert said.exit_code == 0, said.stderr
    assert "nobody checked" not in said.stdout + said.stderr


def test_every_command_that_takes_a_model_takes_a_key() -> None:
    def below(command: Any, name: str) -> Any:
        if hasattr(command, "list_commands"):
            context = command.make_context("edgecad", [], resilient_parsing=True)
            for each in command.list_commands(context):
                yield from below(command.get_command(context, each), f"{name} {each}".strip())
        else:
            yield name, {parameter.name for parameter in command.params}

    commands = dict(below(typer.main.get_command(app), ""))
    taking = {name for name, parameters in commands.items() if parameters & {"model", "models"}} | {"evaluate"}
    assert taking >= OPENING.keys()
    without = [name for name in taking if "key" not in commands[name]]
    assert without == []


def test_who_is_named_nearer_demands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    option, site, variable = (tmp_path / name for name in ("option", "site", "variable"))
    assert demanded_key(None, None) is None
    monkeypatch.setenv("EDGECAD_KEY", str(variable))
    assert demanded_key() == demanded_key(None, None) == variable
    assert demanded_key(None, site) == site
    assert demanded_key(option, site) == option
    monkeypatch.setenv("EDGECAD_KEY", "")
    assert demanded_key(None) is None


def test_a_key_that_is_not_there_is_an_error_and_never_no_demand(
    signed: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("EDGECAD_KEY", str(tmp_path / "gone.pem"))
    with pytest.raises(UsageError, match=r"no public key at .*gone\.pem"):
        Classifier(signed, device="cpu")


@pytest.mark.parametrize("where", ["key", "site", "variable"])
@pytest.mark.parametrize("precision", ["auto", "fp32", "int8"])
def test_a_classifier_demands_the_signature_of_the_file_that_it_opens(
    where: str, precision: Any, signed: Path, public: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site.toml"
    site.write_text("[signature]\nkey = 'public.pem'\n")
    demand: dict[str, Any] = {"key": {"key": public}, "site": {"site": site}}.get(where, {})
    if where == "variable":
        monkeypatch.setenv("EDGECAD_KEY", str(public))
    for named in (signed, signed / "model.onnx") if precision != "int8" else (signed,):
        with Classifier(named, device="cpu", precision=precision, **demand) as classifier:
            assert classifier.remarks == ()
    public_of(ed25519.Ed25519PrivateKey.generate(), public)
    with pytest.raises(ModelInvalid, match="was not signed with the private key"):
        Classifier(signed, device="cpu", precision=precision, **demand)


def test_a_model_that_was_loaded_before_is_held_to_a_key_as_well(signed: Path, public: Path, tmp_path: Path) -> None:
    loaded = load_model(signed, "cpu", "fp32", prove_golden)
    assert Classifier(loaded).remarks != ()
    assert Classifier(loaded, key=public).remarks == ()
    other = public_of(ed25519.Ed25519PrivateKey.generate(), tmp_path / "other.pem")
    with pytest.raises(ModelInvalid, match="was not signed"):
        Classifier(loaded, key=other)


def test_a_signature_that_is_no_file_is_refused_where_it_is_demanded(signed: Path, public: Path) -> None:
    signature = signed / "SHA256SUMS.sig"
    whole = signature.read_bytes()
    for content in (b"", whole[:-1], whole + b"x", bytes(10**5)):
        signature.write_bytes(content)
        with pytest.raises(ModelInvalid, match=r"was not signed|File too large"):
            Classifier(signed, device="cpu", key=public)
    signature.unlink()
    signature.mkdir()
    with pytest.raises(ModelInvalid, match=r"SHA256SUMS\.sig is there and cannot be read as a file"):
        Classifier(signed, device="cpu", key=public)


def test_an_export_makes_its_golden_answers_whatever_key_a_site_demands(
    folder: Path, public: Path, monkeypatch: pytest.MonkeyPatch, tiny_contract: Contract
) -> None:
    """The file that it is about is its own, and not signed yet."""
    monkeypatch.setenv("EDGECAD_KEY", str(public))
    assert len(golden_answers(folder / "model.onnx")) == 3


def test_records_say_that_nobody_checked_the_signature(signed: Path, public: Path, scan: Path, tmp_path: Path) -> None:
    import json

    words = ["infer", scan, tmp_path / "data" / "none.jpg", "--model", signed, "--json"]
    said = done(words)
    assert "warning: the model is signed, and nobody checked by whom" in said.stderr
    records = [json.loads(line) for line in said.stdout.splitlines()]
    assert [record["status"] for record in records] == ["answered", "refused"]
    assert all("nobody checked by whom" in " ".join(record["remarks"]) for record in records)
    checked = [json.loads(line) for line in done([*words, "--key", public]).stdout.splitlines()]
    assert [record["remarks"] for record in checked] == [[], []]
