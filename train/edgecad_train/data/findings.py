"""What a person should know of the data before believing what is learnt from them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence

from edgecad.contract import Input
from edgecad_train.classes import CLASSES
from edgecad_train.data.colours import ColourTables, colour_tables, tables_read
from edgecad_train.data.duplicates import NearDuplicate, across_parts, near_duplicates
from edgecad_train.data.labelled import DataFinding
from edgecad_train.data.leaks import association_with_label
from edgecad_train.data.orientation import CLASS, DataOrientation, orientation_in
from edgecad_train.data.prepared import DUPLICATE, PreparedData

RARE = 0.05
"""Share of the scans below which a colour table is rare."""
SURE = 0.8
"""A test part is small if even a faultless class could not be shown to be above this share."""
ACROSS_PARTS = "near-duplicate-across-parts"
NAMED = 10
"""Most files that a finding names."""


def findings_about(data: PreparedData, part_of: Mapping[str, str]) -> tuple[DataFinding, ...]:
    """Look for duplicates, for colour tables, and for what goes together with the label.

    Args:
        part_of: part of each patient, for example `train`, `fold 2`, `test`; may be empty.
    """
    tables = tables_of(data)
    return describe(data, part_of, pairs_of(data), tables, orientation_of_data(data, tables))


def findings_of_splits(data: PreparedData, splits: Mapping[str, Mapping[str, str]]) -> tuple[DataFinding, ...]:
    """What is true of the scans; then what only a split makes of them, each sentence once.

    Args:
        splits: name of each split, `seed 0`, ... -> part of each patient.
    """
    pairs, tables = pairs_of(data), tables_of(data)
    found = list(describe(data, {}, pairs, tables, orientation_of_data(data, tables)))
    for name, part_of in splits.items():
        apart = len(across_parts(pairs, part_of))
        if apart:
            text = (
                f"{name}: {apart} {'pair' if apart == 1 else 'pairs'} of patients who look the same lie in two parts "
                "of the split, so that one may be learnt from and the other judged by"
            )
            found.append(DataFinding(code=ACROSS_PARTS, text=text))
        found += _small_test(data, part_of)
    return tuple(dict.fromkeys(found))  # splits by seeds have test parts of one size


def pairs_of(data: PreparedData) -> tuple[NearDuplicate, ...]:
    """Pairs of prepared data that look the same."""
    return near_duplicates(data.images, data.cases, data.preparation.crop)


def tables_of(data: PreparedData) -> ColourTables:
    """Colour tables of prepared data: those through which uptake was read, or groups of scans by their colours."""
    if data.preparation.input == "uptake":
        return tables_read(data.readings)
    return colour_tables(data.images, data.preparation.crop)


def orientation_of_data(data: PreparedData, tables: ColourTables) -> DataOrientation:
    """How the scans lie: all of them, and those of each label, kind of file, size of screen and colour table."""
    return orientation_in(data, {**_of_files(data, tables), CLASS: tuple(case.label for case in data.cases)})


def describe(
    data: PreparedData,
    part_of: Mapping[str, str],
    pairs: Sequence[NearDuplicate],
    tables: ColourTables,
    orientation: DataOrientation,
) -> tuple[DataFinding, ...]:
    """Put into words what was found; see `findings_about`."""
    return (
        *_duplicates(data),
        *_near(pairs, part_of),
        *_small_test(data, part_of),
        *_rare_tables(data, tables),
        *_readings(data),
        *(DataFinding(code=code, text=text, files=files) for code, text, files in orientation.warnings),
        *_leaks(data, tables),
    )


def _duplicates(data: PreparedData) -> Iterator[DataFinding]:
    for clash in data.clashes:
        yield DataFinding(code="clash", text=str(clash), files=(clash.first.path.name, clash.second.path.name))
    again = [entry.path.name for entry in data.refused if entry.reason == DUPLICATE]
    if again:
        text = f"{_scans(len(again))} left out because the patient's same picture is there already"
        yield DataFinding(code="duplicates", text=text, files=tuple(again[:NAMED]))


def _near(pairs: Sequence[NearDuplicate], part_of: Mapping[str, str]) -> Iterator[DataFinding]:
    parted = set(across_parts(pairs, part_of))
    for pair in pairs[:NAMED]:
        two_labels = pair.first.label != pair.second.label
        code = "one-image-two-labels" if two_labels else "near-duplicate"
        where = ""
        if pair in parted:
            code = code if two_labels else ACROSS_PARTS
            where = f", and their patients are in {part_of[pair.first.patient]} and {part_of[pair.second.patient]}"
        text = f"{pair}{where}; see whether they are one patient, and correct the data"
        yield DataFinding(code=code, text=text, files=(pair.first.path.name, pair.second.path.name))
    if len(pairs) > NAMED:
        yield DataFinding(code="near-duplicates", text=f"{len(pairs)} pairs look the same, {NAMED} of them are named")


def _small_test(data: PreparedData, part_of: Mapping[str, str]) -> Iterator[DataFinding]:
    """Whether the smaller class has too few test patients: Clopper-Pearson's lower bound of n of n is 0.025^(1/n)."""
    tested = {case.patient: case.label for case in data.cases if part_of.get(case.patient) == "test"}
    counts = {name: list(tested.values()).count(name) for name in CLASSES}
    fewest = min(counts, key=lambda name: counts[name])
    if tested and 0.025 ** (1 / max(counts[fewest], 1)) < SURE:
        low = 0.025 ** (1 / counts[fewest]) if counts[fewest] else 0.0
        text = (
            f"the test part is small, {' and '.join(f'{count} {name}' for name, count in counts.items())}: with all "
            f"{fewest} right, the 95 % interval would still begin at {low:.0%}; the figures will tell little"
        )
        yield DataFinding(code="small-test-part", text=text)


def _rare_tables(data: PreparedData, tables: ColourTables) -> Iterator[DataFinding]:
    means = (
        "uptake is read from it as from the others; see that it is the right table"
        if data.preparation.input == "uptake"
        else "the model will hardly know it"
    )
    for table in range(tables.count):
        rows = tables.rows(table)
        if len(rows) < RARE * len(data.cases):
            names = tuple(data.cases[row].path.name for row in rows[:NAMED])
            text = (
                f"colour {'table ' if tables.names else ''}{tables.words(table)} has {_scans(len(rows))} of "
                f"{len(data.cases)}, for example {names[0]}: {means}"
            )
            yield DataFinding(code="rare-colour-table", text=text, files=names)
    if (tables.group < 0).any():
        text = f"the scans share no colour tables: more than {tables.count} were found"
        yield DataFinding(code="no-colour-tables", text=text)


def _readings(data: PreparedData) -> Iterator[DataFinding]:
    """What to know of uptake that was read from colours."""
    stepped = {case.path.name: one.steps for case, one in zip(data.cases, data.readings, strict=False) if one.steps}
    if stepped:
        fewest = min(stepped.values())
        text = (
            f"{_scans(len(stepped))} of {len(data.cases)} in colour steps, the fewest {fewest}: uptake is known there "
            f"within {50 / fewest:.1g} % of the table's span; export them in a continuous table if you can"
        )
        yield DataFinding(code="steps", text=text, files=tuple(stepped)[:NAMED])
    if data.ambiguous:
        names = tuple(path.name for path in data.ambiguous[:NAMED])
        text = (
            f"{_scans(len(data.ambiguous))} of {len(data.cases)} would be explained by another known table as well, "
            f"for example {names[0]}, and the other scans told which it is. One scan alone does not tell: at the "
            "scanner name the table with --table or in the site's file, or such a scan is refused unless its bar says "
            "which"
        )
        yield DataFinding(code="ambiguous-colour-table", text=text, files=names)


def _of_files(data: PreparedData, tables: ColourTables) -> dict[str, Sequence[Hashable]]:
    """What each scan's file has in common with others."""
    return {
        "colour table": tuple(int(table) for table in tables.group),
        "kind of file": tuple(screen.kind for screen in data.screens),
        "size of screen": tuple((screen.width, screen.height) for screen in data.screens),
    }


def _leaks(data: PreparedData, tables: ColourTables) -> Iterator[DataFinding]:
    properties = _of_files(data, tables)
    if data.readings:
        properties["number of colour steps"] = tuple(reading.steps for reading in data.readings)
    for name, values in properties.items():
        found = association_with_label(values, data.cases)
        if found.leaks:
            text = (
                f"the {name} goes together with the label (Cramer's V {found.strength:.2f}, p {found.chance:.1g}): "
                f"{_means(name, data.preparation.input)}"
            )
            yield DataFinding(code=f"leak-{name.replace(' ', '-')}", text=text)


def _means(name: str, seen: Input) -> str:
    """What a leak may do, and the remedy."""
    if name == "colour table" and seen == "uptake":
        return (
            "the network sees uptake and not the colours, so it cannot learn the table; whatever else came with it, as "
            "another workstation, it may learn in place of the map: see what else differs between the classes"
        )
    remedy = {
        "colour table": "export all scans in one colour table",
        "number of colour steps": "export all scans in one continuous colour table",
    }
    return f"a model may learn it in place of the map; {remedy.get(name, f'take scans of one {name}')}"


def _scans(count: int) -> str:
    return "1 scan" if count == 1 else f"{count} scans"
