"""What the network shall see of a scan: the words of a command become a Preparation.

crop        the words of --crop, and the region that they become
request     --crop, --input, --table and --map together -> Preparation, for the contract
tables      the colour tables of a set of scans: those that were named, or those that the scans themselves tell
seen        what the network sees, in words and as people are shown it
"""
