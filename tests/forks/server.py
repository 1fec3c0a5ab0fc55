"""Runs Python programs for tests, each in a fork of an interpreter that has imported TensorFlow and our rooms already.

To import them takes longer than most of the programs do. A fork shares nothing with the programs before it, as a new
process would. Usage: `python server.py SOCKET`; it ends when its standard input does. `client.py` gives the programs.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import random
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
import warnings
from pathlib import Path
from typing import Any, NoReturn

LENGTH = 8
"""Bytes of the number that says how long an order is."""


IMPORTED = (
    "edgecad",  # before onnxruntime, which would report its use
    "edgecad_train",  # silences TensorFlow before it is imported
    "keras",
    "matplotlib.pyplot",
    "onnxruntime.quantization",
    "scipy.stats",
    "sklearn.cluster",
    "sklearn.model_selection",
    "tf2onnx",
    "edgecad.cli.program",
    "edgecad_export.cli.export",
    "edgecad_export.exporter",
    "edgecad_train.cli.train",
    "edgecad_train.evaluation.evaluation",
    "edgecad_train.judgement.models",
    "edgecad_train.report.page",
    "edgecad_train.running.make",
)
"""What commands of training and export import."""


def _serve(listener: socket.socket) -> socket.socket | None:
    """In each fork the connection of its client; in the server None, when no more come."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    with selectors.DefaultSelector() as selector:
        for source in (listener, sys.stdin):
            selector.register(source, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is sys.stdin:
                    return None
                connection, _ = listener.accept()
                if not os.fork():
                    return connection
                connection.close()


def _order_of(connection: socket.socket) -> dict[str, Any]:
    """An order: the words, folder and environment of a program, and its three streams, which are this process' now."""
    head, streams, _, _ = socket.recv_fds(connection, LENGTH, 3)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    _own_streams()
    length, text = int(head), b""
    while len(text) < length:
        text += connection.recv(length - len(text))
    return dict(json.loads(text))


def _watched(connection: socket.socket) -> bool:
    """Tell the client how a fork ends; True in that fork, which is to run the program."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if not pid:
        connection.close()
        return True
    connection.sendall(b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    return False


def _own_streams() -> None:
    """The server's would remember what passed through them."""
    own = (open(number, mode, closefd=False) for number, mode in enumerate("rww"))  # noqa: SIM115
    sys.stdin, sys.stdout, sys.stderr = own
    sys.stderr.reconfigure(errors="backslashreplace", line_buffering=True)  # type: ignore[attr-defined]
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]


def _run(order: dict[str, Any], defaults: dict[str, str]) -> None:
    """What the interpreter does with the words that stand behind its name."""
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(defaults | order["environment"])
    random.seed()
    sys.modules["numpy"].random.seed()
    first, *words = order["words"]
    if first in ("-c", "-m"):
        what, *words = words
        sys.path.insert(0, "" if first == "-c" else str(Path.cwd()))
        sys.argv = [first, *words]
        if first == "-c":
            exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102
        else:
            runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, str(Path(first).resolve().parent))
        sys.argv = [first, *words]
        runpy.run_path(first, run_name="__main__")


def _code_of(order: dict[str, Any], defaults: dict[str, str]) -> int:
    """Exit code of a program, which tells on standard error what it did not catch."""
    try:
        _run(order, defaults)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _end(code: int) -> NoReturn:
    """End as an interpreter does, but for destructors of libraries: TensorFlow's wait for threads that no fork has."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.path.pop(0)  # this file's own folder
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    before = dict(os.environ)
    for module in IMPORTED:
        importlib.import_module(module)
    set_by_imports = {name: value for name, value in os.environ.items() if name not in before}
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(sys.argv[1])
        listening.listen()
        print("ready", flush=True)  # noqa: T201 - who started this waits for it
        client = _serve(listening)
    if client is not None:
        order = _order_of(client)
        _end(_code_of(order, set_by_imports) if _watched(client) else 0)
