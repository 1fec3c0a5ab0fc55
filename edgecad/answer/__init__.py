"""What an answer is: the prediction, its heat map, findings and doubts, its record.

prediction      what `Classifier.predict` returns
heatmap         the class activation map in numpy, and how it is laid on the screen
region          what is outlined, and whether the map is cold there
findings        what to know of a scan, its map or the model; colours that are refused
doubts          what speaks against the model's decision, from its evidence
familiarity     whether a scan is like those of the training
folding         the map that is shown, on the disc alone; grid: its cells on pixels
records         one JSON object a scan: the answer or the refusal; record_csv: the same as a row
"""
