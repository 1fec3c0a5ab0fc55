"""Which epoch goes on, where no validation part says it within one training.

crossfit    folds side by side: each goes on with the median of the others' best epochs
twice       one training whose epochs are chosen once more, on the test part
"""
