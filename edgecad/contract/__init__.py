"""The contract: everything a runtime must know about a model, kept inside the ONNX file.

Training writes it, export completes it, the runtime obeys it. It is JSON under the metadata key
`edgecad.contract`; unknown fields, missing fields and values that cannot be meant are refused.

    parts     the frozen types: `Contract` and all that it consists of
    openings      how often the test part was looked at before, one of these parts
    orientation   how the training maps lie, one of these parts
    preparation   how a screen becomes the input, one of these parts
    reading   contracts of every version that was ever released, and the fields that are coming
    identity  which trained network a contract is about
    graph     the outputs of the graph: which must be there, and which may be
    scaling   how uint8 becomes a backbone's input, in numbers
"""

from edgecad.colourtables import ColourTable
from edgecad.contract.identity import differing_fields, network_digest
from edgecad.contract.openings import Openings, openings_sentence, openings_words
from edgecad.contract.orientation import OrientationReference
from edgecad.contract.parts import (
    CONTRACT_VERSION,
    NOT_KNOWN,
    Activation,
    Colours,
    Contract,
    Decision,
    Familiarity,
    Features,
    GoldenAnswer,
    HeatmapScale,
    Labelling,
    Member,
    Metric,
    Origin,
    PooledOver,
    Precision,
    RunPrecision,
    Scaling,
)
from edgecad.contract.preparation import Crop, Drawing, Input, MapPlace, Preparation, Region
from edgecad.contract.reading import METADATA_KEY, contract_from_json, json_from_contract
from edgecad.decision.evidence import Evidence, OperatingPoint, Share
from edgecad.decision.zone import Zone, ZoneShares

__all__ = [
    "CONTRACT_VERSION",
    "METADATA_KEY",
    "NOT_KNOWN",
    "Activation",
    "ColourTable",
    "Colours",
    "Contract",
    "Crop",
    "Decision",
    "Drawing",
    "Evidence",
    "Familiarity",
    "Features",
    "GoldenAnswer",
    "HeatmapScale",
    "Input",
    "Labelling",
    "MapPlace",
    "Member",
    "Metric",
    "Openings",
    "OperatingPoint",
    "OrientationReference",
    "Origin",
    "PooledOver",
    "Precision",
    "Preparation",
    "Region",
    "RunPrecision",
    "Scaling",
    "Share",
    "Zone",
    "ZoneShares",
    "contract_from_json",
    "differing_fields",
    "json_from_contract",
    "network_digest",
    "openings_sentence",
    "openings_words",
]
