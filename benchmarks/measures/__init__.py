"""What the benchmarks measure, a room for each kind of question; what all of them use stands beside the rooms.

program     options of a program, and the file in which it keeps what it found
machine     what figures depend on
command     whole processes: their seconds, their memory, their exit code
latency     runs in one process, in turn
quartiles   median and quartiles
lines       lines through points, and pictures of both
"""
