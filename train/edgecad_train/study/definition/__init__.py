"""What a study shall do.

request         options of `edgecad study`
planning        -> scans, partitions, first weights, units
spec, units     what defines a study; one run of it, named by a hash
partitions, first_weights   who is tested in which unit; weights found or fetched
kept            the study that lies in the folder already
"""
