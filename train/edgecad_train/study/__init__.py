"""Many runs as one table: units named by what defines them, done once whatever is killed.

definition/     a command's words -> scans, partitions, first weights, units
workers/        processes of this machine and nodes of a Ray cluster, which do the units
results/        figures over runs, intervals by patient, tables, pictures
folder, scans   what lies in the study folder, whole or not at all
openings        how often its test patients were looked at before; a study is one opening
leading         leads: folder, workers, table, clearing up
plain           what plain Keras would take
"""
