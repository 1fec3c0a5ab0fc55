"""What an answer is: the prediction, its heat map, findings and doubts, its record.

prediction      what `Classifier.predict` returns
heatmap         the class activation map in numpy, and how it is laid on the screen
region          what is outlined, and whether the map is cold there
findings        what to know of a scan, its map or the model; colours that are refused
doubts          what speaks against the model's decision, from its evidence
records         one JSON object a scan: the answer or the refusal
"""
