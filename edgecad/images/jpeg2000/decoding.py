"""JPEG 2000 decoded in a process of its own, which may crash, hang or take all memory.

OpenJPEG is the only decoder here that reads what its own markers do not bound, and it has had its share of faults. So a
crash of it is a refusal of one scan, and not the end of a watch. A process costs half a second; few screens are coded
so. Only a codestream whose declared size was held against the limits gets there.
"""

from __future__ import annotations

import subprocess
import tempfile
from typing import Final

import numpy as np

from edgecad.errors import NotAvailable
from edgecad.images.jpeg2000.codestream import CodestreamHeader
from edgecad.images.refusals import damaged
from edgecad.images.screen import Pixels
from edgecad.system.children import end_child, start_child
from edgecad.system.extras import check_installed
from edgecad.system.installation import install_words

TIME_LIMIT: Final = 60.0
"""Seconds for a picture of the largest size on a slow machine; a screen takes a tenth of one."""
NOT_AVAILABLE: Final = 4
"""What the child ends with where the decoder cannot even be imported."""
_MODULE = "edgecad.images.jpeg2000.child"


def samples_from_codestream(data: bytes, header: CodestreamHeader) -> Pixels:
    """Decode a codestream whose markers were walked into `(height, width, components)` uint8.

    Raises:
        InputRefused: `damaged`, also where the decoder crashes or does not end.
        NotAvailable: pylibjpeg-openjpeg is not installed, or cannot be imported.
    """
    check_installed("openjpeg", extras=("jpeg2000",))
    shape = (header.height, header.width, header.components)
    with tempfile.TemporaryFile() as errors:
        process = start_child(_MODULE, b"", errors)
        try:
            samples, _ = process.communicate(data, TIME_LIMIT)
        except subprocess.TimeoutExpired as error:
            end_child(process)
            raise damaged(f"the JPEG 2000 decoder did not end within {TIME_LIMIT:.0f} s") from error
        except BaseException:
            end_child(process)
            raise
    if process.returncode == NOT_AVAILABLE:
        raise NotAvailable(f"openjpeg cannot be imported, and JPEG 2000 needs it; {install_words('jpeg2000')}")
    if process.returncode != 0:
        raise damaged("the JPEG 2000 decoder failed on the picture's data")
    if len(samples) != shape[0] * shape[1] * shape[2]:
        raise damaged("the picture decodes to another size than it declares")
    return np.frombuffer(samples, np.uint8).reshape(shape)
