"""One scan judged in a process of its own, because a process died over it before.

    messages   what is asked, and what is said back: JSON and bytes, no pickles
    process    our end: starts a child, waits for it within a bound of time, and says what its death means
    child      its end: the same model with the same choices, and one scan or the golden samples
    __main__   `python -m edgecad.spool.apart`

If the child lives, its answer is the record. If it dies, another child replays the golden samples. If they hold, it is
the scan that the process died of; if they do not, it is the machine.
"""
