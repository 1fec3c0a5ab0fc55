"""How often labelled patients were looked at: counted by the hashes of their scans, in a file beside the data.

place     where the file lies
file      what it holds: hashes, times and kinds of openings; nothing of a patient
counting  open patients: count them, and tell who opened them before
"""

from edgecad_train.data.openings.counting import (
    Opens,
    count_opening,
    kept_opening,
    known_openings,
    new_opening,
    patients_of,
)
from edgecad_train.data.openings.place import openings_file

__all__ = [
    "Opens",
    "count_opening",
    "kept_opening",
    "known_openings",
    "new_opening",
    "openings_file",
    "patients_of",
]
