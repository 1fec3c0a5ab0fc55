"""A hot folder: what lies in IN is answered once, and then lies in OUT.

    options     how to look
    folders     whether IN and OUT go together
    reservation IN belongs to one watch
    names       in IN, that are no scans
    arrivals    a source: which files are whole, looked for again and again; file events only wake
    watcher     checks the folders, and sets a worker to work

The rest is any source's, and lies in `edgecad.spool`. A scan is in one place at any moment, moved by renames alone, so
IN and OUT lie on one file system:

    IN/... -> OUT/taken/CLAIM.scan -> OUT/done/DAY/NAME.jpg     answered, or a copy of one that was
                                      OUT/refused/DAY/NAME.jpg  the reason is in NAME.json beside it
"""
