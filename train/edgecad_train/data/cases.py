"""The room's first names; `edgecad_train.data` is its door."""

from edgecad_train.data import Case, Found, PreparedData, Refusal, colours_of, find_cases, prepare_cases

__all__ = ["Case", "Found", "PreparedData", "Refusal", "colours_of", "find_cases", "prepare_cases"]
