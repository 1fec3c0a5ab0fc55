"""An encoder of lossless JPEG (ITU-T T.81, annex H), as small as it can be: one Huffman table, predictor 1."""

from __future__ import annotations

import struct

import numpy as np


def lossless_jpeg(pixels, *, names=b"\1\2\3", marks=b"", predictor=1, apart=False, depth=8, sampling=0x11) -> bytes:
    """Code `(height, width, components)` uint8; `marks` stand before the frame, `apart` gives a scan a component."""
    height, width, count = np.atleast_3d(pixels).shape
    samples, names = np.atleast_3d(pixels).astype(int), names[:count]
    table = bytes([0, 0, 0, 0, 9, *[0] * 12, *range(9)])
    frame = struct.pack(">BHHB", depth, height, width, count) + b"".join(bytes([n, sampling, 0]) for n in names)
    scans = [[index] for index in range(count)] if apart else [list(range(count))]
    body = b"".join(scan(samples[..., of], bytes(names[index] for index in of), predictor) for of in scans)
    return b"\xff\xd8" + marks + segment(0xC3, frame) + segment(0xC4, table) + body + b"\xff\xd9"


def scan(samples, names, predictor) -> bytes:
    left = np.concatenate((np.full_like(samples[:, :1], 128), samples[:, :-1]), axis=1)
    above = np.concatenate((np.full_like(samples[:1], 128), samples[:-1]), axis=0)
    before = left if predictor == 1 else above
    before[0, 1:], before[1:, 0] = samples[0, :-1], samples[:-1, 0]
    bits = "".join(code(int(difference)) for difference in (samples - before).reshape(-1))
    bits += "1" * (-len(bits) % 8)
    coded = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    header = bytes([len(names)]) + b"".join(bytes([name, 0]) for name in names) + bytes([predictor, 0, 0])
    return segment(0xDA, header) + coded


def code(difference: int) -> str:
    length = abs(difference).bit_length()
    value = difference if difference > 0 else difference + (1 << length) - 1
    return f"{length:04b}" + (f"{value:0{length}b}" if length else "")


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 255, marker, len(body) + 2) + body


def adobe(transform: int) -> bytes:
    return segment(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))


JFIF = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
