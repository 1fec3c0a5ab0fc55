"""Many runs as one table: units named by what defines them, done once whatever is killed.

units, definition, partitions   what was asked for       -> Unit: one run, named by its hash
planning                        a command's words        -> Planned: scans, partitions, weights, units
folder, results, scans          what lies in the study folder, whole or not at all
conduct                         leads: folder, work, table, clearing up
crew, orders                    local workers, seen from the parent
worker, work, runner            a worker: its process, its loop, a unit by `edgecad_train.running.training.train`
cluster, remote                 the same units on a Ray cluster, seen from the driver and from a node
pooling, comparisons, rows      figures over runs, intervals by patient
table, table_csv, picture, maps what people and programs read
plain                           what plain Keras would take
"""
