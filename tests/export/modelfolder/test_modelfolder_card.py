"""The model card: its figures are the contract's and the gate's, its words are safe and say phantom."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from edgecad.colourtables.known import known_table
from edgecad.contract import (
    NOT_KNOWN,
    Colours,
    Contract,
    Drawing,
    GoldenAnswer,
    Labelling,
    MapPlace,
    Metric,
    Precision,
    Region,
)
from edgecad.decision.evidence import Evidence, OperatingPoint, Share
from edgecad_export.candidates import Candidate
from edgecad_export.exported import Exported, failure_of
from edgecad_export.modelfolder.card import model_card
from edgecad_export.modelfolder.exported_file import ExportedFile
from edgecad_export.precision.narrowed import Attempt, Narrowed
from edgecad_export.proof.answers import CheckedAnswers, ReferenceAnswers
from edgecad_export.proof.gate import Verdict
from edgecad_export.proof.parity import Parity, parity_of
from edgecad_export.proof.tolerances import TOLERANCES
from edgecad_export.table import table_of

Files = tuple[ExportedFile, ...]
Export = Callable[..., Files]


def _parity(images: int, off: float) -> Parity:
    """Of answers that lie `off` logits apart, measured by the gate's own function."""
    draw = np.random.default_rng(images)
    logits, maps = draw.normal(0, 1, (images, 2)), draw.normal(0, 1, (images, 3, 3))
    logits[0] = (4.0, 0.0)  # the scale
    scores = 1 / (1 + np.exp(logits[:, 1] - logits[:, 0]))
    one = ReferenceAnswers(logits, scores, maps, 1e-7, True)
    other = CheckedAnswers(logits + off, scores, maps, 2e-7, True)
    return parity_of(one, other, 0.4, 0.01, truth=np.arange(images) % 2 == 0)


@pytest.fixture
def contract(contract_of: Callable[..., Contract]) -> Contract:
    metrics = (
        Metric(name="sensitivity_cad", value=0.875, low=0.474, high=0.997, n=8, part="test", method="Clopper-Pearson"),
        Metric(name="auc", value=0.9123, low=0.7812, high=0.9901, n=22, part="test", method="DeLong"),
        Metric(name="auc", value=0.951, low=0.9, high=0.98, n=196, part="out-of-fold", method="DeLong"),
    )
    golden = GoldenAnswer(sample="s", sha256="0" * 64, logits=(0.0, 1.0), score_map=((0.0,) * 5,) * 4)
    changed = contract_of(metrics=metrics, golden=(golden,), colours=Colours(bins="f" * 10 + "0" * 1014))
    return replace(changed, versions={"edgecad": "0.1.0", "onnx": "1.23.2"}, data_sha256="ab" * 32)


@pytest.fixture
def export(contract: Contract) -> Export:
    """Files of an export as they lie in the folder, of the given precisions."""

    def make(*precisions: Precision, wider: tuple[str, ...] = ("a/node", "b/node")) -> Files:
        return tuple(_file(contract, precision, index, wider) for index, precision in enumerate(precisions))

    return make


def _file(contract: Contract, precision: Precision, index: int, wider: tuple[str, ...]) -> ExportedFile:
    own = replace(contract, precision=precision, tolerances=TOLERANCES[precision].recorded())
    sha256 = hashlib.sha256(precision.encode()).hexdigest()
    tried = tuple(Attempt(f"attempt {number}", "holds") for number in range(index))
    verdict = Verdict(_parity(40, 0.02 * index), _parity(3, 0.01 * index), ())
    narrowed = Narrowed(onnx.ModelProto(), verdict, wider if index else (), tried)
    size = 10_000_000 // (1 + index)
    candidate = Candidate(own, narrowed, 1.0)
    return ExportedFile(f"model.{precision}.onnx", size, sha256, candidate, own, 3.21 + index)


def _rows(card: str, heading: str) -> list[list[str]]:
    """Cells of all tables under a heading."""
    part = card.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|") and not line.startswith("| ---")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split(" | ")] for line in lines]


def test_figures_are_the_contracts_with_intervals_patients_and_methods(export: Export, contract: Contract) -> None:
    rows = _rows(model_card("tiny", export("fp32"), contract), "Figures")
    assert ["Sensitivity for CAD", "0.875", "0.474 to 0.997", "8", "Clopper-Pearson"] in rows
    aucs = [row for row in rows if row[0] == "AUC"]
    assert aucs == [
        ["AUC", "0.912", "0.781 to 0.990", "22", "DeLong"],
        ["AUC", "0.951", "0.900 to 0.980", "196", "DeLong"],
    ]


def test_parts_say_what_they_chose_and_the_test_part_comes_first(export: Export, contract: Contract) -> None:
    card = model_card("tiny", export("fp32"), contract)
    assert 0 < card.index("It chose nothing") < card.index("so they are a little too good")
    assert "it is too good" not in card  # there is no validation part
    assert "The test part has 22 patients, which is few" in card


def test_training_data_have_counts_prevalence_reference_and_hashes(export: Export, contract: Contract) -> None:
    data = dict(row for row in _rows(model_card("tiny", export("fp32"), contract), "Training data"))
    assert data["Patients, test part"] == "22"
    assert data["Patients, out-of-fold"] == "196"
    assert data["Share of CAD"] == "50.0% of the training patients"
    assert data["Reference standard"] == "agreement with readers; labelled by a simulated reader"
    assert data["SHA-256 of the data"] == "ab" * 32


def test_files_have_size_share_time_and_sum(export: Export, contract: Contract) -> None:
    rows = _rows(model_card("tiny", export("fp32", "fp16"), contract), "Files")
    assert ["model.fp32.onnx", "fp32", "the reference, any device", "10.0", "100%", "3.2"] in rows
    assert ["model.fp16.onnx", "fp16", "GPUs", "5.0", "50%", "4.2"] in rows
    assert ["model.fp16.onnx", hashlib.sha256(b"fp16").hexdigest()] in rows


def test_the_proof_is_what_the_gate_measured_and_allowed(export: Export, contract: Contract) -> None:
    files = export("fp32", "int8")
    rows = _rows(model_card("tiny", files, contract), "Proof against the trained model")
    judged = [row for row in rows if row[:2] == ["model.int8.onnx", "40 validation"]]
    assert [row[2:6] for row in judged] == [["5.0e-03", "0.0e+00", "0", "0"]]  # 0.02 of a scale of 4
    assert float(judged[0][6]) == 1.0
    assert [row[2] for row in rows if row[:2] == ["model.int8.onnx", "3 golden"]] == ["2.5e-03"]
    assert ["score difference, at most", "0.0001", "0.05"] in rows
    assert ["AUC loss, at most", "not judged", "0.005"] in rows


@pytest.mark.parametrize(
    ("wider", "words"),
    [
        ((), "fp16: the whole backbone was narrowed, after 1 attempt;"),
        (("a",), "fp16: 1 node of the backbone was kept in fp32, after 1 attempt;"),
        (("a", "b"), "fp16: 2 nodes of the backbone were kept in fp32, after 1 attempt;"),
    ],
)
def test_what_was_kept_wider_is_counted(export: Export, contract: Contract, wider: tuple[str, ...], words: str) -> None:
    assert words in model_card("tiny", export("fp32", "fp16", wider=wider), contract)


def test_threshold_temperature_and_heat_map_have_their_numbers(export: Export, contract: Contract) -> None:
    card = model_card("tiny", export("fp32"), contract)
    for words in (
        "score of **0.4** or more is called CAD, a lower one nonCAD",
        "Rule: a rule.",
        "temperature of 1.7",
        "4 x 5 cells",
        "saturate at 2 logit units",
        "beyond 1.",
        "training saw 40 of 4096",
    ):
        assert words in card


@pytest.mark.parametrize("origin", ["phantom", "mixed"])
def test_a_model_that_saw_phantoms_says_so_at_the_top_and_beside_its_figures(
    export: Export, contract: Contract, origin: Any
) -> None:
    card = model_card("tiny", export("fp32"), replace(contract, origin=origin))
    assert card.splitlines()[2] == "> **PHANTOM MODEL - NOT FOR PATIENTS**"
    assert "PHANTOM figures, not clinical ones" in card


def test_a_model_of_patients_is_for_research_only(export: Export, contract: Contract) -> None:
    card = model_card("tiny", export("fp32"), replace(contract, origin="patients"))
    assert card.splitlines()[2] == "> **RESEARCH USE ONLY - NOT A MEDICAL DEVICE**"
    assert "PHANTOM" not in card


def test_a_model_near_chance_is_called_so_at_the_top(export: Export, contract: Contract) -> None:
    metrics = (Metric(name="auc", value=0.6, low=0.42, high=0.8, n=22, part="test", method="DeLong"),)
    card = model_card("tiny", export("fp32"), replace(contract, metrics=metrics))
    assert "NOT SHOWN TO BE BETTER THAN CHANCE" in card.partition("\n## ")[0]


def test_a_model_trained_elsewhere_says_what_is_not_known(export: Export, contract: Contract) -> None:
    external = replace(
        contract,
        metrics=(),
        data_sha256=NOT_KNOWN,
        colours=Colours(recorded=False),
        labelling=Labelling(reference="readers elsewhere", prevalence=None),
    )
    card = model_card("tiny", export("fp32"), external)
    data = dict(_rows(card, "Training data"))
    assert (data["Share of CAD"], data["SHA-256 of the data"]) == (NOT_KNOWN, NOT_KNOWN)
    assert "nobody measured this model" in card
    assert "no scan is refused for its colours" in card


def test_whole_images_and_regions_are_described(export: Export, contract: Contract) -> None:
    region = Region(x=1, y=2, width=300, height=301, screen_width=1640, screen_height=1068)
    cropped = replace(contract, preparation=replace(contract.preparation, region=region))
    assert "region 1,2,300,301" in model_card("tiny", export("fp32"), cropped)
    whole = replace(contract, preparation=replace(contract.preparation, crop="none"))
    assert "Nothing checks that it is a polar map" in model_card("tiny", export("fp32"), whole)


def test_limits_say_what_one_map_does_not_tell_and_of_whole_images_nothing(export: Export, contract: Contract) -> None:
    whole = replace(contract, preparation=replace(contract.preparation, crop="none"))
    cards = [model_card("tiny", export("fp32"), one) for one in (contract, whole)]
    assert ["rest map without words cannot be told" in card for card in cards] == [True, False]
    assert ["mirrored or turned map" in card for card in cards] == [True, False]


@pytest.mark.parametrize(("precisions", "words"), [(("fp32",), []), (("fp32", "fp16", "int8"), ["fp16", "int8"])])
def test_limits_speak_of_the_files_that_are_there(
    export: Export, contract: Contract, precisions: tuple[Precision, ...], words: list[str]
) -> None:
    limits = model_card("tiny", export(*precisions), contract).partition("## Limits")[2].partition("\n## ")[0]
    assert "No external validation" in limits
    assert [word for word in ("fp16", "int8") if f"- {word} is for" in limits] == words


def test_text_of_a_contract_cannot_break_out_of_the_card(export: Export, contract: Contract) -> None:
    bad = "<script>x</script> | a | b\n## Heading\n\n*bold* `code`"
    hostile = replace(contract, intended_use=bad, name=bad, labelling=Labelling(reference=bad, prevalence=0.5))
    html = MarkdownIt("commonmark").enable("table").render(model_card(bad, export("fp32"), hostile))
    assert "<script>" not in html
    assert html.count("<h1>") == 1
    assert "<h2>Heading" not in html
    assert "<em>" not in html
    rows = re.findall(r"<tr>(.*?)</tr>", html.partition("<h2>Training data")[2].partition("<h2>")[0], re.DOTALL)
    assert {len(re.findall(r"<t[hd]", row)) for row in rows} == {2}


def test_the_card_renders_with_its_tables_whole(export: Export, contract: Contract) -> None:
    html = MarkdownIt("commonmark").enable("table").render(model_card("tiny", export("fp32", "fp16"), contract))
    assert html.count("<table>") == 8
    assert "| ---" not in html
    for table in re.findall(r"<table>.*?</table>", html, re.DOTALL):
        widths = {len(re.findall(r"<t[hd]", row)) for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)}
        assert len(widths) == 1


def test_forbidden_words_are_nowhere(export: Export, contract: Contract) -> None:
    card = model_card("tiny", export("fp32", "fp16", "int8"), contract).lower()
    assert not re.search(r"\b(normal|healthy|diagnos\w*|patient's)\b", card)


def test_a_threshold_that_patients_chose_has_its_table_of_others(export: Export, contract: Contract) -> None:
    share = Share(count=80, n=100, low=0.7, high=0.9)
    low = Share(count=30, n=100, low=0.2, high=0.4)
    own = OperatingPoint(
        rule="balanced", threshold=0.4, sensitivity=share, specificity=share, rests_on=200, test_sensitivity=share
    )
    refused = OperatingPoint(rule="sensitivity>=0.8", threshold=0.1, sensitivity=share, specificity=low, rests_on=20)
    evidence = Evidence(
        part="out-of-fold", point=own, refused=refused, scores_differ=True, scores_rise=True, table=(refused, own)
    )
    decision = replace(contract.decision, asked="sensitivity>=0.8", evidence=evidence)
    card = model_card("tiny", export("fp32"), replace(contract, decision=decision))
    columns, first, second = _rows(card, "Threshold and temperature")
    assert columns[:4] == ["rule", "score from", "sensitivity", "specificity"]
    assert first == [
        "sensitivity\\>=0.8", "0.1000", "0.80 (0.70-0.90)", "0.30 (0.20-0.40)", "20", "0.53/0.60", "0.11/0.93",
        "0.33/0.78", "0.53/0.60", "-/-", "refused",
    ]  # fmt: skip
    assert (second[0], second[-2:]) == ("**balanced**", ["0.80/-", "in force"])
    assert "> **sensitivity\\>=0.8 WAS REFUSED: specificity there is 0.30 (30 of 100), below 0.55;" in card
    assert "Asked for: sensitivity\\>=0.8." in card
    tables = [MarkdownIt().enable("table").render(text).count("<table>") for text in
              (card, model_card("tiny", export("fp32"), contract))]  # fmt: skip
    assert tables[0] == tables[1] + 1


def test_a_threshold_that_nobody_chose_has_no_table(export: Export, contract: Contract) -> None:
    assert _rows(model_card("tiny", export("fp32"), contract), "Threshold and temperature") == []


def test_the_terminals_table_has_a_row_for_each_file_and_fits_100_columns(export: Export) -> None:
    files = export("fp32", "fp16", "int8")
    lines = table_of(files[:2], [files[2].candidate])
    assert max(map(len, lines)) <= 100
    head, *rows = [line.split() for line in lines if line.startswith("  ")][1:]
    assert head[:4] == ["file", "MB", "images", "d"]
    assert [row[:3] for row in rows] == [
        ["model.fp32", "10.0", "40"], ["model.fp16", "5.0", "40"], ["model.int8", "REFUSED", "40"]
    ]  # fmt: skip
    assert {len(line) for line in lines if line.startswith("  model.")} == {len(lines[3])}, "one width for all"


def test_the_card_says_what_of_the_map_goes_in_and_through_which_tables(export: Export, contract: Contract) -> None:
    def card(**changed: Any) -> str:
        how = replace(contract.preparation, **changed)
        return model_card("tiny", export("fp32"), replace(contract, preparation=how))

    tables = (known_table("jet"), known_table("hot-iron"))
    uptake = card(input="uptake", drawing=Drawing(table="iron", blur=2.0, beyond="mirrored"), tables=tables)
    assert "uptake. It is read through a colour table of the training scans (jet, hot-iron)" in uptake
    assert "in iron, blurred by 2 of 256 pixels of the disc, mirrored beyond it" in uptake
    assert "colour cells" not in uptake
    assert "of the training scans" not in card(input="uptake", drawing=Drawing()).partition("Input: ")[2][:60]
    colours = card()
    assert "colour cells" in colours
    assert "Input: uptake" not in colours
    assert "exactly 3 polar maps" in card(map=MapPlace(number=2, count=3))
    assert "number 2 is taken" in card(map=MapPlace(number=2, count=3))
    assert "exactly one polar map" in colours


def _working(file: ExportedFile, work: float, milliseconds: float) -> ExportedFile:
    """The file as if this share of its multiply-adds were in 8 bits, and an image took this time."""
    candidate = dataclasses.replace(file.candidate, narrowed=dataclasses.replace(file.candidate.narrowed, work=work))
    return dataclasses.replace(file, candidate=candidate, milliseconds=milliseconds)


@pytest.mark.parametrize(("share", "advised"), [(0.5, False), (0.89, False), (0.91, True), (1.3, True)])
def test_int8_says_what_is_in_8_bits_and_where_it_gains_nothing(share: float, advised: bool, export: Export) -> None:
    fp32, own = export("fp32", "int8")
    files = (fp32, _working(own, 0.77, share * fp32.milliseconds))
    said = " ".join(table_of(files))
    assert "int8: 77% of the multiply-adds in 8 bits" in said
    assert f"{share:.2f} of fp32's time on this CPU" in said
    assert (f"use {fp32.name} here" in said) is advised
    assert "multiply-adds" not in " ".join(table_of((fp32, own))), "nobody counted"


def test_the_card_says_how_much_of_a_file_with_wider_nodes_is_in_8_bits(export: Export, contract: Contract) -> None:
    fp32, own = export("fp32", "int8")
    assert "so that 77% of its multiply-adds are in 8 bits" in model_card(
        "tiny", (fp32, _working(own, 0.77, 1)), contract
    )
    (whole,) = export("fp32", "int8", wider=())[1:]
    assert "multiply-adds" not in model_card("tiny", (fp32, _working(whole, 1, 1)), contract)


def test_a_refused_int8_says_how_much_of_the_nearest_attempt_was_in_8_bits(export: Export) -> None:
    fp32, own = export("fp32", "int8")
    failure = failure_of(Exported(Path("models/a"), (fp32,), refused=(_working(own, 0.42, 1).candidate,)))
    assert "the nearest, with 42% of the multiply-adds in 8 bits" in str(failure)
