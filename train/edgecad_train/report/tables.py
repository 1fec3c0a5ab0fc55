"""Rows of the page's tables: a name and a value each, from a run's files."""

from __future__ import annotations

from edgecad.clinical.words import clinical_rows
from edgecad.contract import ClinicalModel, Openings, Preparation
from edgecad.decision.zone_words import zone_rows
from edgecad_train.evaluation.doubts import temperature_at_end
from edgecad_train.evaluation.optimism import SAME_EPOCH, ChosenEpochs, Gap, Optimism
from edgecad_train.methods.table import method_named
from edgecad_train.report import wording
from edgecad_train.report.wording import Row
from edgecad_train.runs.reading import RunFiles
from edgecad_train.runs.record import MethodRecord, RunRecord
from edgecad_train.training.search.choice import HeadChoice
from edgecad_train.training.search.record import SearchRecord

SHOWN_SECONDS = 0.05
"""Less is shown as 0.0 s."""


def preparation_rows(how: Preparation) -> tuple[Row, ...]:
    """How a scan becomes the network's input."""
    region = how.region
    whole = (
        f"{region} of screens of {region.screen_width} x {region.screen_height} pixels" if region else "whole screens"
    )
    crop = {
        "polar-map": "polar-map: the disc is found, cleaned and judged; what is not one polar map is refused",
        "none": "none: the whole picture, letterboxed; nothing checks what it shows",
    }
    return (
        ("taken from", whole),
        ("crop", crop[how.crop]),
        *([("map", f"number {how.map.number} of {how.map.count} on each screen")] if how.map else []),
        *_input_rows(how),
        ("image", f"{how.size} x {how.size} pixels, {how.colour_order}, {how.resize} resampling"),
        ("method", f"version {how.version}; the runtime prepares scans by the same code"),
    )


def _input_rows(how: Preparation) -> tuple[Row, ...]:
    """What the network sees of the map."""
    strokes = "text, lines over the disc"
    if how.drawing is None:
        refused = (strokes, f"refused beyond {how.max_overlay_share:.0%} of it, else painted over")
        return (("input", "rgb: the colours themselves"), *([refused] if how.crop == "polar-map" else []))
    drawing = how.drawing
    told = ", ".join(table.name for table in how.tables)
    return (
        ("input", "uptake: read through the screen's colour table, and drawn in one way whatever that table is"),
        ("colour tables", f"{told}; those of most scans first" if told else "told by each screen's own bar"),
        ("drawing", f"in {drawing.table}, blurred by {drawing.blur:g} of 256, {drawing.beyond} beyond the disc"),
        (strokes, "thin ones are painted over from the uptake beside them; what is wide or too much is refused"),
    )


def model_rows(run: RunFiles) -> tuple[Row, ...]:
    """The network, or the method, and how it learns."""
    contract, record = run.contract, run.record
    if record.method is not None:
        return method_rows(run, record.method)
    settings, unfrozen = record.settings, record.unfrozen
    patience = settings.early_stopping
    order = ", ".join(f"{index} = {name}" for index, name in enumerate(contract.classes))
    share = (
        f"{unfrozen.layers} of {unfrozen.of_layers} layers of the backbone "
        f"({unfrozen.layers / max(unfrozen.of_layers, 1):.1%}), {unfrozen.parameter_share:.1%} of its parameters"
        if unfrozen
        else wording.NONE
    )
    return (
        ("class order", f"{order}; the positive class is {contract.positive}, P({contract.positive}) is the score"),
        ("backbone", f"{contract.backbone}, input {contract.preparation.size} pixels, scaling {contract.scaling}"),
        ("first weights", contract.weights),
        ("strategy", f"{settings.strategy}{'' if record.plan.pretrained else ', from random weights'}"),
        ("head", contract.head),
        ("pooled", contract.pooled_words),
        ("fine-tuned from layer", record.fine_tuned_from or wording.NONE),
        ("unfrozen", share),
        ("batch size", str(settings.batch_size)),
        ("class weights", settings.class_weights),
        ("label smoothing", f"{settings.label_smoothing:g}" if settings.label_smoothing else "off"),
        (
            "early stopping",
            f"after {patience} epochs without a better one" if patience else "off",
        ),
        ("augmentation", f"{settings.augment} passes of small changes" if settings.augment > 1 else "off"),
    )


def method_rows(run: RunFiles, told: MethodRecord) -> tuple[Row, ...]:
    """A method: whose it is, what of it is ours, and what inner folds chose."""
    contract, method = run.contract, method_named(told.name)
    order = ", ".join(f"{index} = {name}" for index, name in enumerate(contract.classes))
    network = (("network", f"{contract.backbone}, nothing of it fine-tuned"), ("its weights", contract.weights))
    chosen = (
        (
            name,
            ", ".join(
                f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}" for key, value in own.items()
            ),
        )
        for name, own in told.chosen.items()
        if own
    )
    return (
        ("class order", f"{order}; the positive class is {contract.positive}, P({contract.positive}) is the score"),
        ("method", f"{method.name}{', the baseline' if method.baseline else ''}, after {method.after}"),
        ("theirs", method.theirs),
        ("ours", method.ours),
        *(network if method.takes_network else ()),
        *([("pooled", contract.pooled_words)] if contract.feature_layer else []),
        *((f"chosen by inner folds, {name}", words) for name, words in chosen),
    )


def fused_rows(model: ClinicalModel, positive: str) -> tuple[Row, ...]:
    """The fused score of a run with clinical columns: what it is made of, its decision and its figures."""
    figures = (
        (
            f"{wording.metric(each.name)}, {each.part}",
            f"{each.value:.3f} ({each.low:.3f} to {each.high:.3f}), n = {each.n}",
        )
        for each in model.metrics
    )
    return (*clinical_rows(model, positive), *figures)


def decision_rows(run: RunFiles) -> tuple[Row, ...]:
    """From logits to an answer."""
    decision, heatmap = run.contract.decision, run.contract.heatmap
    return (
        ("threshold on the score", f"{decision.threshold:.6g}"),
        *([("asked for", decision.asked)] if decision.asked else []),
        ("its rule", decision.rule),
        ("temperature", _temperature_words(decision.temperature)),
        *zone_rows(decision.zone, decision.zone_words, decision.threshold, run.contract.positive),
        ("a patient's score", "from the mean log-odds of the patient's scans"),
        ("heat map, full colour", f"{heatmap.full_scale:.3g} logit units"),
        ("activated region", f"beyond {heatmap.region_threshold:.3g} logit units"),
        (
            "training prevalence",
            f"{run.contract.labelling.prevalence:.1%} {run.contract.positive}, of all of them, so no interval; "
            f"labelled by {run.contract.labelling.reference}",
        ),
    )


def _temperature_words(temperature: float) -> str:
    end = temperature_at_end(temperature)
    words = f"{temperature:.4g}; the score is the softmax of logits / temperature"
    return f"{words}. It is {end}" if end else words


def search_rows(search: SearchRecord | None) -> tuple[Row, ...]:
    """What was tried, and what each training took of it; nothing without a search."""
    if search is None:
        return ()
    found = ((one.training, _words(one.choice)) for one in search.found)
    return (("trials", str(search.trials)), *found, *search.sentences)


def chosen_words(record: RunRecord) -> str:
    """After the name of the part that is not the test part: what its scores chose."""
    search = record.search
    if record.method is not None:
        return ": chose temperature and threshold, so these figures are not independent of it"
    if search and search.deciding:
        return (
            ": nested, by heads that were found without the patients whom they judge. Temperature and threshold were "
            "chosen on the same patients, by the scores of other networks"
        )
    heads = "head, rates, " if search and search.by_one_part else ""
    return f": chose {heads}epoch, temperature and threshold, so these figures are not independent of it"


def _words(choice: HeadChoice) -> str:
    head, loss = choice.head, wording.NONE if choice.loss is None else f"{choice.loss:.4g}"
    return (
        f"units {head.units}; dropout {head.dropout:.4g}; activation {head.activation}; "
        f"lr exponent {choice.lr_exponent:.4g}; trials {choice.trials}; loss {loss}"
    )


def time_rows(record: RunRecord) -> tuple[tuple[str, float], ...]:
    """Seconds of each step that was taken, and of what lies between the steps."""
    taken = {name: seconds for name, seconds in record.seconds_by_step.items() if seconds >= SHOWN_SECONDS}
    if not record.settings.trials:
        taken.pop("search", None)
    rest = record.seconds - sum(taken.values())
    steps = tuple((wording.STEPS.get(name, name), seconds) for name, seconds in taken.items())
    return (*steps, ("reading and all else", rest)) if rest >= SHOWN_SECONDS else steps


def optimism_rows(gap: Optimism | None) -> tuple[Row, ...]:
    """Figures of both choices, their difference with its interval, and what the interval is about."""
    if gap is None:
        return ()
    pairs = (("accuracy", gap.accuracy, gap.accuracy_chosen_on_test, gap.accuracy_gap),
             ("auc", gap.auc, gap.auc_chosen_on_test, gap.auc_gap))  # fmt: skip
    return (
        *(_epoch_rows(gap.epochs) if gap.epochs else ()),
        *((f"{name}{how}", f"{value:.4g}") for name, own, other, _ in pairs
          for how, value in (("", own), (" chosen on test", other))),
        *((f"optimism gap, {name}", _gap_words(other - own, found)) for name, own, other, found in pairs),
        ("about these gaps", gap.about),
    )  # fmt: skip


def _epoch_rows(epochs: ChosenEpochs) -> tuple[Row, ...]:
    own, other = (", then ".join(map(str, taken)) for taken in (epochs.own, epochs.on_test))
    return (
        ("epoch of each stage, of this run", own),
        ("epoch of each stage, chosen on test", f"{other}; from {epochs.candidates} candidates of the same training"),
    )


def _gap_words(gap: float, found: Gap | None) -> str:
    if found is None:
        return wording.signed(gap)
    if found.method == SAME_EPOCH:
        return f"0; {SAME_EPOCH}"
    low, high = wording.signed(found.low), wording.signed(found.high)
    return f"{wording.signed(found.value)}, 95 % {low} to {high}; {found.method}"


def opened_brief(openings: Openings | None) -> str:
    """How often the test part was looked at before, in a few words."""
    return "openings not counted" if openings is None else openings.brief


def hash_rows(run: RunFiles) -> tuple[Row, ...]:
    """What the run was made from, and what came out."""
    return (
        ("data, sha256", run.contract.data_sha256),
        ("split, sha256", run.partition.sha256),
        ("first weights", run.contract.weights),
        ("model.keras, sha256", run.model_sha256 or "model.keras is not in this folder"),
    )


def version_rows(run: RunFiles) -> tuple[Row, ...]:
    """When, with what and from which seeds."""
    contract = run.contract
    return (
        ("made", contract.created),
        ("contract", f"version {contract.version}, origin {contract.origin}"),
        *sorted(contract.versions.items()),
        ("trained on", str(run.record.device or "not recorded")),
        ("seed of the run", str(run.record.settings.seed)),
        ("seed of the split", str(run.partition.seed)),
    )
