"""The last sounds that were made: a player asks for one file in many ranges."""

import threading
from collections import OrderedDict

MOST_BYTES = 32 << 20


class Sounds:
    """Files by what they are, the least used of them forgotten beyond 32 MiB. From any thread."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    def get(self, name: str) -> bytes | None:
        """The file, if it is here."""
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
            return self._kept.get(name)

    def keep(self, name: str, content: bytes) -> bytes:
        """Remembers a file and gives it back."""
        with self._lock:
            self._bytes += len(content) - len(self._kept.pop(name, b""))
            self._kept[name] = content
            while self._bytes > self._most and len(self._kept) > 1:
                _, old = self._kept.popitem(last=False)
                self._bytes -= len(old)
        return content
