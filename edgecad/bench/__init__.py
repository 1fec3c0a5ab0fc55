"""How fast a model is on this machine: each device and precision in a process of its own.

process, child          both ends of a process that measures; `__main__` is its door
scenarios               what is measured: single scans, many at a time
runoff                  the fastest once more, in turn, before one of them is saved for `auto`
results                 order and measurement, read and written as JSON
percentiles, judging    figures, and what they come to
machine                 memory, other programs, energy while it works
plot                    the picture
"""
