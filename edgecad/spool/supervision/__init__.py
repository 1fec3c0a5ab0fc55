"""Who watches over a worker, and is told every few seconds that it lives.

pulse       when, and how the worker stands
heartbeat   the file that any supervisor may read
supervisor  the datagrams to one that started us
"""
