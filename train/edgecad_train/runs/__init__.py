"""The files of a run: their names and types, how they are written and read; nothing here draws or trains.

names       of all files
request     what a user gives: data, options, out  -> the command that makes the run again
spec        job.json: what an unfinished run is of
unfinished  NAME.unfinished: begun, resumed, locked -> the run folder
listing     unfinished runs seen from outside, without Keras
record      run.json, history.json, metrics.json
older       runs of earlier versions, in today's words
predictions predictions.csv: a line a patient
partition   split.json: one writer, one reader
scans       scans.json: hashes of the scans' files
outcome     a finished run in memory               -> writing -> a run folder -> reading
"""
