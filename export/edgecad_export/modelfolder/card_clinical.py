"""Part of the model card: what joins clinical columns with the image, and how the fused score does."""

from __future__ import annotations

from edgecad.clinical.words import clinical_rows
from edgecad.contract import Contract
from edgecad_export.modelfolder.markdown import plain, section, table


def clinical_section(contract: Contract) -> str:
    """Columns, coefficients, decision and figures of the fused score; nothing of a model without clinical columns."""
    model = contract.clinical
    if model is None:
        return ""
    phantom = "" if contract.origin == "patients" else " PHANTOM figures, not clinical ones."
    intro = (
        f"The score that answers is fused: the image's log-odds and {plain(', '.join(model.names))}. Figures and "
        f"threshold above are the image's own.{phantom}"
    )
    rows = ((plain(name), plain(words)) for name, words in clinical_rows(model, contract.positive))
    figures = (
        (
            plain(metric.name),
            metric.part,
            f"{metric.value:.3f}",
            f"{metric.low:.3f} to {metric.high:.3f}",
            str(metric.n),
        )
        for metric in model.metrics
    )
    columns = ("figure", "part", "value", "95 % interval", "patients")
    return section(
        "Clinical columns", intro, table(("what", "value"), rows), table(columns, figures, right=columns[2:])
    )
