"""Keras' ImageNet weights: in its cache, to be fetched, or not to be had; told before anything slow happens."""

from __future__ import annotations

import contextlib
import errno
import http.client
import io
import os
import shlex
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from edgecad.errors import NotAvailable, UsageError
from edgecad.system.disk import words_of
from edgecad.system.folders import check_writable
from edgecad_train.networks.backbones import Backbone
from edgecad_train.networks.weightsfile import flaw_of

HOST = "storage.googleapis.com"
"""Where Keras fetches from."""
LOOK_S = 1.5
"""Seconds that a look at the network may take: a name server that does not answer is waited for much longer."""
DOWNLOAD_PATIENCE_S = 20
NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}
"""Errors of a machine without a network."""


def imagenet_path(backbone: Backbone) -> Path:
    """Where Keras keeps its ImageNet weights of a backbone, whether they are there or not."""
    home = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    return home / "models" / backbone.imagenet_file


def is_cached(backbone: Backbone) -> bool:
    """Whether Keras' cache has the weights, whole: of a download that was killed a part stays there."""
    path = imagenet_path(backbone)
    return path.is_file() and not flaw_of(path)


def check_imagenet(backbones: Sequence[Backbone]) -> None:
    """Find out without Keras that weights are cached, or may be fetched; a slow network gets the benefit of the doubt.

    Raises:
        NotAvailable: they are neither; names three ways to get them.
    """
    lacking = [backbone for backbone in backbones if not is_cached(backbone)]
    if not lacking:
        return
    folder = imagenet_path(lacking[0]).parent
    try:
        check_writable(folder)
    except (OSError, UsageError) as error:
        seen = words_of(error).partition(";")[0] if isinstance(error, OSError) else str(error).partition(";")[0]
        raise _not_to_be_had(lacking, f"nothing can be fetched into that folder ({seen})") from error
    reason = _unreachable()
    if reason:
        raise _not_to_be_had(lacking, f"{HOST}, where Keras fetches them, cannot be reached ({reason})")


def imagenet_file(backbone: Backbone) -> Path:
    """Keras' ImageNet weights of a backbone, from its cache or fetched through Keras.

    Raises:
        NotAvailable: neither is to be had; names three ways to get them.
    """
    cached = imagenet_path(backbone)
    if is_cached(backbone):
        return cached
    try:
        _fetch(backbone)
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).partition("\n")[0]
        raise _not_to_be_had([backbone], f"could not be fetched ({reason})") from error
    if not is_cached(backbone):
        raise _not_to_be_had([backbone], "Keras put none there")
    return cached


def _not_to_be_had(lacking: Sequence[Backbone], reason: str) -> NotAvailable:
    """One line with what is missing, why, and the ways to go on."""
    names, files = (", ".join(words) for words in zip(*((b.name, b.imagenet_file) for b in lacking), strict=True))
    folder = imagenet_path(lacking[0]).parent
    applications = "; ".join(f"keras.applications.{backbone.application}(include_top=False)" for backbone in lacking)
    fetch = shlex.join(["python", "-c", f"import keras; {applications}"])
    cut = " whole" if any(imagenet_path(backbone).is_file() for backbone in lacking) else ""
    return NotAvailable(
        f"ImageNet weights of {names} are not{cut} in {folder}, and {reason}; three ways to get them: (1) give this "
        f"machine a network and run the same command; (2) copy {files} into {folder}, from ~/.keras/models of one that "
        f"ran: {fetch}; (3) name the file: --weights FILE. Without them: --weights none, or --strategy scratch"
    )


def _unreachable() -> str:
    """Why the network certainly cannot be had; empty where it answers, and where it has not answered in time."""
    said: list[str] = []
    # A thread that is not waited for: looking a name up knows no time limit.
    looking = threading.Thread(target=lambda: said.append(_look()), daemon=True)
    looking.start()
    looking.join(LOOK_S)
    return said[0] if said else ""


def _look() -> str:
    """Ask the server, through a proxy where one is set; what is no certain refusal is no reason."""
    try:
        with urllib.request.urlopen(urllib.request.Request(f"https://{HOST}", method="HEAD"), timeout=LOOK_S):
            return ""
    except urllib.error.HTTPError:
        return ""  # it answered
    except urllib.error.URLError as error:
        return _certain(error.reason)
    except (OSError, http.client.HTTPException):
        return ""


def _certain(reason: object) -> str:
    """The words of an error that a second try would meet again; empty for any other."""
    certain = (socket.gaierror, ConnectionRefusedError, ssl.SSLCertVerificationError)
    refused = isinstance(reason, OSError) and (reason.errno in NO_WAY or "Tunnel connection failed" in str(reason))
    if not (isinstance(reason, certain) or refused):
        return ""
    return str(getattr(reason, "strerror", None) or reason)


def _fetch(backbone: Backbone) -> None:
    """Have Keras fetch the weights into its cache, in silence: it tells of it on stdout, which is for answers."""
    import keras

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_PATIENCE_S)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            getattr(keras.applications, backbone.application)(
                include_top=False, weights="imagenet", input_shape=(backbone.size, backbone.size, 3)
            )
    finally:
        socket.setdefaulttimeout(before)
