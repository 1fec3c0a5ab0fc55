"""The contract: everything a runtime must know about a model, kept inside the ONNX file.

Training writes it, export completes it, the runtime obeys it. It is JSON under the metadata key
`edgecad.contract`; unknown fields, missing fields and values that cannot be meant are refused.

    parts     the frozen types: `Contract` and all that it consists of
    decision      from logits to a label, and figures: parts of these
    clinical      how clinical columns are joined to the image, one of these parts
    openings      how often the test part was looked at before, one of these parts
    orientation   how the training maps lie, one of these parts
    preparation   how a screen becomes the input, one of these parts
    reading   contracts of every version that was ever released
    identity  which trained network a contract is about
    graph     the outputs of the graph: which must be there, and which may be
    scaling   how uint8 becomes a backbone's input, in numbers
"""

from edgecad.colourtables import ColourTable
from edgecad.contract.clinical import (
    CategoryColumn,
    CategoryEffect,
    ClinicalColumn,
    ClinicalGain,
    ClinicalModel,
    Coefficient,
    GoldenFusion,
    ImageTerm,
    Missing,
    NumberColumn,
    YesNoColumn,
)
from edgecad.contract.decision import Decision, Metric
from edgecad.contract.identity import differing_fields, network_digest
from edgecad.contract.openings import Openings, openings_sentence, openings_words
from edgecad.contract.orientation import OrientationReference
from edgecad.contract.parts import (
    CONTRACT_VERSION,
    NO_NETWORK,
    NOT_KNOWN,
    Activation,
    Colours,
    Contract,
    Familiarity,
    Features,
    GoldenAnswer,
    HeatmapScale,
    Labelling,
    Member,
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
    "NO_NETWORK",
    "Activation",
    "CategoryColumn",
    "CategoryEffect",
    "ClinicalColumn",
    "ClinicalGain",
    "ClinicalModel",
    "Coefficient",
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
    "GoldenFusion",
    "HeatmapScale",
    "ImageTerm",
    "Input",
    "Labelling",
    "MapPlace",
    "Member",
    "Metric",
    "Missing",
    "NumberColumn",
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
    "YesNoColumn",
    "Zone",
    "ZoneShares",
    "contract_from_json",
    "differing_fields",
    "json_from_contract",
    "network_digest",
    "openings_sentence",
    "openings_words",
]
