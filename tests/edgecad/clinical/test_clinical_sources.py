"""Where values come from: the caller, a table beside the scans, and the DICOM object itself where a site says so."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from edgecad.clinical.dicom import years_of
from edgecad.clinical.sources import ClinicalSources, clinical_sources
from edgecad.clinical.table import ClinicalTable
from edgecad.contract import CategoryColumn, ClinicalModel
from edgecad.errors import InputRefused, NotAvailable, UsageError
from edgecad.site import Site, site_from_bytes

from .conftest import FUSED

DICOM = b'[clinical]\ndicom = {age = "PatientAge", sex = "PatientSex"}\n'


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def site(content: bytes = DICOM) -> Site:
    return site_from_bytes(Path("site.toml"), content)


def values(sources: ClinicalSources, path: str = "", identity: str | None = None, given: Any = None) -> Any:
    found = sources.values(sources.keys_of(path), identity, given)
    return found.values if found.against is None else found.against


TABLE = "scan,age,sex,diabetes,name\na/001.dcm,71,M,yes,Quux\n002,58,F,no,Frob\n,50,F,no,none\n"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("path", ["001.dcm", "in/here/001.dcm", "002.jpg", "002"])
def test_a_row_is_found_by_the_files_name_with_its_ending_or_without(tmp_path: Path, path: str, separator: str) -> None:
    sources = clinical_sources(FUSED, None, None, written(tmp_path / "t.csv", TABLE.replace(",", separator)))
    wanted = ("71", "M", "yes") if "001" in path else ("58", "F", "no")
    assert values(sources, path) == dict(zip(FUSED.names, wanted, strict=True))


def test_a_row_is_found_by_the_id_and_a_scan_without_one_has_no_values(tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", "ID,AGE,Sex,diabetes\nA7,71,M,yes\n")
    sources = clinical_sources(FUSED, None, None, table)
    assert sources.keys_of("A7.dcm") == ()  # no name is looked at
    assert values(sources, "x.dcm", "A7") == {"age": "71", "sex": "M", "diabetes": "yes"}
    assert values(sources, "x.dcm", "A8") == values(sources, "A7.dcm") == {}


def test_what_was_given_for_the_scan_comes_before_the_table(tmp_path: Path) -> None:
    sources = clinical_sources(FUSED, None, {"age": 66}, written(tmp_path / "t.csv", TABLE))
    assert values(sources, "001.dcm") == {"age": 66, "sex": "M", "diabetes": "yes"}


def test_rows_of_one_scan_that_differ_are_no_values_and_equal_ones_are(tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", f"{TABLE}001.dcm,72,M,yes,\n002,58,F,no,other name\n")
    sources = clinical_sources(FUSED, None, None, table)
    assert "differ" in values(sources, "001.dcm")
    assert values(sources, "002.dcm")["age"] == "58"
    with pytest.raises(InputRefused, match="differ"):
        sources.values(sources.keys_of("001.dcm"), None, None).demanded()


def test_a_table_is_read_again_when_it_changes_and_an_unreadable_one_leaves_the_last_rows(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", TABLE)
    sources = clinical_sources(FUSED, None, None, path)
    other = written(tmp_path / "new.csv", TABLE.replace("71", "72"))
    other.replace(path)
    assert values(sources, "001.dcm")["age"] == "72"
    written(path, "scan,age\n")
    assert values(sources, "001.dcm")["age"] == "72"
    path.unlink()
    assert values(sources, "001.dcm")["age"] == "72"


def test_a_scan_without_a_row_is_told_that_the_table_cannot_be_read(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", TABLE)
    sources = clinical_sources(FUSED, None, None, path)
    written(path, "scan,age\n003,70\n")
    assert "cannot be read now" in values(sources, "003.dcm")
    assert values(sources, "001.dcm")["age"] == "71"
    told = clinical_sources(FUSED, None, {"age": 70, "sex": "F", "diabetes": "no"}, written(path, TABLE))
    path.unlink()
    assert values(told, "003.dcm")["age"] == 70  # the table is not needed
    written(path, TABLE.replace("002", "003"))
    assert values(sources, "003.dcm")["age"] == "58"


def test_a_last_line_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", TABLE)
    sources = clinical_sources(FUSED, None, None, path)
    half = f"{TABLE}003,64.5,M,yes"
    written(path, half[: half.index("4.5")])  # an age of 6, to whoever reads it now
    assert values(sources, "003.dcm") == {}
    long_ago = time.time() - 60
    os.utime(written(path, half), (long_ago, long_ago))
    assert values(sources, "003.dcm")["age"] == "64.5"


@pytest.mark.parametrize(
    "text",
    ["sep=|\n{}", "\n\n{}", "\ufeff{}", '{}"003.dcm"|"=""66"""|M|yes|Quux\n'],
    ids=["sep", "empty", "mark", "cells"],
)
def test_a_table_is_read_as_spreadsheets_write_it(tmp_path: Path, text: str) -> None:
    table = written(tmp_path / "t.csv", text.format(TABLE.replace(",", "|")))
    sources = clinical_sources(FUSED, None, None, table)
    assert values(sources, "001.dcm") == {"age": "71", "sex": "M", "diabetes": "yes"}
    assert '"' not in str(values(sources, "003.dcm"))


def test_a_row_whose_cells_were_shifted_by_a_comma_has_no_values(tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", f"{TABLE}003,66,5,M,yes,Quux\n")
    assert "more cells than" in values(clinical_sources(FUSED, None, None, table), "003.dcm")
    blank = "scan,diabetes,sex,age,\n003,no,M,66,\n004,no,M,66,5\n"  # a last column that has no name
    sources = clinical_sources(FUSED, None, None, written(tmp_path / "blank.csv", blank))
    assert values(sources, "003.dcm")["age"] == "66"
    assert "more cells than" in values(sources, "004.dcm")


def test_rows_that_differ_by_name_and_by_id_are_no_values(tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", "scan,id,age,sex,diabetes\n001,,71,M,yes\n,A7,58,F,no\n,A8,71,M,yes\n")
    sources = clinical_sources(FUSED, None, None, table)
    assert "differ" in values(sources, "001.dcm", "A7")
    assert values(sources, "001.dcm", "A8")["age"] == "71"


def test_a_row_that_names_another_id_than_the_scan_has_no_values(tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", "scan,id,age,sex,diabetes\n001.dcm,A7,71,M,yes\n002.dcm,,58,F,no\n")
    sources = clinical_sources(FUSED, None, None, table)
    assert "another id" in values(sources, "001.dcm", "A8")
    assert values(sources, "001.dcm", "A7") == values(sources, "001.dcm") == values(sources, "x.dcm", "A7")
    assert values(sources, "002.dcm", "A8")["age"] == "58"  # it names none


@pytest.mark.parametrize("row", ["p1/001.dcm,71,M,yes", "001,71,M,yes"])
def test_a_name_that_scans_in_several_folders_have_finds_no_row(tmp_path: Path, row: str) -> None:
    table = written(tmp_path / "t.csv", f"scan,id,age,sex,diabetes\n{row.replace(',', ',,', 1)}\n,A7,58,F,no\n")
    both = ("in/p1/001.dcm", "in/p2/001.dcm", "in/p2/002.dcm", "in/p2/../p2/002.dcm")
    sources = clinical_sources(FUSED, None, None, table, both)
    assert "several folders" in values(sources, both[0])
    assert "several folders" in values(sources, both[1])
    assert values(sources, both[1], "A7")["age"] == "58"
    assert values(sources, both[2]) == {}
    assert values(clinical_sources(FUSED, None, None, table, both[:1]), both[0])["age"] == "71"


def test_rows_that_a_table_being_written_has_not_yet_are_the_last_ones(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", TABLE)
    sources = clinical_sources(FUSED, None, None, path)
    new = TABLE.splitlines(keepends=True)[0] + "003,64,M,yes,\n"
    written(path, new)
    assert [values(sources, name)["age"] for name in ("001.dcm", "003.dcm")] == ["71", "64"]
    written(path, new.replace("64", "65"))
    assert [values(sources, name)["age"] for name in ("001.dcm", "003.dcm")] == ["71", "65"]
    long_ago = time.time() - 60
    os.utime(path, (long_ago, long_ago))
    assert values(sources, "001.dcm") == {}
    assert values(sources, "003.dcm")["age"] == "65"


def test_no_name_of_a_file_is_kept_as_it_is(tmp_path: Path) -> None:
    table = ClinicalTable(written(tmp_path / "t.csv", TABLE), FUSED.names)
    # Not of all of it: the file's time and number may hold any digits.
    assert table._rows.found
    assert "001" not in repr(table._rows.found)
    assert "Quux" not in repr(table._rows)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no column"),
        ("scan,age,sex\n", "no column diabetes"),
        ("age,sex,diabetes\n", "no column scan or id"),
        ("scan,age,sex,diabetes,AGE\n", "column age twice"),
        ('scan,age,sex,diabetes\n"1,2\n', "no CSV"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused_at_the_start(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        clinical_sources(FUSED, None, None, written(tmp_path / "t.csv", text))


def test_other_wrong_tables_are_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        clinical_sources(FUSED, None, None, tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes("scan,age,sex,diabetes\nü".encode("latin-1"))
    with pytest.raises(UsageError, match="UTF-8"):
        clinical_sources(FUSED, None, None, tmp_path / "latin.csv")
    with pytest.raises(UsageError, match="judges the image alone"):
        clinical_sources(None, None, None, written(tmp_path / "t.csv", TABLE))
    with pytest.raises(UsageError, match="no clinical column height"):
        clinical_sources(FUSED, None, {"height": 3})


@pytest.fixture
def dataset() -> Any:
    pydicom = pytest.importorskip("pydicom", reason="attributes are read by pydicom: edgecad[dicom]")
    found = pydicom.Dataset()
    found.PatientAge, found.PatientSex = "071Y", "M"
    return found


def test_a_dicom_object_says_age_and_sex_only_where_the_site_says_so(dataset: Any) -> None:
    assert values(clinical_sources(FUSED, None), given=dataset) == {}
    assert values(clinical_sources(FUSED, site(b"")), given=dataset) == {}
    assert values(clinical_sources(FUSED, site()), given=dataset) == {"age": 71.0, "sex": "M"}
    assert values(clinical_sources(FUSED, site()), given=b"no dicom") == {}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("age", "sex"), [("", ""), ("71", ["M", "F"]), (None, None)])
def test_what_an_object_does_not_say_is_missing(dataset: Any, age: str | None, sex: str | list[str] | None) -> None:
    dataset.PatientAge, dataset.PatientSex = age, sex
    assert values(clinical_sources(FUSED, site()), given=dataset) == {}


@pytest.mark.parametrize(
    ("given", "agrees"),
    [({"age": 71}, True), ({"age": "72"}, True), ({"age": 73}, False), ({"sex": "m"}, True), ({"sex": "F"}, False)],
)
def test_values_of_another_patient_than_the_object_names_are_found(
    dataset: Any, given: dict[str, Any], agrees: bool
) -> None:
    found = clinical_sources(FUSED, site(), given).values((), None, dataset)
    assert (found.against is None) is agrees
    if not agrees:
        (name, value), = given.items()  # fmt: skip
        assert found.against is not None
        assert found.against.startswith(f"{name}: the DICOM object says otherwise")
        assert str(value) not in found.against.replace("DICOM", "")


@pytest.mark.parametrize(
    ("text", "years"),
    [("063Y", 63.0), ("018M", 1.5), ("052W", 52 * 7 / 365.25), ("010D", 10 / 365.25), ("63", None), ("06.3Y", None)],
)
def test_an_age_string_is_in_years(text: str, years: float | None) -> None:
    assert years_of(text) == pytest.approx(years)


def test_a_cell_that_stands_for_nothing_leaves_the_word_to_the_object(dataset: Any, tmp_path: Path) -> None:
    table = written(tmp_path / "t.csv", "id,age,sex,diabetes\nA7,NA,-,yes\n")
    sources = clinical_sources(FUSED, site(), {"sex": ""}, table)
    assert values(sources, identity="A7", given=dataset) == {"age": 71.0, "sex": "M", "diabetes": "yes"}


def test_another_age_is_found_also_where_the_models_range_has_no_such_age(dataset: Any) -> None:
    dataset.PatientAge = "093Y"
    assert "says otherwise" in values(clinical_sources(FUSED, site(), {"age": 71}), given=dataset)


def test_a_site_that_means_a_column_otherwise_than_the_model_is_refused(dataset: Any) -> None:
    del dataset
    wrong = site(b'[clinical]\ndicom = {age = "PatientSex"}\n')
    with pytest.raises(UsageError, match=r"age from PatientSex \(\[clinical\]\), and in the model age is no category"):
        clinical_sources(FUSED, wrong)
    with pytest.raises(UsageError, match="PatientName"):
        site(b'[clinical]\ndicom = {age = "PatientName"}\n')


def test_a_column_of_the_sites_file_that_the_model_has_not_is_refused(dataset: Any) -> None:
    """Else a slip of the pen would leave every age unread."""
    del dataset
    slip = site(b'[clinical]\ndicom = {agee = "PatientAge", sex = "PatientSex"}\n')
    with pytest.raises(UsageError, match=r"has no clinical column agee.*did you mean age.*; it has age, sex, diabetes"):
        clinical_sources(FUSED, slip)
    with pytest.raises(UsageError, match=r"age from PatientAge .*, and this model judges the image alone; take"):
        clinical_sources(None, site())
    assert not clinical_sources(None, site(b"[clinical]\nvalues = true\n")).dicom


def test_a_code_of_sex_is_the_models_own_word_and_an_unknown_one_is_refused_later(dataset: Any) -> None:
    from msgspec.structs import replace

    names = {"F": "female", "M": "male"}
    words = tuple(
        replace(column, categories=tuple(replace(each, name=names[each.name]) for each in column.categories))
        if isinstance(column, CategoryColumn)
        else column
        for column in FUSED.columns
    )  # fmt: skip
    model: ClinicalModel = replace(FUSED, columns=words)
    assert values(clinical_sources(model, site()), given=dataset)["sex"] == "male"
    dataset.PatientSex = "O"
    assert values(clinical_sources(model, site()), given=dataset)["sex"] == "O"


def test_pydicom_is_asked_for_only_where_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgecad.images.dicom import attributes

    def absent(*_: object, **__: object) -> None:
        raise NotAvailable("pydicom is not installed")

    monkeypatch.setattr(attributes, "require", absent)
    attributes.attribute_of.cache_clear()
    clinical_sources(FUSED, site(b""))
    with pytest.raises(NotAvailable):
        clinical_sources(FUSED, site())
    attributes.attribute_of.cache_clear()
