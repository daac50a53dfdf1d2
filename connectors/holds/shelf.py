"""The holds of an object store: which there are, what is in them, whether they are sound, away with them."""

import hashlib
from collections.abc import Iterator

from connectors.holds.container import BadFile, HeldMessage, read
from connectors.holds.manifest import FOLDER, BadHold, Manifest, from_json, manifest_key
from connectors.objects.store import ObjectStore
from schemas.records import Record
from topics.topic import Topic


def holds(objects: ObjectStore) -> list[Manifest]:
    """Every whole hold, by name; one that was begun and not ended is none."""
    keys = [key for key in objects.keys(f"{FOLDER}/") if key.endswith("/manifest.json")]
    return [from_json(objects.read(key), Manifest) for key in keys]


def manifest_of(objects: ObjectStore, name: str) -> Manifest:
    """A whole hold; BadHold if there is none of the name."""
    try:
        found: Manifest = from_json(objects.read(manifest_key(name)), Manifest)
    except FileNotFoundError:
        begun = "; one was begun: hold it again to complete it" if objects.keys(f"{FOLDER}/{name}/") else ""
        raise BadHold(f"there is no hold {name}{begun}") from None
    return found


def messages(objects: ObjectStore, manifest: Manifest, topic: Topic[Record]) -> Iterator[HeldMessage]:
    """The held messages of a topic as the log had them, by partition and offset; BadFile for a damaged file."""
    for part in sorted(manifest.parts, key=lambda p: (p.partition, p.start)):
        if part.noun == topic.noun:
            body = objects.read(part.key)
            if hashlib.sha256(body).hexdigest() != part.sha256:
                raise BadFile(f"{part.key} is not the file that was held: its sha256 differs")
            yield from read(body)


def faults(objects: ObjectStore, manifest: Manifest) -> Iterator[str]:
    """What is wrong with a hold, a line each: files that are gone, changed or damaged."""
    for part in manifest.parts:
        try:
            body = objects.read(part.key)
        except FileNotFoundError:
            yield f"{part.key} is gone"
            continue
        if hashlib.sha256(body).hexdigest() != part.sha256:
            yield f"{part.key} has changed since it was held ({len(body)} bytes, held were {part.bytes})"
            continue
        try:
            offsets = [m.offset for m in read(body)]
        except BadFile as error:
            yield f"{part.key}: {error}"
            continue
        if offsets != sorted(set(offsets)) or any(not part.start <= o < part.stop for o in offsets):
            yield f"{part.key}: its offsets are not those that it says"
        if len(offsets) != part.messages:
            yield f"{part.key} has {len(offsets)} messages, held were {part.messages}"


def remove(objects: ObjectStore, name: str) -> int:
    """Takes a hold away, also one that was only begun; the number of objects that it had. BadHold for none."""
    keys = objects.keys(f"{FOLDER}/{name}/") if manifest_key(name) else []
    if not keys:
        raise BadHold(f"there is no hold {name}")
    objects.delete(manifest_key(name))  # first: from here on it is no hold any more
    for key in keys:
        objects.delete(key)
    return len(keys)
