"""What is said of a decision: each warning at its edge, with every answer, and of no contract without evidence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from edgecad import Classifier
from edgecad.answer.findings import doubts_about
from edgecad.cli.program import app
from edgecad.contract import Contract, Decision, Labelling, Metric, contract_from_json, json_from_contract
from edgecad.decision.evidence import Evidence, OperatingPoint, Share
from edgecad.decision.evidence_table import predictive_words, rows_of, threshold_words

HERE = Path(__file__).parent
V1 = HERE.parents[1] / "contract" / "contract_v1.json"


def share(count: int, n: int = 100) -> Share:
    return Share(count=count, n=n, low=0.0, high=1.0)


def point(rule: str = "balanced", found: int = 80, cleared: int = 80, n: int = 100, **more: Any) -> OperatingPoint:
    more.setdefault("threshold", 0.5)
    return OperatingPoint(rule=rule, sensitivity=share(found, n), specificity=share(cleared), rests_on=5, **more)


def evidence(own: OperatingPoint, **more: Any) -> Evidence:
    words: dict[str, Any] = {"refused": None, "scores_differ": True, "scores_rise": True, "table": (), **more}
    return Evidence(part="out-of-fold", point=own, **words)


@pytest.fixture
def doubted(tiny_contract: Contract) -> Callable[..., Contract]:
    """The tiny contract with this operating point; further words are of the evidence."""

    def contract(own: OperatingPoint, **more: Any) -> Contract:
        decision = Decision(threshold=own.threshold, rule="any", asked=own.rule, evidence=evidence(own, **more))
        return replace(tiny_contract, decision=decision)

    return contract


def codes(contract: Contract, threshold: float | None = None) -> set[str]:
    return {doubt.code for doubt in doubts_about(contract, threshold)}


@pytest.mark.parametrize(
    ("found", "cleared", "told"),
    [
        (49, 90, {"operating-point-useless"}), (90, 49, {"operating-point-useless"}),
        (50, 90, {"operating-point-weak"}), (90, 50, {"operating-point-weak"}),
        (59, 90, {"operating-point-weak"}), (90, 59, {"operating-point-weak"}),
        (60, 60, set()), (90, 90, set()), (100, 0, {"operating-point-useless"}),
    ],
)  # fmt: skip
def test_sensitivity_and_specificity_decide_what_is_said(
    doubted: Callable[..., Contract], found: int, cleared: int, told: set[str]
) -> None:
    contract = doubted(point(found=found, cleared=cleared))
    assert codes(contract) == told
    for doubt in doubts_about(contract):
        assert doubt.text.startswith("DO NOT DEPLOY: ") == (doubt.code == "operating-point-useless")
        assert f"sensitivity {found / 100:.2f} ({found} of 100)" in doubt.text
        assert doubt.value == min(found, cleared) / 100


@pytest.mark.parametrize(
    ("rule", "prevalence", "told"),
    [
        ("equal-costs", 0.39, True), ("equal-costs", 0.4, False), ("equal-costs", 0.6, False),
        ("equal-costs", 0.61, True), ("balanced", 0.2, False), ("equal-costs", None, False),
    ],
)  # fmt: skip
def test_equal_costs_are_doubted_where_one_class_is_rare(
    doubted: Callable[..., Contract], rule: str, prevalence: float | None, told: bool
) -> None:
    contract = replace(doubted(point(rule)), labelling=Labelling(reference="readers", prevalence=prevalence))
    assert ("equal-costs-prevalence" in codes(contract)) == told
    for doubt in doubts_about(contract):
        rarer = "CAD is often taken for nonCAD" if prevalence == 0.39 else "nonCAD is often taken for CAD"
        assert rarer in doubt.text


def _auc(part: str, low: float) -> Metric:
    return Metric(name="auc", value=0.6, low=low, high=0.9, n=44, part=part, method="any")  # type: ignore[arg-type]


@pytest.mark.parametrize(("low", "told"), [(0.5, True), (0.4, True), (0.501, False)])
@pytest.mark.parametrize("rule", ["balanced", "costs=2", "sensitivity>=0.8"])
def test_an_auc_of_those_who_chose_that_may_be_chance_is_said_whatever_the_rule(
    doubted: Callable[..., Contract], low: float, told: bool, rule: str
) -> None:
    contract = doubted(point(rule))
    assert ("chosen-not-above-chance" in codes(replace(contract, metrics=(_auc("out-of-fold", low),)))) == told
    assert "chosen-not-above-chance" not in codes(replace(contract, metrics=(_auc("validation", low),)))


def test_a_refused_rule_is_said_with_its_price(doubted: Callable[..., Contract]) -> None:
    (doubt,) = doubts_about(doubted(point(), refused=point("sensitivity>=0.95", 96, 42, threshold=0.1)))
    assert (doubt.code, doubt.value) == ("operating-point-refused", 0.42)
    assert doubt.text == (
        "sensitivity>=0.95 WAS REFUSED: specificity there is 0.42 (42 of 100), below 0.55; balanced was taken instead"
    )
    (doubt,) = doubts_about(doubted(point(), refused=point("specificity>=0.95", 30, 96, threshold=0.9)))
    assert (doubt.code, doubt.value) == ("operating-point-refused", 0.3)
    assert "sensitivity there is 0.30" in doubt.text


@pytest.mark.parametrize(
    ("rule", "n", "told"),
    [
        ("sensitivity>=0.95", 58, True), ("sensitivity>=0.95", 59, False), ("sensitivity>=0.9", 28, True),
        ("sensitivity>=0.9", 29, False), ("specificity>=0.99", 58, True), ("specificity>=0.95", 5, False),
        ("balanced", 5, False), ("costs=2", 5, False),
    ],
)  # fmt: skip
def test_what_so_few_patients_cannot_show_is_said(
    doubted: Callable[..., Contract], rule: str, n: int, told: bool
) -> None:
    """The other class has 100 patients throughout."""
    contract = doubted(point(rule, n, n=n))
    assert ("operating-point-not-shown" in codes(contract)) == told


def test_scores_that_do_not_differ_or_do_not_rise_are_said(doubted: Callable[..., Contract]) -> None:
    assert codes(doubted(point(), scores_differ=False, scores_rise=False)) == {"scores-equal"}
    assert codes(doubted(point(), scores_rise=False)) == {"scores-not-rising"}


def test_of_a_sites_own_threshold_nothing_is_said_but_that_nothing_was_measured(
    doubted: Callable[..., Contract],
) -> None:
    refused = point("sensitivity>=0.95", cleared=30, threshold=0.1)
    contract = doubted(point(found=20), refused=refused, scores_rise=False)
    assert codes(contract, 0.5) == {"operating-point-useless", "operating-point-refused", "scores-not-rising"}
    assert codes(contract, 0.4) == {"site-threshold-unmeasured", "scores-not-rising"}


def test_of_a_contract_without_evidence_a_sites_threshold_is_said_too(tiny_contract: Contract) -> None:
    plain = replace(tiny_contract, metrics=(_auc("out-of-fold", 0.2),))
    assert doubts_about(plain) == ()
    assert codes(plain, 0.3) == {"site-threshold-unmeasured"}


def test_evidence_that_contradicts_itself_is_refused() -> None:
    fine, dear = point(), point("sensitivity>=0.95", found=95, cleared=30)
    assert evidence(fine, refused=dear).refused == dear
    for own, refused in ((fine, point("balanced")), (dear, dear), (fine, point("sensitivity>=0.8", cleared=90))):
        with pytest.raises(ValueError, match="called refused"):
            evidence(own, refused=refused)


@pytest.mark.parametrize(
    ("part", "sensitivity", "specificity", "wanted"),
    [
        ("out-of-fold", 0.96, 0.36, {"operating-point-useless"}),
        ("validation", 0.4, 0.9, {"operating-point-useless"}),
        ("out-of-fold", 0.9, 0.55, {"operating-point-weak"}),
        ("out-of-fold", 0.7, 0.8, set()),
        ("test", 0.96, 0.36, set()),
    ],
)
def test_without_evidence_the_figures_of_those_who_chose_say_it(
    tiny_contract: Contract, part: Any, sensitivity: float, specificity: float, wanted: set[str]
) -> None:
    """A model of version 1; the test part did not choose its threshold."""
    shares = {"sensitivity_cad": sensitivity, "specificity_cad": specificity}
    metrics = tuple(
        Metric(name=name, value=value, low=0.0, high=1.0, n=100, part=part, method="Clopper-Pearson")
        for name, value in shares.items()
    )
    contract = replace(tiny_contract, metrics=metrics)
    assert codes(contract) == wanted
    assert codes(contract, 0.123) == {"site-threshold-unmeasured"}


def test_a_contract_of_version_1_goes_on_working(
    tiny_model: Callable[..., bytes], tiny_contract: Contract, phantom_jpeg: Path, tmp_path: Path
) -> None:
    old = contract_from_json(V1.read_text("utf-8"))
    assert (old.decision.asked, old.decision.evidence) == (None, None)
    assert not {code for code in codes(old) if code.startswith(("operating", "scores", "chosen", "site"))}
    path = tmp_path / "old.onnx"
    path.write_bytes(tiny_model(json_from_contract(replace(tiny_contract, version=1, activations=None))))
    with Classifier(path, device="cpu", threshold=0.3) as classifier:
        assert classifier.contract.version == 1
        assert {finding.code for finding in classifier(phantom_jpeg).findings} <= {
            "evidence-outside", "familiarity-unmeasured", "overlay", "site-threshold-unmeasured",
        }  # fmt: skip


def test_every_answer_and_every_command_says_it(
    tiny_model: Callable[..., bytes], doubted: Callable[..., Contract], phantom_jpeg: Path, tmp_path: Path
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny_model(doubted(point(found=95, cleared=20))))
    with Classifier(path, device="cpu") as classifier:
        assert "operating-point-useless" in {finding.code for finding in classifier(phantom_jpeg).findings}
    with Classifier(path, device="cpu", threshold=0.4) as classifier:
        told = {finding.code for finding in classifier(phantom_jpeg).findings}
    assert "site-threshold-unmeasured" in told
    assert "operating-point-useless" not in told
    done = CliRunner().invoke(app, ["infer", str(phantom_jpeg), "--model", str(path), "--device", "cpu", "--json"])
    assert "warning: DO NOT DEPLOY: at its threshold, sensitivity 0.95" in done.stderr
    assert '"operating-point-useless"' in done.stdout
    done = CliRunner().invoke(app, ["infer", str(phantom_jpeg), "--model", str(path), "--threshold", "0.4", "--json"])
    assert "DO NOT DEPLOY" not in done.output
    done = CliRunner().invoke(app, ["inspect", str(path), "--device", "cpu"])
    assert "warning: DO NOT DEPLOY: at its threshold, sensitivity 0.95" in done.stdout
    done = CliRunner().invoke(app, ["inspect", str(path), "--device", "cpu", "--json"])
    assert '"doubts":[{"code":"operating-point-useless","value":0.2,' in done.stdout


def test_a_point_that_cannot_be_meant_is_refused() -> None:
    for wrong in (
        lambda: share(5, 4), lambda: share(-1), lambda: share(0, 0),
        lambda: Share(count=5, n=10, low=0.6, high=0.9), lambda: point("foo"), lambda: point(threshold=1.0),
        lambda: Decision(threshold=0.4, rule="", evidence=evidence(point(threshold=0.5))),
        lambda: Decision(threshold=0.4, rule="", asked="sensitivity>=2"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"is no share|does not hold|is no rule|between 0 and 1|another threshold"):
            wrong()


def test_predictive_values_follow_bayes() -> None:
    own = point(found=80, cleared=90)
    ppv, npv = own.predictive_values(0.1)
    assert ppv == pytest.approx(0.08 / (0.08 + 0.09))
    assert npv == pytest.approx(0.81 / (0.81 + 0.02))
    assert predictive_words(own, 0.1) == "0.47/0.98"
    assert predictive_words(point(found=0, cleared=100), 0.3) == "-/0.70"
    assert predictive_words(point(found=100, cleared=0), 0.3) == "0.30/-"


def test_rows_say_which_is_in_force_refused_or_cannot_be_shown() -> None:
    table = (point("sensitivity>=0.95", 58, 50, n=58, threshold=0.1), point(), point("equal-costs"))
    first, own, equal = rows_of(evidence(table[1], table=table), 0.4)
    assert (first.notes, own.notes, equal.notes) == (("refused", "cannot be shown"), ("in force",), ())
    assert (first.rests_on, equal.rests_on, own.tested) == ("5", "-", "-/-")
    assert own.sensitivity == "0.80 (0.00-1.00)"
    tested = point(test_sensitivity=share(7, 10), test_specificity=share(9, 10))
    assert rows_of(evidence(tested, table=(tested,)), None)[0].tested == "0.70/0.90"


def test_the_rule_in_force_and_the_refused_one_get_rows_of_their_own_where_the_table_lacks_them() -> None:
    refused = point("sensitivity>=0.97", 98, 20, threshold=0.1)
    rows = rows_of(evidence(point("costs=2"), refused=refused, table=(point(),)), 0.4)
    assert [row.rule for row in rows] == ["balanced", "costs=2", "sensitivity>=0.97"]
    assert [row.notes for row in rows] == [(), ("in force",), ("refused",)]


@pytest.mark.parametrize(
    ("threshold", "words"), [(0.12344, "0.1234"), (1e-9, "1e-09"), (1 - 1e-9, ">0.9999"), (0.9999, "0.9999")]
)
def test_no_threshold_is_said_to_be_nought_or_one(threshold: float, words: str) -> None:
    assert threshold_words(threshold) == words
