"""Who does the units of a study: processes of this machine, or the nodes of a Ray cluster.

pool, process   the leading process's side and a worker's; messages: what they tell each other
loop            take a unit that nobody has, make it, take the next
run_specs       a unit as the spec of a run
making          what needs Keras: the run itself
cluster, node   the same on a Ray cluster
"""
