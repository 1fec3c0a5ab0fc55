"""Write a run folder; its files are told in `edgecad_train.runs.names`.

common      what every run folder holds
trained     of a network: with its history, and the network itself where it is kept
method      of a method: with what it learnt
exporting   what the exporter needs beside a model, of both
"""

from edgecad_train.runs.writing.common import ALL, NO_COLUMNS, RECORDS, Contents
from edgecad_train.runs.writing.method import write_method_run
from edgecad_train.runs.writing.trained import search_record, write_run

__all__ = ["ALL", "NO_COLUMNS", "RECORDS", "Contents", "search_record", "write_method_run", "write_run"]
