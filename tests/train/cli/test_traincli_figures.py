"""Figures on the terminal: what chose beside the test part, each with its interval."""

from __future__ import annotations

from msgspec.structs import replace

from edgecad.contract import Contract, Familiarity, Labelling, Metric
from edgecad_train.cli.train.figures import line_of_familiarity, lines_of_figures


def _metric(name: str, part: str, value: float, n: int) -> Metric:
    return Metric(name=name, part=part, value=value, low=value - 0.05, high=value + 0.04, n=n, method="a method")  # type: ignore[arg-type]


def _told(contract: Contract, **fields: object) -> list[str]:
    metrics = (
        _metric("auc", "out-of-fold", 0.9, 174), _metric("sensitivity_cad", "out-of-fold", 0.8, 110),
        _metric("auc", "test", 0.7, 44), _metric("ppv_cad", "test", 0.6, 20),
    )  # fmt: skip
    return list(lines_of_figures(replace(contract, metrics=metrics, **fields)))


def test_both_parts_stand_side_by_side_with_their_intervals(tiny_contract: Contract) -> None:
    lines = _told(tiny_contract)
    assert [cell.strip() for cell in lines[1].split("  ") if cell] == ["out-of-fold (n = 174)", "test (n = 44)"]
    assert lines[2].split() == ["auc", "0.900", "(0.850-0.940)", "0.700", "(0.650-0.740)"]
    assert lines[3].split() == ["sensitivity_cad", "0.800", "(0.750-0.840)", "none"]
    assert lines[4].split() == ["ppv_cad", "none", "0.600", "(0.550-0.640)"]
    assert "out-of-fold patients chose threshold" in lines[5]
    assert len({line.index("0.7") for line in lines if "auc" in line}) == 1
    assert max(map(len, lines[1:])) <= 80


def test_figures_of_phantoms_say_so_and_those_of_patients_do_not(tiny_contract: Contract) -> None:
    assert "PHANTOM DATA" in _told(tiny_contract, origin="phantom")[0]
    assert "PHANTOM AND PATIENT DATA MIXED: no result" in _told(tiny_contract, origin="mixed")[0]
    patients = _told(tiny_contract, origin="patients", labelling=Labelling(reference="two readers", prevalence=0.5))
    assert patients[0] == "agreement with two readers, with 95 % intervals:"


def test_a_run_without_familiarity_says_how_many_patients_it_takes() -> None:
    assert line_of_familiarity(None) == (
        "familiarity: not measured, so no scan is refused for being unlike the training scans; it takes 30 patients "
        "outside the test part"
    )
    told = line_of_familiarity(Familiarity(centres=5, patients=120, noted=0.01, limit=0.02))
    assert "120 patients set these limits" in told
    assert "it takes" not in told
