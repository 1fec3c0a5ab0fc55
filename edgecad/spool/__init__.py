"""What any durable source of scans needs: each scan is answered once, and its record outlives a killed process.

    source      what a source is: it says which files are whole
    options     how to work through one
    claims      takes a scan, and puts it away beside its record; what a killed process left is found again
    index       which scan has its record already, and where
    days        in which order days got their records
    counts      of a day, for who watches over the worker
    daypage     a day's page and table, for people
    growing     whether somebody may still write on in a scan
    apart       one scan judged in a process of its own
    orientation whether the last scans lie as those of the model's training
    reading     reads a scan that was taken, and tells whether it has changed since
    processor   judges one scan, records it, puts it away
    out         the folder in which all scans end
    records     its records, and all that is made from them
    supervision what tells others that the worker lives
    worker      the loop around it

A record is written before its scan is put away and bears the scan's claim, so a process that is killed between the
two, or at any other moment, is followed by one that ends the work and repeats none of it.
"""
