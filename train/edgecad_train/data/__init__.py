"""Labelled scans: found, read, prepared, and looked at before anything learns from them.

finding     a folder or CSV               -> Found: cases, and the rule that tells patients apart
folders     class folders; table: a CSV as spreadsheets write it; identity: names of patients that cannot be right
input       the words of --crop, --input, --table and --map -> Preparation, for the contract
reading     cases and Preparation         -> PreparedData; refusals and duplicates are accounted for
store       prepared images, in memory or in a nameless file
truth       where a scan's defect is, as somebody knows it
duplicates, colours, leaks, orientation   -> findings: what to know before believing a figure
checkup     all of it as a report, with a contact sheet (`edgecad train --check`)
"""

from edgecad.polarmap.colours import colours_of
from edgecad_train.data.finding import find_cases
from edgecad_train.data.findings import findings_about
from edgecad_train.data.found import Found
from edgecad_train.data.input.request import InputRequest, parse_input, preparation_for
from edgecad_train.data.labelled import Case, DataFinding, Refusal
from edgecad_train.data.prepared import PreparedData, check_usable, reason_to_stop
from edgecad_train.data.reading import prepare_cases, read_cases

__all__ = [
    "Case",
    "DataFinding",
    "Found",
    "InputRequest",
    "PreparedData",
    "Refusal",
    "check_usable",
    "colours_of",
    "find_cases",
    "findings_about",
    "parse_input",
    "preparation_for",
    "prepare_cases",
    "read_cases",
    "reason_to_stop",
]
