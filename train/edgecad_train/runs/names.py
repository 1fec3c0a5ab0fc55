"""Names of the files in a run folder.

model.keras       the trained network; no Lambda layer, no pickle
contract.json     what the runtime must know; export completes it and puts it into the ONNX file
run.json          settings, refused scans, findings about the data, where the time went
history.json      figures of every epoch of every stage of every training
metrics.json      figures with intervals of what chose (validation or out-of-fold), and of the test part
predictions.csv   one line a patient: part, label, score
deciding.csv      the scores that chose, where a search with folds had others chosen than judge; as predictions.csv
clinical.csv      the fused score, a line a patient with a value in every clinical column; absent without `--clinical`
localisation.csv  one line a scan that chose or judged: where its heat map lies
split.json        patients of each part or fold; `edgecad train --split` takes it
validation.npz    prepared images, labels and logits, for the exporter's parity check
calibration.npz   prepared images of the training part, for the exporter's quantisation
learnt.npz        arrays that a method learnt (normal limits, weights); absent in runs of networks
familiarity.npz   centres of the training scans' features; absent where familiarity was not measured
characteristics.json  who the patients of each part are, and figures by group; absent without `--keep`
groups.csv        one line a patient: the group by each kept column; absent without `--keep`
scans.json        hash of each scan and its patient, so that `edgecad evaluate` knows scans that it was trained on
heatmaps.npz      heat maps of the scans that chose or judged, and their prepared images
*.png             curves, ROC, calibration, confusion, decision curve, pages of heat maps
report.html       one page that opens offline
reporting-checklist.html  TRIPOD+AI and CLAIM, filled from the run

The run of a method has no history.json, no localisation and no heat maps where the method has none, and a model.keras
only where it can be exported; rows of a study cannot.

A run that nobody will export or look at has none of model.keras, validation.npz, calibration.npz, familiarity.npz,
prepared images, pictures and pages. `edgecad_train.report` draws the last two from the others.
"""

from __future__ import annotations

from pathlib import Path

RUNS = Path("runs")
"""Folder of run folders, where a command names none."""
MODEL = "model.keras"
CONTRACT = "contract.json"
RUN = "run.json"
HISTORY = "history.json"
METRICS = "metrics.json"
PREDICTIONS = "predictions.csv"
DECIDING = "deciding.csv"
CLINICAL = "clinical.csv"
LOCALISATION = "localisation.csv"
SPLIT = "split.json"
VALIDATION = "validation.npz"
CALIBRATION = "calibration.npz"
LEARNT = "learnt.npz"
FAMILIARITY = "familiarity.npz"
SCANS = "scans.json"
CHARACTERISTICS = "characteristics.json"
GROUPS = "groups.csv"
HEATMAPS = "heatmaps.npz"
