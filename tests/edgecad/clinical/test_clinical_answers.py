"""Answers of a model with clinical columns: fused, by the image alone, or refused; in Python, `infer` and `watch`."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from edgecad import Classifier, Contract
from edgecad.answer.record_csv import COLUMNS
from edgecad.answer.records import Record, record_of_answer
from edgecad.contract import Missing, contract_from_json, network_digest
from edgecad.errors import GateFailed, InputRefused, ModelInvalid, UsageError
from edgecad.site import site_from_bytes
from edgecad.spool.index import SpoolRecord

from .conftest import FUSED, GIVEN, Written

Run = Callable[..., Any]
WORDS = "age=70,sex=M,diabetes=yes"


def opened(model: Path, **more: Any) -> Classifier:
    return Classifier(model, device="cpu", **more)


def test_a_fused_answer_is_the_formula_at_its_own_threshold_and_zone(fused_model: Written, phantom_jpeg: Path) -> None:
    with opened(fused_model()) as classifier:
        answer = classifier(phantom_jpeg, clinical=GIVEN)
        image = classifier.image_answer(phantom_jpeg)
        assert (classifier.threshold, classifier.image_threshold) == (0.4, 0.5)
    clinical = answer.clinical
    assert clinical is not None
    assert clinical.fused
    assert clinical.baseline is not None
    assert clinical.image is not None
    logits = np.asarray(answer.logits, np.float64)
    assert clinical.image == pytest.approx(0.7 * (logits[0] - logits[1] - 0.4) / 1.25)
    total = clinical.baseline + clinical.image + sum(clinical.columns.values())
    assert math.log(answer.probability / (1 - answer.probability)) == pytest.approx(total, abs=1e-6)
    assert (answer.threshold, answer.zone) == (0.4, FUSED.decision.zone)
    assert answer.threshold_from == "contract"
    assert answer.words.endswith("image with age, sex, diabetes") or "; uncertain" in answer.words
    assert image.probability == pytest.approx(1 / (1 + math.exp(-(logits[0] - logits[1]))), abs=1e-6)
    assert (image.threshold, image.clinical, image.zone) == (0.5, None, None)
    assert np.array_equal(image.heatmap, answer.heatmap)


def test_values_move_the_score_as_their_terms_say(fused_model: Written, phantom_jpeg: Path) -> None:
    with opened(fused_model()) as classifier:
        one, other = classifier.each([phantom_jpeg] * 2, clinical=[GIVEN, {**GIVEN, "age": 50}])
    assert not isinstance(one, Exception)
    assert not isinstance(other, Exception)
    far = [math.log(each.probability / (1 - each.probability)) for each in (one, other)]
    assert far[0] - far[1] == pytest.approx(0.05 * 20 / 1.25, abs=1e-9)


def test_what_is_missing_is_refused_or_answered_by_the_image_alone_which_says_so(
    fused_model: Written, phantom_jpeg: Path
) -> None:
    with opened(fused_model()) as classifier, pytest.raises(InputRefused, match="sex is missing") as refused:
        classifier(phantom_jpeg, clinical={"age": 70, "diabetes": 0})
    assert refused.value.reason == "clinical"
    with opened(fused_model("image-alone")) as classifier:
        answer, alone = classifier(phantom_jpeg, clinical={"age": 99}), classifier.image_answer(phantom_jpeg)
        with pytest.raises(InputRefused, match="one of F, M"):
            classifier(phantom_jpeg, clinical={**GIVEN, "sex": "x"})
    assert answer.clinical is not None
    assert not answer.clinical.fused
    assert (answer.probability, answer.threshold) == (alone.probability, 0.5)
    assert "the image alone: age is outside of 40 to 85" in answer.words
    assert [finding.code for finding in answer.findings if finding.code.startswith("clin")] == ["clinical-missing"]


def test_a_model_without_columns_takes_no_values(model_folder: Path, phantom_jpeg: Path) -> None:
    with opened(model_folder) as classifier:
        assert classifier(phantom_jpeg, clinical={}).clinical is None
        with pytest.raises(UsageError, match="judges the image alone"):
            classifier(phantom_jpeg, clinical=GIVEN)


def test_a_threshold_of_ones_own_is_about_the_fused_score(fused_model: Written, phantom_jpeg: Path) -> None:
    with opened(fused_model("image-alone"), threshold=0.9) as classifier:
        fused, alone = (classifier(phantom_jpeg, clinical=given) for given in (GIVEN, {}))
    assert (fused.threshold, fused.threshold_from) == (0.9, "user")
    assert (alone.threshold, alone.threshold_from) == (0.5, "contract")


@pytest.mark.parametrize("missing", ["refuse", "image-alone"])
@pytest.mark.parametrize("own", [True, False])
def test_a_sites_recalibration_is_refused_of_this_very_network_too(
    fused_model: Written, tiny_contract: Contract, own: bool, missing: Missing
) -> None:
    """It would move the threshold that is shown, and not the fused score."""
    model = fused_model(missing)
    with opened(model) as classifier:
        network = network_digest(classifier.contract if own else tiny_contract)
    content = (
        f'[recalibration]\nintercept = -1.0\nslope = 0.5\npatients = 140\ndate = 2026-11-30\nnetwork = "{network}"\n'
    )
    with pytest.raises(UsageError, match=r"clinical columns \(age, sex, diabetes\).*take \[recalibration\] out"):
        opened(model, site=site_from_bytes(Path("site.toml"), content.encode()))


TAKEN = b'[clinical]\ndicom = {age = "PatientAge", sex = "PatientSex"}\n'


@pytest.fixture
def scan_with_age(phantom_jpeg: Path) -> Path:
    """A DICOM object of a polar map that says age and sex."""
    pydicom = pytest.importorskip("pydicom", reason="attributes are read by pydicom: edgecad[dicom]")
    found = pydicom.dcmread(Path(__file__).parents[3] / "edgecad" / "golden" / "samples" / "phantom-3.dcm")
    found.PatientAge, found.PatientSex = "070Y", "M"
    path = phantom_jpeg.parent / "with-age.dcm"
    found.save_as(path)
    return path


def test_python_the_command_and_a_watch_take_the_same_of_a_dicom_object(
    edgecad: Run, fused_model: Written, scan_with_age: Path, tmp_path: Path
) -> None:
    import pydicom

    model, site = fused_model(), tmp_path / "site.toml"
    site.write_bytes(TAKEN)
    given = {"diabetes": True}
    with opened(model, site=site) as classifier:
        wanted = classifier(scan_with_age, clinical={**given, "age": 70, "sex": "M"})
        sources = (scan_with_age, str(scan_with_age), scan_with_age.read_bytes(), pydicom.dcmread(scan_with_age))
        found = [classifier(source, clinical=given) for source in sources]
        (one,) = classifier.each([scan_with_age], clinical=[given])
        with pytest.raises(InputRefused, match="sex: the DICOM object says otherwise"):
            classifier(scan_with_age, clinical={**given, "sex": "F"})
        assert classifier.image_answer(scan_with_age).clinical is None
    assert not isinstance(one, Exception)
    assert {each.probability for each in (*found, one)} == {wanted.probability}
    assert {each.scan_sha256 for each in found[:3]} == {wanted.scan_sha256}
    with opened(model) as classifier, pytest.raises(InputRefused, match="age is missing"):
        classifier(scan_with_age, clinical=given)  # nobody asked for it

    words = ("--model", model, "--device", "cpu", "--site", site)
    done = edgecad("infer", scan_with_age, *words, "--clinical", "diabetes=yes", "--json")
    assert done.code == 0, done.stderr
    assert json.loads(done.stdout)["probability"] == wanted.probability
    (tmp_path / "in").mkdir()
    shutil.copy(scan_with_age, tmp_path / "in" / "a.dcm")
    table = tmp_path / "t.csv"
    table.write_text("scan,age,sex,diabetes\na.dcm,,,yes\n")
    once = ("watch", tmp_path / "in", tmp_path / "out", *words, "--clinical-from", table, "--once")
    done = edgecad(*once)
    assert done.code == 0, done.stderr
    assert [record.probability for record in records_of(tmp_path / "out")] == [wanted.probability]


def test_a_sites_file_that_names_columns_which_the_model_has_not_ends_with_code_2(
    edgecad: Run, fused_model: Written, model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site.toml"
    site.write_text('[clinical]\ndicom = {aeg = "PatientAge"}\n')
    for model, said in ((fused_model(), "no clinical column aeg"), (model_folder, "judges the image alone")):
        with pytest.raises(UsageError, match=said):
            opened(model, site=site)
        done = edgecad("infer", phantom_jpeg, "--model", model, "--device", "cpu", "--site", site)
        assert (done.code, done.stdout) == (2, "")
        assert said in done.stderr


def test_a_record_holds_terms_and_no_value_unless_the_site_wants_it(fused_model: Written, phantom_jpeg: Path) -> None:
    model = fused_model()
    wanting = site_from_bytes(Path("site.toml"), b"[clinical]\nvalues = true\n")
    told = []
    for site in (None, wanting):
        with opened(model, site=site) as classifier:
            answer = classifier(phantom_jpeg, clinical={**GIVEN, "age": 71.25})
            told.append(msgspec.json.encode(record_of_answer("s", answer, classifier.contract)))
    plain, full = (msgspec.json.decode(each, type=Record) for each in told)
    assert b"71.25" not in told[0]
    assert plain.clinical is not None
    assert plain.clinical.values is None
    assert full.clinical is not None
    assert full.clinical.values == {"age": 71.25, "sex": "M", "diabetes": True}
    assert plain.temperature == 1.25
    cells = {name: value(plain) for name, value in COLUMNS.items() if name.startswith("clinical")}
    assert cells["clinical"] == "fused"
    assert cells["clinical_baseline"] == plain.clinical.baseline
    terms = dict(word.split("=") for word in str(cells["clinical_terms"]).split(","))
    assert {name: float(term) for name, term in terms.items()} == plain.clinical.columns


def test_the_picture_tells_every_term(fused_model: Written, phantom_jpeg: Path, drawn_words: list[str]) -> None:
    with opened(fused_model()) as classifier:
        answer = classifier(phantom_jpeg, clinical=GIVEN)
        classifier.figure(answer)
    assert answer.clinical is not None
    for name, term in answer.clinical.columns.items():
        assert name in drawn_words
        assert f"{'−' if term < 0 else '+'}{abs(term):.2f}" in drawn_words
    assert any(words.startswith("Log-odds") for words in drawn_words)


def test_a_changed_coefficient_is_found_by_the_digest_and_by_the_golden_answers(
    fused_model: Written, tiny_model: Callable[..., bytes], tmp_path: Path
) -> None:
    model = fused_model()
    content = model.read_bytes()
    altered = content.replace(b'"baseline": -0.3', b'"baseline": -0.4')
    assert altered != content
    (tmp_path / "altered.onnx").write_bytes(altered)
    with pytest.raises(ModelInvalid, match="changed"):
        opened(tmp_path / "altered.onnx")
    with opened(model) as classifier:
        contract = classifier.contract
    assert contract.clinical is not None
    moved = replace(contract, clinical=replace(contract.clinical, baseline=-0.4))
    (tmp_path / "moved.onnx").write_bytes(tiny_model(moved))  # with a digest of its own
    with pytest.raises(GateFailed, match="fused answer"):
        opened(tmp_path / "moved.onnx")


# --- on the command line -----------------------------------------------------------------------------------


def test_infer_answers_by_values_and_refuses_by_code_3_without_them(
    edgecad: Run, fused_model: Written, phantom_jpeg: Path
) -> None:
    model = fused_model()
    done = edgecad("infer", phantom_jpeg, "--model", model, "--device", "cpu", "--clinical", WORDS, "--json")
    assert done.code == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["clinical"]["fused"] is True
    assert record["clinical"]["values"] is None
    done = edgecad("infer", phantom_jpeg, "--model", model, "--device", "cpu", "--json")
    assert (done.code, json.loads(done.stdout)["reason"]) == (3, "clinical")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--clinical", "agee=70"], "no clinical column agee"),
        (["--clinical", "70"], "NAME=VALUE"),
        (["--clinical-from", "none.csv"], "cannot be read"),
    ],
)
def test_wrong_words_end_with_code_2(
    edgecad: Run, fused_model: Written, phantom_jpeg: Path, words: list[str], said: str
) -> None:
    done = edgecad("infer", phantom_jpeg, "--model", fused_model(), "--device", "cpu", *words)
    assert (done.code, done.stdout) == (2, "")
    assert said in done.stderr


def test_values_are_of_one_scan_and_a_table_of_many(
    edgecad: Run, fused_model: Written, phantom_jpeg: Path, tmp_path: Path
) -> None:
    model, scans = fused_model(), [tmp_path / name for name in ("one.jpg", "two.jpg")]
    for scan in scans:
        shutil.copy(phantom_jpeg, scan)
    done = edgecad("infer", *scans, "--model", model, "--device", "cpu", "--clinical", WORDS)
    assert done.code == 2
    assert "--clinical is of one scan, and 2 were given" in done.stderr
    table = tmp_path / "values.csv"
    table.write_text("scan,age,sex,diabetes\none.jpg,70,M,yes\n")
    done = edgecad("infer", *scans, "--model", model, "--device", "cpu", "--clinical-from", table, "--json")
    assert done.code == 3
    statuses = {Path(r["scan"]).name: r["status"] for r in map(json.loads, done.stdout.splitlines())}
    assert statuses == {"one.jpg": "answered", "two.jpg": "refused"}
    assert "70" not in done.stderr


def test_verify_and_bench_need_no_values(edgecad: Run, fused_model: Written) -> None:
    model = fused_model()
    done = edgecad("verify", model, "--device", "cpu")
    assert done.code == 0, done.stderr
    done = edgecad("bench", model, "--device", "cpu", "--runs", 20, "--scenario", "single-stream", "--json")
    assert done.code == 0, done.stderr


def test_inspect_tells_the_columns_with_what_they_take(edgecad: Run, fused_model: Written) -> None:
    done = edgecad("inspect", fused_model())
    assert done.code == 0, done.stderr
    assert "clinical columns:" in done.stdout
    assert "takes 40 to 85, as in training" in " ".join(done.stdout.split())


def records_of(out: Path) -> list[SpoolRecord]:
    paths = out.glob("*/????-??-??/*.json")
    return [msgspec.json.decode(path.read_bytes(), type=SpoolRecord) for path in paths]


def test_a_watch_takes_values_from_a_table_by_names_that_it_does_not_keep(
    edgecad: Run, fused_model: Written, phantom_jpeg: Path, tmp_path: Path
) -> None:
    incoming, out, table = tmp_path / "in", tmp_path / "out", tmp_path / "values.csv"
    incoming.mkdir()
    shutil.copy(phantom_jpeg, incoming / "Quux^Frob.jpg")
    table.write_text("scan,age,sex,diabetes\nQuux^Frob,70.125,M,yes\n")
    words = ["watch", incoming, out, "--model", fused_model(), "--device", "cpu", "--once"]
    done = edgecad(*words, "--clinical-from", table)
    assert done.code == 0, done.stderr
    (record,) = records_of(out)
    assert record.clinical is not None
    assert record.clinical.fused
    kept = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file() and path.suffix != ".jpg")
    for word in (b"Quux", b"70.125"):
        assert word not in kept
        assert word.decode() not in done.stderr
    # Without a row it is refused; once the row is there, sent again, it is answered.
    shutil.copy(phantom_jpeg, incoming / "late.jpg")
    done = edgecad(*words, "--clinical-from", table)
    assert done.code == 3
    table.write_text("scan,age,sex,diabetes\nlate.jpg,71,M,yes\n")
    shutil.copy(phantom_jpeg, incoming / "late.jpg")
    assert edgecad(*words, "--clinical-from", table).code == 0
    assert sorted(record.status for record in records_of(out)) == ["answered", "answered", "refused"]


def test_the_fixture_of_version_2_has_a_fused_model_whose_golden_answers_hold() -> None:
    from edgecad.clinical.fusion import check_golden_fusion

    contract = contract_from_json((Path(__file__).parents[2] / "contract" / "contract_v2.json").read_bytes())
    assert contract.clinical is not None
    check_golden_fusion(contract)
