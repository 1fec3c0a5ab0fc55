"""What `edgecad inspect` prints: groups for a terminal of 80 columns, or one JSON object."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

import msgspec

from edgecad.answer.familiarity import words_about
from edgecad.answer.findings import doubts_about
from edgecad.answer.prediction import Finding, stamp_of
from edgecad.cli.table import table_lines
from edgecad.clinical.words import clinical_rows
from edgecad.contract import Contract, Drawing, Metric, Preparation, network_digest
from edgecad.decision.zone_words import zone_rows
from edgecad.runners.profile import GraphAsRun, NodeGroup, Tensor
from edgecad.verification.inspection import Inspection

SCHEMA = 1
COLUMNS = 80
LABEL = 14
"""Width of the labels on the left, with a blank behind; a longer one has a line of its own."""


def json_of(found: Inspection) -> str:
    """One JSON object with everything, the contract whole."""
    record = {
        "schema": SCHEMA,
        "stamp": stamp_of(found.contract.origin),
        "file": found.path.name,
        "size_bytes": found.size_bytes,
        "model": found.model_sha256,
        "contract_sha256": found.contract_sha256,
        "network": network_digest(found.contract),
        "contract": found.contract,
        "doubts": [{"code": doubt.code, "value": doubt.value, "text": doubt.text} for doubt in _doubts(found)],
        "device": found.facts.device,
        "provider": found.facts.provider,
        "threads": found.facts.threads,
        "inputs": found.graph.inputs,
        "outputs": found.graph.outputs,
        "nodes": found.graph.nodes,
        "files": found.files,
        "sums": found.has_sums,
        "signature": found.has_signature,
        "remarks": found.remarks,
    }
    return msgspec.json.encode(record).decode()


def lines_of(found: Inspection) -> Iterator[str]:
    """Lines for people."""
    contract = found.contract
    yield stamp_of(contract.origin)
    for doubt in _doubts(found):
        yield from textwrap.wrap(f"warning: {doubt.text}", COLUMNS, subsequent_indent="  ")
    for remark in found.remarks:
        yield from textwrap.wrap(f"warning: {remark}", COLUMNS, subsequent_indent="  ")
    yield from _group("model", _model(found))
    yield from _group("answer", _answer(contract))
    if contract.clinical is not None:
        yield from _group("clinical columns", clinical_rows(contract.clinical, contract.positive))
    yield from _group("input", (*_input(contract), *_familiarity(contract)))
    yield from _group("training", _training(contract))
    yield from _metrics(contract)
    yield from _graph(found)
    yield from _files(found)
    yield from _group("export", _export(contract))


def _doubts(found: Inspection) -> tuple[Finding, ...]:
    return doubts_about(found.contract.fused)


def _group(title: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f"{title}:"
    indent = " " * (LABEL + 2)
    for label, text in rows:
        first = f"  {label:{LABEL}s}"
        if len(label) >= LABEL:  # it would touch its text
            yield f"  {label}"
            first = indent
        yield from textwrap.wrap(text or "-", COLUMNS, initial_indent=first, subsequent_indent=indent) or [first]


def _model(found: Inspection) -> Iterator[tuple[str, str]]:
    contract = found.contract
    yield "name", f"{contract.name}, made {contract.created}"
    yield "network", f"{contract.backbone}; {'head' if contract.on_network else 'the method'} {contract.head}"
    grids = [tensor.shape[2:] for tensor in found.graph.outputs if tensor.name == "cam"]
    yield "pooled", "; heat map of ".join((contract.pooled_words, *(f"{h} x {w} cells" for h, w in grids)))
    for number, member in enumerate(contract.members, 1):
        pooled = f"{member.features} features, layer {member.feature_layer}, scaling {member.scaling}"
        yield f"member {number}", f"{member.name}: {member.backbone}; head {member.head}; {pooled}"
    if contract.on_network:
        yield "first weights", contract.weights
    yield "file", f"{found.path.name}, {contract.precision}, {found.size_bytes / 1e6:.2f} MB"
    yield "sha256", found.model_sha256
    yield "network", f"{network_digest(contract)} (the same in each precision)"
    yield "contract", f"version {contract.version}"
    yield "its sha256", found.contract_sha256


def _answer(contract: Contract) -> Iterator[tuple[str, str]]:
    decision, shown = contract.decision, contract.heatmap
    yield "classes", f"{', '.join(contract.classes)}; positive: {contract.positive}"
    yield "threshold", f"{decision.threshold:.6g} on P({contract.positive}); rule: {decision.rule}"
    yield "temperature", f"{decision.temperature:.6g}"
    yield from zone_rows(decision.zone, decision.zone_words, decision.threshold, contract.positive)
    yield "heat map", f"logit units: saturated at {shown.full_scale:.3g}, region beyond {shown.region_threshold:.3g}"
    yield "intended use", contract.intended_use


def _input(contract: Contract) -> Iterator[tuple[str, str]]:
    preparation = contract.preparation
    crop = {"polar-map": "the one polar map on the screen", "none": "the whole image, unchecked"}[preparation.crop]
    yield "picture", f"{crop}, as {preparation.size}x{preparation.size} {preparation.colour_order}"
    if preparation.region is not None:
        region = preparation.region
        yield "region", f"{region} of screens of {region.screen_width}x{region.screen_height} only"
    if preparation.map is not None:
        yield "map", f"{preparation.map}, counted from left to right, then down"
    if preparation.drawing is not None:
        yield from _uptake(preparation, preparation.drawing)
        yield "scaling", f"{contract.scaling}, inside the graph; preparation version {preparation.version}"
        return
    yield "overlay", f"text and lines may cover {preparation.max_overlay_share:.1%} of the disc"
    seen = sum(int(digit, 16).bit_count() for digit in contract.colours.bins)
    known = f"{seen} of 4096 colour cells were seen in training"
    yield "colours", known if contract.colours.recorded else "those of the training scans are not known"
    yield "scaling", f"{contract.scaling}, inside the graph; preparation version {preparation.version}"


def _familiarity(contract: Contract) -> Iterator[tuple[str, str]]:
    yield "familiarity", words_about(contract.familiarity)


def _uptake(preparation: Preparation, drawing: Drawing) -> Iterator[tuple[str, str]]:
    yield "uptake", f"drawn in {drawing.table}, blurred by {drawing.blur:g} of 256, {drawing.beyond} beyond the disc"
    names = ", ".join(table.name for table in preparation.tables)
    yield "tables", f"{names or 'none'}: colour tables of the training scans; others by --table, or the site's file"


def _training(contract: Contract) -> Iterator[tuple[str, str]]:
    yield "origin", contract.origin
    yield "labelled by", contract.labelling.reference
    prevalence = contract.labelling.prevalence
    yield "prevalence", "not known" if prevalence is None else f"{prevalence:.1%} {contract.positive}"
    yield "data sha256", contract.data_sha256
    yield "split sha256", contract.split_sha256


def _metrics(contract: Contract) -> Iterator[str]:
    if not contract.metrics:
        yield "figures: none were recorded"
        return
    phantom = "" if contract.origin == "patients" else "; PHANTOM data"
    yield f"figures, 95% intervals, n patients; agreement with readers{phantom}:"
    methods = list(dict.fromkeys(metric.method for metric in contract.metrics))
    rows = (
        _metric(metric, _letter(methods.index(metric.method)))
        for metric in sorted(contract.metrics, key=lambda metric: metric.part != "test")
    )
    yield from table_lines(("part", "figure", "value", "interval", "n", "method"), rows, "llrrrl")
    for index, method in enumerate(methods):
        yield from textwrap.wrap(f"  {_letter(index)}: {method}", COLUMNS, subsequent_indent="     ")


def _metric(metric: Metric, method: str) -> tuple[str, ...]:
    interval = f"{metric.low:.3f} to {metric.high:.3f}"
    return metric.part, metric.name, f"{metric.value:.3f}", interval, str(metric.n), method


def _letter(index: int) -> str:
    """a to z, then a1, b1, ..."""
    return f"{chr(ord('a') + index % 26)}{index // 26 or ''}"


def _graph(found: Inspection) -> Iterator[str]:
    graph: GraphAsRun = found.graph
    yield "graph:"
    tensors = (("in", tensor) for tensor in graph.inputs), (("out", tensor) for tensor in graph.outputs)
    yield from table_lines((), (_tensor(*each) for way in tensors for each in way), "llll")
    facts = found.facts
    threads = f", {facts.threads} threads" if facts.threads else ""
    yield f"nodes as they run here ({facts.device}, {facts.provider}{threads}):"
    yield from table_lines(
        ("operator", "type", "nodes", "time", ""), (_node(group, facts.provider) for group in graph.nodes), "llrrl"
    )


def _node(group: NodeGroup, provider: str) -> tuple[str, ...]:
    elsewhere = "" if group.provider == provider else group.provider
    return group.operator, group.type, str(group.count), f"{group.share:.1%}", elsewhere


def _tensor(way: str, tensor: Tensor) -> tuple[str, ...]:
    return way, tensor.name, tensor.type, f"({', '.join(map(str, tensor.shape))})"


def _files(found: Inspection) -> Iterator[str]:
    if not found.files:
        yield "folder: none; a lone file"
        return
    yield "folder:"
    rows = ((f"{entry.size_bytes:,}", f"{entry.sha256[:32]}...", entry.name) for entry in found.files)
    yield from table_lines((), rows, "rll")
    sums = "SHA256SUMS is there" if found.has_sums else "no SHA256SUMS"
    yield f"  {sums}; {'signed' if found.has_signature else 'not signed'}"


def _export(contract: Contract) -> Iterator[tuple[str, str]]:
    yield "golden", f"{len(contract.golden)} samples with recorded answers"
    yield "tolerances", ", ".join(f"{name} {value:g}" for name, value in contract.tolerances.items())
    yield "versions", ", ".join(f"{name} {value}" for name, value in contract.versions.items())
