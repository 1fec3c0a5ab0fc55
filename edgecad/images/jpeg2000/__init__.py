"""JPEG 2000 of 8 bits, as DICOM has it (ITU-T T.800): markers walked here, decoded in a process apart.

codestream      the markers: size, components, tiles, the end
decoding        the process that decodes, its limits and what comes back; child: that process
"""

from edgecad.images.jpeg2000.codestream import MAGIC, CodestreamHeader, header_from_codestream
from edgecad.images.jpeg2000.decoding import samples_from_codestream

__all__ = ["MAGIC", "CodestreamHeader", "header_from_codestream", "samples_from_codestream"]
