"""What a GPU does with models of a folder, step by step, into one file that `edgecad doctor --proof` reads.

options     of benchmarks/gpu.py
models      the models in a folder
phantoms    screens, and what the CPU answers to them in fp32
orders      what one process is to do
running     the processes, one after the other, each with a time limit; what they say, or that they died
child       the process: it opens one target, examines it, and ends
examining   golden samples, phantoms, threads and batches: does it answer as the CPU does
timing      one image after another, batches, and the floor
building    engines without a card
strict      devices that are not here
rates       what the card reaches
proving     all steps in their order, and the file
"""
