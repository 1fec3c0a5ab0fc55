"""A proof of a GPU: the file that `make test-gpu` writes on a machine with a card, and `edgecad doctor --proof` reads.

record      what the file holds: steps, each proven, failed or not run, with their figures
figures     what a step found
reading     from a file of others to a record, within bounds; nothing in it is executed
judging     whether a record is of this machine and of these versions
"""
