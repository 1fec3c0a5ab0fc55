"""Clinical values as people give them: what is read, what is refused, and that no message holds one."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from msgspec.structs import replace

from edgecad.clinical.values import check_names, checked_values, values_from_words, with_values
from edgecad.clinical.words import TURNED, clinical_rows
from edgecad.contract import CategoryColumn
from edgecad.errors import InputRefused, UsageError

from .conftest import FUSED, GIVEN, about

PLAIN = {"age": 63.0, "sex": "F", "diabetes": False}
ALONE = replace(FUSED, missing="image-alone")


def test_words_of_the_command_line_are_columns_and_values() -> None:
    assert values_from_words(["age=63, sex = F", "diabetes="]) == {"age": "63", "sex": "F", "diabetes": ""}
    assert values_from_words(None) is None


@pytest.mark.parametrize("words", ["63", "=63", "age=63,F", "age=63,age=64", "age=63,5", ""])
def test_words_that_cannot_be_meant_are_refused_without_their_value(words: str) -> None:
    with pytest.raises(UsageError) as refused:
        values_from_words([words])
    assert "63" not in str(refused.value).replace("age=63,sex=F", "")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (GIVEN, {"age": 70.0, "sex": "M", "diabetes": True}),
        ({"age": "70,5", "sex": " m ", "diabetes": "No"}, {"age": 70.5, "sex": "M", "diabetes": False}),
        ({"age": 85, "sex": "f", "diabetes": 1}, {"age": 85.0, "sex": "F", "diabetes": True}),
        ({"age": "40.0", "sex": '="F"', "diabetes": "y"}, {"age": 40.0, "sex": "F", "diabetes": True}),
        ({"age": np.int64(63), "sex": np.str_("F"), "diabetes": np.bool_(False)}, PLAIN),
        ({"age": Decimal("63"), "sex": "F", "diabetes": np.float32(0)}, PLAIN),
    ],
)
def test_values_are_read_as_their_columns_have_them(given: dict[str, object], wanted: dict[str, object]) -> None:
    found = checked_values(FUSED, given)  # type: ignore[arg-type]
    assert (found.usable, found.lacking) == (wanted, ())
    assert {name: type(value) for name, value in found.usable.items()} == {k: type(v) for k, v in wanted.items()}


@pytest.mark.parametrize(
    ("names", "given", "wanted"),
    [
        (("female", "male"), "M", "male"),
        (("female", "male"), " f ", "female"),
        (("W", "M"), "female", "W"),
        (("Men", "Women", "Other"), "m", "Men"),
        (("Men", "Women", "Other"), "O", "Other"),
        (("m", "man", "woman"), "male", None),  # two of them are men: nobody knows which is meant
        (("L", "M", "S"), "male", None),  # sizes
        (("female", "male"), "D", None),
    ],
)
def test_a_sex_may_be_said_in_other_words_where_categories_are_sexes(
    names: tuple[str, ...], given: str, wanted: str | None
) -> None:
    column = FUSED.columns[1]
    assert isinstance(column, CategoryColumn)
    categories = tuple(replace(column.categories[0], name=name) for name in names)
    model = replace(FUSED, columns=(FUSED.columns[0], replace(column, categories=categories), FUSED.columns[2]))
    if wanted is None:
        with pytest.raises(InputRefused, match=f"sex cannot be meant; wanted: one of {', '.join(names)}"):
            checked_values(model, {**GIVEN, "sex": given})
    else:
        assert checked_values(model, {**GIVEN, "sex": given}).usable["sex"] == wanted


MISSING = [{}, {"age": None}, {"age": ""}, {"age": "n/a"}, {"age": math.nan}, {"age": np.float32("nan")}]
OUT_OF_RANGE = [{"age": 39.9}, {"age": 85.1}, {"age": -4}, {"age": 1e6}]


@pytest.mark.parametrize("changed", [*MISSING, *OUT_OF_RANGE])
def test_what_is_missing_or_out_of_range_is_refused_or_leaves_the_image_alone(changed: dict[str, object]) -> None:
    given = {name: value for name, value in {**GIVEN, **changed}.items() if changed or name != "age"}
    with pytest.raises(InputRefused, match=r"age is .*40 to 85, as in training") as refused:
        checked_values(FUSED, given)  # type: ignore[arg-type]
    assert refused.value.reason == "clinical"
    found = checked_values(ALONE, given)  # type: ignore[arg-type]
    assert found.usable == {}
    assert len(found.lacking) == 1


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"sex": "D"}, "one of F, M"),
        ({"sex": True}, "one of F, M"),
        ({"age": "old"}, "40 to 85"),
        ({"age": True}, "40 to 85"),
        ({"age": math.inf}, "40 to 85"),
        ({"age": 10**400}, "40 to 85"),
        ({"age": b"63"}, "40 to 85"),
        ({"age": [63]}, "40 to 85"),
        ({"diabetes": date(2026, 1, 1)}, "yes or no"),
        ({"diabetes": "perhaps"}, "yes or no"),
        ({"diabetes": 2}, "yes or no"),
    ],
)
def test_an_unknown_category_and_a_value_of_another_kind_are_refused_by_every_model(
    changed: dict[str, object], wanted: str
) -> None:
    for model in (FUSED, ALONE):
        with pytest.raises(InputRefused, match=wanted) as refused:
            checked_values(model, {**GIVEN, **changed})  # type: ignore[dict-item]
        (value,) = changed.values()
        assert f" {value}" not in str(refused.value)


def test_a_column_that_the_model_has_not_is_the_callers_mistake() -> None:
    with pytest.raises(UsageError, match=r"no clinical column agee \(did you mean age\?\); it has age, sex, diabetes"):
        checked_values(FUSED, {**GIVEN, "agee": 3})
    with pytest.raises(UsageError, match="judges the image alone"):
        check_names(None, {"age": 3})
    for words in ("age=63", [("age", 63)], {1: 63}, {"age"}):
        with pytest.raises(UsageError, match="clinical values are a mapping"):
            checked_values(FUSED, words)  # type: ignore[arg-type]


def test_many_scans_have_a_mapping_each() -> None:
    assert list(with_values(["a", "b"], [GIVEN, None])) == [("a", GIVEN), ("b", None)]
    for scans, values in ((["a", "b"], [GIVEN]), (["a"], [GIVEN, GIVEN])):
        with pytest.raises(UsageError, match="not as many"):
            list(with_values(scans, values))
    with pytest.raises(UsageError, match="of one scan were given for many"):
        list(with_values(["a", "b", "c"], GIVEN))


def test_an_image_that_counts_the_wrong_way_round_is_told() -> None:
    turned = replace(FUSED, image=replace(FUSED.image, coefficient=about(-0.7)))
    assert TURNED in dict(clinical_rows(turned, "CAD"))["image"]
    assert TURNED not in dict(clinical_rows(FUSED, "CAD"))["image"]
