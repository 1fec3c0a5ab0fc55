"""`python -m edgecad.spool.apart`: judge one scan; started by `edgecad.spool.apart.process` alone."""

import signal


def _start() -> None:
    # Our parent ends us, and no signal to all: it finishes the scan under way. Before the imports, which take long.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    from edgecad.spool.apart.child import main

    main()


_start()
