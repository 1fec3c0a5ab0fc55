"""The contract says what of a screen is looked at, and stays readable where it says nothing of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from edgecad.contract import Contract, Preparation, Region, contract_from_json
from edgecad.errors import ModelInvalid
from edgecad.frozen import json_from_struct

REGION = Region(x=820, y=0, width=820, height=1068, screen_width=1640, screen_height=1068)


def with_region(contract: Contract, **changes: Any) -> str:
    data = json.loads(json_from_struct(replace(contract, preparation=Preparation(size=64, region=REGION))))
    data["preparation"]["region"].update(changes)
    return json.dumps(data)


@pytest.mark.parametrize("crop", ["polar-map", "none"])
@pytest.mark.parametrize("region", [None, REGION])
def test_crop_and_region_come_back_as_they_were(tiny_contract: Contract, crop: Any, region: Region | None) -> None:
    contract = replace(tiny_contract, preparation=Preparation(size=64, crop=crop, region=region))
    assert contract_from_json(json_from_struct(contract)) == contract


def test_a_contract_from_before_there_were_regions_is_read_as_before(tiny_contract: Contract) -> None:
    data = json.loads(json_from_struct(tiny_contract))
    del data["preparation"]["region"]
    assert contract_from_json(json.dumps(data)) == tiny_contract
    assert tiny_contract.preparation.region is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": 821}, "821,0,820,1068 does not lie inside a screen of 1640x1068"),
        ({"y": 1}, "does not lie inside"),
        ({"x": -1}, "does not lie inside"),
        ({"screen_width": 1639}, "inside a screen of 1639x1068"),
        ({"width": 31}, "31x1068; 32 pixels a side wanted"),
        ({"height": 0}, "32 pixels a side wanted"),
        ({"x": 820.5}, "region.x"),
        ({"angle": 3}, "angle"),
    ],
)
def test_a_region_that_cannot_be_meant_is_refused(tiny_contract: Contract, changes: Any, message: str) -> None:
    contract_from_json(with_region(tiny_contract))
    with pytest.raises(ModelInvalid, match=message):
        contract_from_json(with_region(tiny_contract, **changes))
