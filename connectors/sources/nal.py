"""Looks into H.264 packets: does any other frame refer to this one? (ITU-T H.264, 7.3.1 and 7.4.1)"""

from collections.abc import Iterator

START_CODE = b"\x00\x00\x01"
SLICES = frozenset({1, 2, 3, 4, 5})


def length_bytes(extradata: bytes | None) -> int | None:
    """How many bytes a NAL unit's length has (avcC), or None where start codes part the units (Annex B)."""
    if extradata is not None and len(extradata) > 4 and extradata[0] == 1:
        return (extradata[4] & 3) + 1
    return None


def headers(data: bytes, length: int | None) -> Iterator[int]:
    """The first byte of each NAL unit of a packet; stops where the packet is broken."""
    at = 0
    if length is not None:
        while at + length < len(data):
            size = int.from_bytes(data[at : at + length], "big")
            yield data[at + length]
            at += length + max(size, 1)
        return
    while (at := data.find(START_CODE, at)) >= 0 and at + 3 < len(data):
        yield data[at + 3]
        at += 4


def disposable(data: bytes, length: int | None) -> bool:
    """True if the packet holds slices and all have `nal_ref_idc` 0: no other frame needs it."""
    found = False
    for header in headers(data, length):
        if header & 0x1F in SLICES:
            if header >> 5 & 3:
                return False
            found = True
    return found
