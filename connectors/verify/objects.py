"""Clips against the object store."""

import hashlib
from dataclasses import dataclass

from connectors.objects.store import BadKey, ObjectStore
from connectors.verify.lying import Lying
from connectors.verify.report import Report
from schemas.records import Clip


@dataclass(slots=True)
class Objects:
    """Looks up what each clip's record names. Objects are read one at a time, whole, for their sha256."""

    store: ObjectStore
    report: Report

    def __call__(self, lying: Lying, clip: Clip) -> None:
        """Holds one clip to its object and poster. OSError if the store is away."""
        if clip.end or clip.status != "ok":
            return
        self.report.count("clips")
        if not clip.key:
            self.report.fault("clips", lying.place, "it is ok and names no object")
            return
        for key in (clip.key, clip.poster_key):
            if key:
                self._one(lying, clip, key)

    def _one(self, lying: Lying, clip: Clip, key: str) -> None:
        try:
            size = self.store.size(key)
            if key == clip.poster_key:
                return
            if size != clip.bytes:
                text = f"{key} has {size} bytes, the record says {clip.bytes}"
                self.report.fault("clips", lying.place, text)
            elif clip.sha256 and (found := hashlib.sha256(self.store.read(key)).hexdigest()) != clip.sha256:
                text = f"{key} has sha256 {found[:16]}…, the record says {clip.sha256[:16]}…"
                self.report.fault("clips", lying.place, text)
        except FileNotFoundError:
            self.report.fault("clips", lying.place, f"{key} is not in the store")
        except BadKey as error:
            self.report.fault("clips", lying.place, str(error))
