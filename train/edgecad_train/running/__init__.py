"""The doing of a run: train by the plan, choose on what was held out, and leave a run folder.

make            from a spec and prepared scans to a run folder; `train` and `study` go this one way
training        trains, chooses, opens the test part once
methods         the same of a method that trains no network by stages
judging         what was held out chooses, the test part judges; of whatever was said
device          what an unfinished run was begun on, and is ended on
scans           whether scans are those of a run
contracting     the contract of what was trained
"""
