"""The run folder of an ensemble: mean logits, what chose them, and that nobody is judged by who learnt from them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from scipy.special import expit

from edgecad.contract import Contract, contract_from_json, network_digest
from edgecad.errors import GateFailed, ModelInvalid
from edgecad_train.ensembles import making
from edgecad_train.ensembles.making import make_ensemble
from edgecad_train.ensembles.members import read_members
from edgecad_train.ensembles.program import main
from edgecad_train.evaluation.decision.choice import choose_decision
from edgecad_train.judgement.models import open_model

Spoilt = Callable[[Path], Path]
Trained = Callable[..., Path]


def _contract(folder: Path) -> Contract:
    return contract_from_json((folder / "contract.json").read_bytes())


def _lines(folder: Path, name: str = "predictions.csv") -> dict[str, dict[str, str]]:
    with (folder / name).open(newline="") as file:
        return {line["patient"]: line for line in csv.DictReader(file)}


@pytest.fixture
def members(one: Path, two: Path, three: Path) -> list[Path]:
    return [one, two, three]


def test_its_network_gives_the_mean_of_the_logits_that_the_members_recorded(
    ensemble: Path, members: list[Path]
) -> None:
    recorded = [np.load(own / "validation.npz")["logits"] for own in members]
    kept = np.load(ensemble / "validation.npz")
    np.testing.assert_allclose(kept["logits"], np.mean(recorded, axis=0), rtol=1e-12)
    said = keras.models.load_model(ensemble / "model.keras", compile=False).predict(kept["images"], verbose=0)
    np.testing.assert_allclose(said, kept["logits"], atol=1e-5 * np.abs(kept["logits"]).max())


def test_every_patient_has_the_mean_of_scores_by_networks_that_held_it_out(ensemble: Path, members: list[Path]) -> None:
    own, theirs = _lines(ensemble), [_lines(member) for member in members]
    assert own.keys() == theirs[0].keys()
    temperature = _contract(ensemble).decision.temperature
    for patient, line in own.items():
        assert line["part"] in ("out-of-fold", "test")
        assert {(one[patient]["part"], one[patient]["fold"]) for one in theirs} == {(line["part"], line["fold"])}
        mean = np.mean([float(one[patient]["log_odds"]) for one in theirs])
        assert float(line["log_odds"]) == pytest.approx(mean, abs=2e-9)
        assert float(line["score_cad"]) == pytest.approx(expit(mean / temperature), abs=1e-6)


def test_the_decision_is_chosen_by_these_scores_and_by_no_test_patient(ensemble: Path) -> None:
    contract = _contract(ensemble)
    held = [line for line in _lines(ensemble).values() if line["part"] == "out-of-fold"]
    wanted = choose_decision(
        np.array([float(line["log_odds"]) for line in held]),
        np.array([line["label"] == "CAD" for line in held]),
        "out-of-fold",
    )
    assert contract.decision.threshold == pytest.approx(wanted.threshold, abs=1e-6)
    assert contract.decision.temperature == pytest.approx(wanted.temperature, rel=1e-4)
    assert {metric.part for metric in contract.metrics} == {"out-of-fold", "test"}
    assert contract.decision.evidence is not None
    assert contract.decision.evidence.part == "out-of-fold"


def test_where_a_search_chose_apart_the_exported_heads_scores_choose(
    one: Path, two: Path, spoilt: Spoilt, tmp_path: Path
) -> None:
    """As a run itself does: other scores choose than judge."""
    other = spoilt(two)
    lines = (other / "predictions.csv").read_text().splitlines()
    turned = [lines[0]]
    for line in lines[1:]:
        cells = line.split(",")
        if cells[1] == "out-of-fold":
            turned.append(",".join([*cells[:6], str(4.0 if cells[3] == "CAD" else -4.0), cells[7]]))
    (other / "deciding.csv").write_text("\n".join(turned) + "\n")
    plain, apart = (make_ensemble(read_members([one, own]), tmp_path / own.parent.name) for own in (two, other))
    assert _lines(plain).keys() == _lines(apart).keys()
    for patient, line in _lines(apart).items():
        assert line["log_odds"] == _lines(plain)[patient]["log_odds"]
    assert _contract(plain).decision.threshold != _contract(apart).decision.threshold


def test_the_contract_names_the_members_and_what_is_each_ones_own(ensemble: Path, members: list[Path]) -> None:
    contract, theirs = _contract(ensemble), [_contract(own) for own in members]
    assert [own.name for own in contract.members] == ["one", "two", "three"]
    assert [own.network for own in contract.members] == [network_digest(own) for own in theirs]
    assert [own.features for own in contract.members] == ["stride-16", "stride-16", "last"]
    assert (contract.features, contract.feature_layer) == ("both", "features_of_members")
    assert (contract.backbone, contract.scaling) == ("mobilenetv2 x 3", "tf")
    assert contract.preparation == theirs[0].preparation
    assert (contract.data_sha256, contract.split_sha256) == (theirs[0].data_sha256, theirs[0].split_sha256)


def test_familiarity_is_measured_on_the_joined_features(ensemble: Path) -> None:
    limits = _contract(ensemble).familiarity
    assert limits is not None
    assert limits.patients == 32
    directions = np.load(ensemble / "familiarity.npz")["directions"]
    assert directions.shape == (limits.centres, 24 * 3)
    model = open_model(ensemble)
    distances = model.answers(np.load(ensemble / "validation.npz")["images"]).distances
    assert distances is not None
    assert distances.max() <= limits.limit


def test_that_the_test_part_was_looked_at_by_the_members_is_said(
    one: Path, two: Path, spoilt: Spoilt, tmp_path: Path
) -> None:
    members = [spoilt(one), spoilt(two)]
    for number, own in enumerate(members):
        told = json.loads((own / "contract.json").read_text())
        before = {"before": 8, "most": 1, "by": {"train": 1}} if number else {}
        told["test_openings"] = {"patients": 8, **before}
        (own / "contract.json").write_text(json.dumps(told))
    openings = _contract(make_ensemble(read_members(members), tmp_path)).test_openings
    assert openings is not None
    assert (openings.before, openings.most, openings.by) == (8, 2, {"train": 2})
    assert "could not be counted" in openings.words()


def test_images_of_another_version_are_refused(one: Path, two: Path, spoilt: Spoilt, tmp_path: Path) -> None:
    other = spoilt(two)
    kept = dict(np.load(other / "validation.npz"))
    np.savez_compressed(other / "validation.npz", **{**kept, "images": kept["images"] // 2})
    with pytest.raises(ModelInvalid, match="hold other images"):
        make_ensemble(read_members([one, other]), tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_network_that_is_not_the_members_mean_gets_no_folder(
    one: Path, two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_alone(networks: list[making.Network], _: object) -> keras.Model:
        return networks[0].model

    monkeypatch.setattr(making, "joined_model", one_alone)
    with pytest.raises(GateFailed, match="not the mean"):
        make_ensemble(read_members([one, two]), tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_the_program_prints_the_folder_and_ends_with_the_exit_code_of_an_error(
    one: Path, two: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), str(one), str(two)]) == 0
    folder = Path(capsys.readouterr().out.strip())
    assert folder.parent == tmp_path
    assert folder.name.endswith("-ensemble-of-2")
    assert main([str(tmp_path), str(one)]) == 2
    assert "name two run folders" in capsys.readouterr().err
    assert main([str(tmp_path), str(one), str(tmp_path / "none")]) == 6
    assert capsys.readouterr().err.startswith("edgecad: no run folder at")
