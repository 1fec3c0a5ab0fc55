"""A hot folder: what lies in IN is answered once, and then lies in OUT.

    folders     whether IN and OUT go together
    reservation IN belongs to one watch
    names       in IN, that are no scans
    arrivals    which files are whole: looked for again and again, file events only wake
    desk        takes a scan, and puts it away beside its record; what a killed process left is found again
    ledger      which scan has its answer already, and where
    tally       counts of a day, for who watches over the watch
    clerk       judges one scan, records it, puts it away
    heartbeat   what a supervisor is told
    watcher     the loop around it

A scan is in one place at any moment, moved by renames alone, so IN and OUT lie on one file system:

    IN/... -> OUT/taken/CLAIM.scan -> OUT/done/DAY/NAME.jpg     answered, or a copy of one that was
                                      OUT/refused/DAY/NAME.jpg  the reason is in NAME.json beside it

Its record is written before it is put away and bears its claim, so a process that is killed between the two, or at any
other moment, is followed by one that ends the work and repeats none of it.
"""

from edgecad.watch.folders import check_free
from edgecad.watch.watcher import Watcher, WatchOptions

__all__ = ["WatchOptions", "Watcher", "check_free"]
