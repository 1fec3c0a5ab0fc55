"""A folder that somebody edited is not used: found by the digest, by its other precisions, or by the signature."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest
from msgspec.structs import replace
from onnx import numpy_helper
from typer.testing import CliRunner

from edgecad.cli.program import app
from edgecad.colourtables.known import known_table
from edgecad.contract import (
    METADATA_KEY,
    Contract,
    Drawing,
    Metric,
    Preparation,
    contract_from_json,
    json_from_contract,
)
from edgecad.errors import ModelInvalid
from edgecad.frozen import json_from_struct
from edgecad.inference.classifier import Classifier
from edgecad.inference.replaying import golden_answers
from edgecad.modelfiles.digest import NOT_CARRIED, digest_on_disk, hashed, said_in, with_digest
from edgecad.modelfiles.file import FILES
from edgecad.modelfiles.metadata import metadata_of
from edgecad.modelfiles.sums import write_sums
from edgecad.preparing import prepared_from
from edgecad_export.exporter import export_run
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import Run
from edgecad_train.phantoms import jpeg_bytes

Said = dict[str, Any]
Edit = Callable[[Said, np.random.Generator], None]
SIZE = 64
TABLES = tuple(map(known_table, ("warm", "iron", "rainbow", "grey")))
METRIC = Metric(name="AUC", value=0.8, low=0.7, high=0.9, n=40, part="test", method="a method")


@pytest.fixture(scope="session")
def honest(
    small_classifier: Callable[..., Any],
    contract_of: Callable[..., Contract],
    phantom_screen: Callable[[int], Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A model of uptake with all precisions, as export writes it."""
    how = Preparation(size=SIZE, input="uptake", drawing=Drawing(), tables=TABLES)
    model = small_classifier(size=SIZE)
    layer = [each for each in model.layers if isinstance(each, keras.layers.ReLU)][-1].name
    images = np.stack([prepared_from(jpeg_bytes(phantom_screen(number)), how).image for number in range(8)])
    contract = contract_of(SIZE, preparation=how, feature_layer=layer, metrics=(METRIC,))
    folder = tmp_path_factory.mktemp("honest") / "models" / "a-run"
    run = Run(Path("a-run"), model, contract, images, None, None, images)
    export_run(run, folder, ExportRequest(fp16=True, int8=True))
    return folder


@pytest.fixture
def folder(honest: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(honest, tmp_path / "models" / "a-run"))


@pytest.fixture
def scan(phantom_jpeg: Path, tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return Path(shutil.copy(phantom_jpeg, tmp_path / "in" / "scan.jpg"))


# --- edits -----------------------------------------------------------------------------------------------------


def put(part: str, name: str, change: Callable[[Any, np.random.Generator], Any]) -> Edit:
    """Change one value of the contract, in one of its parts or, with none named, on top."""

    def edit(said: Said, rng: np.random.Generator) -> None:
        place = said[part] if part else said
        place[name] = change(place[name], rng)

    return edit


def other_colours(tables: Any, rng: np.random.Generator) -> Any:
    return [{**tables[0], "points": tables[1]["points"]}, *tables[1:]]


def better(metrics: Any, rng: np.random.Generator) -> Any:
    return [{**metrics[0], "value": float(rng.uniform(0.9, 1)), "high": 1.0}]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of all single values."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from leaves(inner, (*path, place))
    else:
        yield path


def any_value(said: Said, rng: np.random.Generator) -> None:
    """One value anywhere in the contract, but the digest, becomes another of its kind."""
    places = [path for path in leaves(said) if path != ("digest",)]
    *path, last = places[rng.integers(len(places))]
    place: Any = said
    for name in path:
        place = place[name]
    old = place[last]
    place[last] = (not old) if isinstance(old, bool) else old + 1 if isinstance(old, (int, float)) else f"{old}x"


CONTRACTS: dict[str, Edit] = {
    "classes": put("", "classes", lambda old, _: old[::-1]),
    "positive": put("", "positive", lambda old, _: "nonCAD" if old == "CAD" else "CAD"),
    "crop": put("preparation", "crop", lambda *_: "none"),
    "threshold": put("decision", "threshold", lambda old, rng: float(rng.uniform(0.05, 0.95))),
    "origin": put("", "origin", lambda *_: "patients"),
    "temperature": put("decision", "temperature", lambda old, rng: old * float(rng.uniform(1.5, 4))),
    "overlay limit": put("preparation", "max_overlay_share", lambda old, rng: float(rng.uniform(0.2, 0.49))),
    "fewer tables": put("preparation", "tables", lambda old, _: old[:1]),
    "tables in another order": put("preparation", "tables", lambda old, _: old[::-1]),
    "another table's colours": put("preparation", "tables", other_colours),
    "metrics": put("", "metrics", better),
    "region": put("heatmap", "region_threshold", lambda old, _: old / 2),
    "data": put("", "data_sha256", lambda *_: "f" * 64),
    "any value": any_value,
    "any other value": any_value,
}


def with_contract(content: bytes, edit: Callable[[Said], Said | None]) -> bytes:
    """An ONNX file with another contract, of which everything else stays."""
    proto = onnx.load_from_string(content)
    (entry,) = [each for each in proto.metadata_props if each.key == METADATA_KEY]
    said = json.loads(entry.value)
    changed = edit(said)
    entry.value = json.dumps(said if changed is None else changed, indent=1)
    return bytes(proto.SerializeToString())


def scaled(content: bytes, rng: np.random.Generator, *, every: bool) -> bytes:
    """Weights of one layer, or of all, moved by 1 %."""
    proto = onnx.load_from_string(content)
    kinds = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.INT8)
    weights = [each for each in proto.graph.initializer if each.data_type in kinds and np.prod(each.dims) > 20]
    for tensor in weights if every else [weights[rng.integers(len(weights))]]:
        values = numpy_helper.to_array(tensor)
        moved = np.where(values > 0, values - 1, values) if values.dtype == np.int8 else values * 1.01
        tensor.CopyFrom(numpy_helper.from_array(moved.astype(values.dtype), tensor.name))
    return bytes(proto.SerializeToString())


def second_contract(content: bytes) -> bytes:
    """A second entry of the same name, which counts for whoever takes the last."""
    proto = onnx.load_from_string(content)
    text = next(each.value for each in proto.metadata_props if each.key == METADATA_KEY)
    proto.metadata_props.add(key=METADATA_KEY, value=text.replace('"phantom"', '"patients"'))
    return bytes(proto.SerializeToString())


def older(said: Said, *without: str) -> Said:
    """A contract that calls itself version 1, without some of the fields that version 2 added."""
    left = {name: value for name, value in said.items() if name not in without}
    return {**left, "version": 1, "decision": {k: v for k, v in said["decision"].items() if k not in without}}


FILE_EDITS: dict[str, Callable[[bytes, np.random.Generator], bytes]] = {
    **{name: lambda content, rng, edit=edit: with_contract(content, lambda said: edit(said, rng))  # type: ignore[misc]
       for name, edit in CONTRACTS.items()},
    "weights of one layer": lambda content, rng: scaled(content, rng, every=False),
    "weights of all layers": lambda content, rng: scaled(content, rng, every=True),
    "called version 1": lambda content, rng: with_contract(content, lambda said: older(said, "digest")),
    "called version 1 without all that it must not have": lambda content, rng: with_contract(
        content, lambda said: older(said, "digest", "activations", "asked", "evidence")
    ),
    "a second contract": lambda content, rng: second_contract(content),
    "bytes at the end": lambda content, rng: content + b"\xfa\x3f\x01\x00",
    "cut off": lambda content, rng: content[: int(rng.integers(len(content) // 2, len(content)))],
}  # fmt: skip


def resummed(folder: Path, how: str) -> None:
    """Make the sums fit, or take them away."""
    (folder / "SHA256SUMS").unlink()
    if how == "rewritten":
        write_sums(folder)


def refused(model: Path, scan: Path, *words: str) -> None:
    """By `infer` and by `watch`, with code 6 and one line; nothing is answered and the scan stays."""
    out = model.parent / "out"
    for command in (["infer", scan, "--json"], ["watch", scan.parent, out, "--once"]):
        done = CliRunner().invoke(app, [*map(str, command), "--model", str(model), "--device", "cpu"])
        assert (done.exit_code, done.stdout) == (6, ""), done.output
        (line,) = done.stderr.splitlines()
        for word in words:
            assert word in line
    assert scan.is_file()


# --- B: without a key ------------------------------------------------------------------------------------------


def test_an_honest_folder_is_opened_in_each_precision_and_carries_its_digest(honest: Path) -> None:
    for name in FILES.values():
        with Classifier(honest / name, device="cpu") as classifier:
            assert len(classifier.contract.digest or "") == 64
            assert classifier.remarks == ()


@pytest.mark.parametrize("kind", FILE_EDITS)
def test_an_edited_folder_is_refused_whether_the_sums_are_written_again_or_removed(
    kind: str, folder: Path, scan: Path
) -> None:
    rng = np.random.default_rng([20, *kind.encode()])
    for name in FILES.values():
        path = folder / name
        content = path.read_bytes()
        path.write_bytes(FILE_EDITS[kind](content, rng))
        assert path.read_bytes() != content
    for how in ("rewritten", "removed"):
        write_sums(folder)
        resummed(folder, how)
        for precision in ("auto", *FILES) if how == "removed" else ("auto",):
            with pytest.raises(ModelInvalid):
                Classifier(folder, device="cpu", precision=precision)  # type: ignore[arg-type]
        refused(folder, scan, "export")


@pytest.mark.parametrize("changed", FILES.values())
def test_a_folder_of_which_one_file_changed_opens_in_no_precision(changed: str, folder: Path, scan: Path) -> None:
    rng = np.random.default_rng([7, *changed.encode()])
    content = bytearray((folder / changed).read_bytes())
    text = metadata_of(bytes(content))[METADATA_KEY].encode()
    begin = content.index(text)
    # In a weight: what lies well before the contract is the graph.
    content[int(rng.integers(begin // 4, begin // 2))] ^= 1
    (folder / changed).write_bytes(content)
    for how in ("rewritten", "removed"):
        write_sums(folder)
        resummed(folder, how)
        for precision in ("auto", *FILES) if how == "removed" else ("auto",):
            with pytest.raises(ModelInvalid):
                Classifier(folder, device="cpu", precision=precision)  # type: ignore[arg-type]
        refused(folder, scan, changed)


@pytest.mark.parametrize("name", FILES.values())
def test_the_digest_of_a_file_on_the_disk_is_that_of_its_bytes(name: str, honest: Path, tmp_path: Path) -> None:
    content = (honest / name).read_bytes()
    digest = said_in(metadata_of(content)[METADATA_KEY])["digest"]
    # Wherever the digits stand, and across the border of two pieces, as well.
    for before in (0, 2**20 - 1 - content.rindex(digest.encode()) % 2**20, 2**20 - 40):
        path = tmp_path / "long.onnx"
        path.write_bytes(bytes(before) + content)
        assert digest_on_disk(path, digest) == hashed(path.read_bytes(), digest)[1]
    assert digest_on_disk(honest / name, digest) == digest
    assert digest_on_disk(honest / name, "none") == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("name", FILES.values())
def test_one_flipped_bit_anywhere_in_a_lone_file_is_refused(name: str, honest: Path, tmp_path: Path) -> None:
    content, rng = (honest / name).read_bytes(), np.random.default_rng(len(name))
    lone = tmp_path / "lone.onnx"
    for place in (*rng.integers(len(content), size=66), len(content) - 1, 0):
        flipped = bytearray(content)
        flipped[place] ^= 1 << int(rng.integers(8))
        lone.write_bytes(flipped)
        with pytest.raises(ModelInvalid):
            Classifier(lone, device="cpu")


def test_one_flipped_bit_anywhere_in_the_contract_is_refused(honest: Path, tmp_path: Path) -> None:
    """There most flips leave a text that can be read."""
    content, rng = (honest / "model.onnx").read_bytes(), np.random.default_rng(5)
    text = metadata_of(content)[METADATA_KEY].encode()
    begin, lone = content.index(text), tmp_path / "lone.onnx"
    for place in rng.integers(begin, begin + len(text), 100):
        flipped = bytearray(content)
        flipped[place] ^= 1 << int(rng.integers(8))
        lone.write_bytes(flipped)
        with pytest.raises(ModelInvalid):
            Classifier(lone, device="cpu")


@pytest.mark.parametrize("differing", ["another training", *CONTRACTS])
def test_the_int8_file_of_another_model_is_refused_beside_the_others(
    differing: str, folder: Path, scan: Path, tmp_path: Path
) -> None:
    """It is a whole file with its proper digest; alone it opens if its contract can be meant at all."""
    path, rng = folder / FILES["int8"], np.random.default_rng([3, *differing.encode()])
    edit = CONTRACTS.get(differing, put("", "created", lambda *_: "2026-02-02T00:00:00+00:00"))
    said = json.loads(metadata_of(path.read_bytes())[METADATA_KEY])
    of_file = {"precision", "tolerances", "golden", "familiarity", "versions", "digest"}
    before = json.dumps({name: value for name, value in said.items() if name not in of_file})
    edit(said, rng)
    if json.dumps({name: value for name, value in said.items() if name not in of_file}) == before:
        said["created"] = "2026-02-02T00:00:00+00:00"  # what was drawn is the file's own, and may differ
    path.write_bytes(with_digest(with_contract(path.read_bytes(), lambda _: said)))
    resummed(folder, "rewritten")
    for precision in ("auto", *FILES):
        with pytest.raises(ModelInvalid, match=r"not of one export|cannot be used|has version"):
            Classifier(folder, device="cpu", precision=precision)  # type: ignore[arg-type]
    refused(folder, scan, "model.int8.onnx")


# --- C: with a key ---------------------------------------------------------------------------------------------


@pytest.fixture
def public(folder: Path, tmp_path: Path) -> Path:
    """The folder is signed; this is the signer's public key."""
    pytest.importorskip("cryptography", reason="signatures need the extra edgecad[sign]")
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = ed25519.Ed25519PrivateKey.generate()
    (folder / "SHA256SUMS.sig").write_bytes(key.sign((folder / "SHA256SUMS").read_bytes()))
    path = tmp_path / "public.pem"
    path.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


def all_forged(path: Path, rng: np.random.Generator) -> None:
    """Weights, golden answers and digest: nothing in the file tells it."""
    path.write_bytes(with_digest(scaled(path.read_bytes(), rng, every=True)))
    golden = [json.loads(json_from_struct(answer)) for answer in golden_answers(path)]
    path.write_bytes(with_digest(with_contract(path.read_bytes(), lambda said: {**said, "golden": golden})))


def made_version_1(path: Path, rng: np.random.Generator) -> None:
    """Another threshold in a whole contract of the version that had no digest, with golden answers to it."""
    said = contract_from_json(metadata_of(path.read_bytes())[METADATA_KEY])
    decision = replace(said.decision, threshold=float(rng.uniform(0.05, 0.95)))
    contract = replace(said, version=1, activations=None, decision=decision)
    for _ in range(2):
        text = json_from_contract(contract)
        path.write_bytes(with_contract(path.read_bytes(), lambda _, text=text: json.loads(text)))  # type: ignore[misc]
        contract = replace(contract, golden=golden_answers(path))


@pytest.mark.parametrize("forge", [all_forged, made_version_1])
@pytest.mark.parametrize("signature", ["left", "removed"])
def test_what_a_digest_cannot_tell_a_demanded_signature_tells(
    forge: Callable[..., None],
    signature: str,
    folder: Path,
    public: Path,
    scan: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    assert Classifier(folder, device="cpu", key=public).remarks == ()
    for name in FILES.values():
        forge(folder / name, np.random.default_rng(7))
    resummed(folder, "rewritten")
    if signature == "removed":
        (folder / "SHA256SUMS.sig").unlink()
    # This is what is left without a key.
    remarks = Classifier(folder, device="cpu").remarks
    assert (NOT_CARRIED in remarks) == (forge is made_version_1)
    assert any("is signed" in remark for remark in remarks) == (signature == "left")
    site = tmp_path / "site.toml"
    site.write_text("[signature]\nkey = 'public.pem'\n")
    for demand in ({"key": public}, {"site": site}):
        for precision in ("auto", *FILES):
            with pytest.raises(ModelInvalid, match=r"was not signed|nobody signed it"):
                Classifier(folder, device="cpu", precision=precision, **demand)  # type: ignore[arg-type]
    monkeypatch.setenv("EDGECAD_KEY", str(public))
    refused(folder, scan, "signed")
