"""`edgecad evaluate --recalibrate`: when the site's file is written, what is kept in it, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from scipy.special import expit

from edgecad.contract import Contract, network_digest
from edgecad.site import SiteChoices, read_site
from edgecad_train.judgement.scoring import ScoredPatients

Run = Callable[..., Any]


@pytest.fixture
def at_site(edgecad_here: Run, few_phantoms: Path, make_run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `edgecad evaluate` as if the site had other patients: `at_site(*options, n, intercept, slope, cad, run)`.

    Only their scores are drawn; all else is the command's own.
    """
    from edgecad_train.judgement import scoring

    monkeypatch.setattr("edgecad_train.report.pictures.figures.draw_evaluation", lambda *_: ())
    real = scoring.score_patients
    made: dict[str, Path] = {}

    def run(
        *options: object, n: int = 120, intercept: float = -1.5, slope: float = 1.0, cad: int | None = None,
        code: int = 0, model: Path | None = None, seed: int = 0, json_out: bool = True, **scored: Any,
    ) -> Any:  # fmt: skip
        def drawn(*words: Any) -> ScoredPatients:
            found, generator = real(*words), np.random.default_rng(seed)
            truth = np.arange(n) < (n // 2 if cad is None else cad)
            own = np.where(truth, 1.1, -1.1) + generator.normal(0, 1.5, n)
            return dataclasses.replace(
                found, patients=tuple(f"p{row:04}" for row in range(n)), truth=truth, scans=(1,) * n, files=(),
                log_odds=(own - intercept) / slope, located=(), segments=None, **scored,
            )  # fmt: skip

        monkeypatch.setattr(scoring, "score_patients", drawn)
        named = model or made.setdefault("run", make_run() if "run" not in made else made["run"])
        more = ("--json",) if json_out else ()
        answer = edgecad_here("evaluate", named, few_phantoms, *more, *options)
        assert answer.code == code, answer.stderr
        return answer

    return run


def told(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def test_a_new_file_gets_what_was_fitted_for_this_network_and_nothing_else(
    at_site: Run, tiny_contract: Contract
) -> None:
    found = told(at_site("--recalibrate", "site.toml"))
    judged, site = found["recalibration"], read_site("site.toml")
    assert found["site"] == "site.toml"
    written = site.choices.recalibration
    assert written is not None
    assert (written.intercept, written.slope, written.patients) == (judged["intercept"], judged["slope"], 120)
    assert judged["method"] == "penalised"
    assert written.network == judged["network"] == network_digest(tiny_contract)
    assert replace(site.choices, recalibration=None) == SiteChoices()
    kept = json.loads((Path(found["folder"]) / "metrics.json").read_text())["recalibration"]
    assert kept == judged
    assert [figure["name"] for figure in kept["figures"]][:2] == ["log_loss", "brier"]


def test_the_terminal_says_what_it_did_what_it_gains_and_the_next_step(at_site: Run, model_folder: Path) -> None:
    answer = at_site("--recalibrate", "our site.toml", json_out=False, model=model_folder)
    lines = answer.stdout.splitlines()
    assert any(line.startswith("recalibration: intercept -") for line in lines)
    assert any("better on patients that it did not use (10 folds" in line for line in lines)
    assert any("changes no answer" in line for line in lines)
    assert "wrote our site.toml" in lines
    assert lines[-1].endswith("--site 'our site.toml'")
    assert "exported models do" in answer.stderr, "whether the patients are new is not known"


def test_without_the_option_nothing_is_fitted_or_said(at_site: Run) -> None:
    answer = at_site()
    assert told(answer)["recalibration"] is None
    assert "site" not in told(answer)


@pytest.mark.parametrize(
    ("drawn", "outcome", "words"),
    [
        ({"n": 49}, "too-few", "49 patients, 24 of them CAD; at least 50"),
        ({"n": 80, "cad": 9}, "too-few", "9 of them CAD"),
        ({"n": 80, "intercept": 0.0, "seed": 2}, "not-needed", "do not show that intercept 0 and slope 1 are wrong"),
    ],
)
@pytest.mark.parametrize("before", [None, "# ours\n[decision]\nthreshold = 0.4\n"])
def test_what_is_only_measured_is_said_with_code_0_and_the_file_stays(
    at_site: Run, drawn: dict[str, Any], outcome: str, words: str, before: str | None
) -> None:
    if before:
        Path("site.toml").write_text(before)
    answer = at_site("--recalibrate", "site.toml", json_out=False, **drawn)
    assert words in answer.stdout
    assert "site.toml was not written" in answer.stdout
    assert (Path("site.toml").read_text() if before else Path("site.toml").exists()) == (before or False)
    found = told(at_site("--recalibrate", "site.toml", **drawn))
    assert (found["recalibration"]["outcome"], found["site"]) == (outcome, None)


def test_a_known_prevalence_needs_no_test_from_50_patients_on(at_site: Run) -> None:
    options = ("--recalibrate", "site.toml", "--prevalence-differs")
    assert told(at_site(*options, n=80, intercept=0.0, seed=2))["site"] == "site.toml"
    Path("site.toml").unlink()
    assert told(at_site(*options, n=49))["site"] is None


def test_scores_that_fall_with_the_disease_are_code_5_after_everything_was_written(at_site: Run) -> None:
    answer = at_site("--recalibrate", "site.toml", n=60, slope=-1.0, code=5)
    found = told(answer)
    assert found["recalibration"]["outcome"] == "impossible"
    assert (Path(found["folder"]) / "metrics.json").is_file()
    (line,) = [line for line in answer.stderr.splitlines() if "fall where CAD" in line]
    assert "site.toml was not written" in line
    assert not Path("site.toml").exists()


def test_a_demand_that_is_missed_keeps_the_file_as_it_is(at_site: Run) -> None:
    found = told(at_site("--recalibrate", "site.toml", "--min-auc", 0.999, code=5))
    assert (found["recalibration"]["outcome"], found["site"]) == ("fitted", None)
    assert not Path("site.toml").exists()


# --- whose patients ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("part", "refused"), [("train", True), ("validation", True), ("test", False)])
def test_patients_that_the_model_was_made_from_recalibrate_nothing(
    at_site: Run, make_run: Run, part: str, refused: bool, split_of: Run
) -> None:
    run = make_run("known", split=split_of(**{part: ["p0003"]}))
    answer = at_site("--recalibrate", "site.toml", model=run, code=2 if refused else 0)
    found = told(answer)
    assert (found["recalibration"]["outcome"] == "overlap") == refused
    assert Path("site.toml").exists() != refused
    if refused:
        assert "1 of 120 patients are among those that known was made from (same names)" in answer.stderr
        assert "recalibrate on patients of the site whom the model has not seen" in answer.stderr


@pytest.fixture
def split_of() -> Run:
    """A split with these patients in its parts, and others."""

    def make(**parts: list[str]) -> dict[str, Any]:
        from edgecad.frozen import json_from_struct
        from edgecad_train.splits.split import Split

        own = {name: (f"other-{name}", *parts.get(name, ())) for name in ("train", "validation", "test")}
        return dict(json.loads(json_from_struct(Split(seed=0, **{k: tuple(sorted(v)) for k, v in own.items()}))))

    return make


def test_the_very_data_of_the_training_recalibrate_nothing_by_an_exported_model_either(
    at_site: Run, make_run: Run
) -> None:
    run = make_run("same", data_sha256="d" * 64)
    answer = at_site("--recalibrate", "site.toml", model=run, code=2, data_sha256="d" * 64)
    assert "trained, tuned and tested on (same hash); site.toml was not written" in answer.stderr


# --- the file ---------------------------------------------------------------------------------------------


def test_a_rule_of_costs_is_said_to_be_about_the_recalibrated_score(at_site: Run) -> None:
    Path("site.toml").write_text("[decision]\nrule = 'costs=3'\n")
    answer = at_site("--recalibrate", "site.toml", json_out=False)
    assert "its rule costs=3 is about the recalibrated score from now on: answers may change" in answer.stdout


def test_a_recalibration_that_is_there_is_found_out_before_the_scans_are_read(
    at_site: Run, tiny_contract: Contract
) -> None:
    path = Path("site.toml")
    path.write_text(
        f"[recalibration]\nintercept = 1\nslope = 2\npatients = 90\nnetwork = '{network_digest(tiny_contract)}'\n"
        "date = 2025-01-31\n"
    )
    before = path.read_bytes()
    answer = at_site("--recalibrate", path, code=2)
    assert "has a recalibration already (90 patients, 2025-01-31" in answer.stderr
    assert path.read_bytes() == before
    assert not Path("evaluations").exists()
    found = told(at_site("--recalibrate", path, "--replace-recalibration"))["recalibration"]
    new = read_site(path).choices.recalibration
    assert new is not None
    assert (new.intercept, new.slope) == (found["intercept"], found["slope"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[decision]\ntreshold = 1\n", "which is not known"), ("[decision\n", "is not TOML"),
        ("[recalibration]\nslope = 1.0\n", "cannot be used"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_found_out_before_the_scans_are_read(at_site: Run, text: str, words: str) -> None:
    Path("site.toml").write_text(text)
    answer = at_site("--recalibrate", "site.toml", code=2)
    assert words in answer.stderr
    assert Path("site.toml").read_text() == text
    assert not Path("evaluations").exists()


def test_a_folder_in_its_place_or_none_to_write_into_is_code_2(at_site: Run) -> None:
    Path("a").mkdir()
    assert "is no file" in at_site("--recalibrate", "a", code=2).stderr
    assert "its folder is not there" in at_site("--recalibrate", "b/site.toml", code=2).stderr


@pytest.mark.parametrize("option", ["--prevalence-differs", "--replace-recalibration"])
def test_its_options_alone_mean_nothing(at_site: Run, option: str) -> None:
    assert f"{option} is for --recalibrate FILE" in at_site(option, code=2).stderr


def test_the_score_of_the_site_is_what_was_fitted(at_site: Run) -> None:
    """The file's map takes the patients' mean probability to the share that is CAD, as a fit must."""
    found = told(at_site("--recalibrate", "site.toml", n=400, intercept=-1.0, slope=0.7))
    assert found["recalibration"]["method"] == "maximum-likelihood"
    by = read_site("site.toml").choices.recalibration
    assert by is not None
    generator = np.random.default_rng(0)
    truth = np.arange(400) < 200
    log_odds = (np.where(truth, 1.1, -1.1) + generator.normal(0, 1.5, 400) + 1.0) / 0.7
    shown = np.array([by.probability(value) for value in log_odds])
    np.testing.assert_allclose(shown, expit(by.intercept + by.slope * log_odds), atol=1e-15)
    assert shown.mean() == pytest.approx(0.5, abs=1e-6)
