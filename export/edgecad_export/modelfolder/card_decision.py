"""Parts of the model card: how a score becomes an answer, and what other thresholds would do."""

from __future__ import annotations

from collections.abc import Iterator

from edgecad.contract import Contract
from edgecad.decision.evidence import LOCAL_PREVALENCES, Evidence
from edgecad.decision.evidence_table import NOTES, prevalence_words, rows_of
from edgecad.decision.zone_words import zone_rows
from edgecad_export.modelfolder.markdown import bullets, plain, section, table


def decision_section(contract: Contract) -> str:
    """Threshold, rule, temperature, and the table of thresholds where patients chose."""
    evidence = contract.decision.evidence
    shown = () if evidence is None else tuple(_thresholds(contract, evidence))
    return section("Threshold and temperature", bullets(tuple(_lines(contract))), *shown)


def _lines(contract: Contract) -> Iterator[str]:
    decision, positive = contract.decision, plain(contract.positive)
    yield (
        f"A score of **{decision.threshold:.6g}** or more is called {positive}, a lower one "
        f"{plain(contract.negative)}. A site may set its own threshold; answers then say so."
    )
    yield f"Rule: {plain(decision.rule)}."
    if decision.asked is not None:
        yield f"Asked for: {plain(decision.asked)}."
    yield f"Logits are divided by a temperature of {decision.temperature:.6g} before the softmax."
    for name, words in zone_rows(decision.zone, decision.zone_words, decision.threshold, contract.positive):
        yield f"{name[0].upper()}{plain(name[1:])}: {plain(words)}."


def _thresholds(contract: Contract, evidence: Evidence) -> Iterator[str]:
    prevalence, point = contract.labelling.prevalence, evidence.point
    phantom = "" if contract.origin == "patients" else " PHANTOM figures, not clinical ones."
    yield (
        f"What other thresholds would do, on the {evidence.part} patients who chose: {point.sensitivity.n} "
        f"{plain(contract.positive)} and {point.specificity.n} {plain(contract.negative)}, with 95 % Clopper-Pearson "
        f"intervals. The test part never chooses.{phantom}"
    )
    training = "not known" if prevalence is None else prevalence_words(prevalence)
    columns = (
        "rule", "score from", "sensitivity", "specificity", "rests on", f"PPV/NPV at {training} (training)",
        *(f"at {prevalence_words(one)}" for one in LOCAL_PREVALENCES), "test sensitivity/specificity", "note",
    )  # fmt: skip
    rows = rows_of(evidence, prevalence)
    cells = (
        (
            f"**{plain(row.rule)}**" if row.in_force else plain(row.rule), row.threshold, row.sensitivity,
            row.specificity, row.rests_on, row.predictive, *row.local, row.tested, ", ".join(row.notes),
        )
        for row in rows
    )  # fmt: skip
    yield table(columns, cells, right=columns[1:-1])
    noted = {note for row in rows for note in row.notes}
    legend = (f"{note.capitalize()}: {words}." for note, words in NOTES.items() if note in noted)
    rests = "Rests on: patients beyond the threshold in the tail that the rule allows; all of them for balanced."
    yield " ".join((rests, *legend))
