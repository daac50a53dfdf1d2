"""Which partition a key belongs to: murmur2 as in Java's client and librdkafka's `murmur2_random`."""

from functools import lru_cache

SEED = 0x9747B28C
M = 0x5BD1E995
MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """32 bits of Austin Appleby's MurmurHash2 with Kafka's seed."""
    h = (SEED ^ len(data)) & MASK
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * M & MASK
        k = (k ^ k >> 24) * M & MASK
        h = h * M & MASK ^ k
    if rest := data[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * M & MASK
    h = (h ^ h >> 13) * M & MASK
    return h ^ h >> 15


@lru_cache(1 << 16)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition, of `partitions`, that records with this key lie in."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
