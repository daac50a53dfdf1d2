"""Object stores: one contract over a folder and over S3."""

from pathlib import Path

from connectors.objects.folder import FolderStore
from connectors.objects.store import BadKey, Exists, ObjectStore


def open_objects(url: str | None, folder: Path, endpoint: str | None = None) -> ObjectStore:
    """The store that settings name: `s3://BUCKET[/PREFIX]`, else the folder. ValueError for any other URL."""
    if not url:
        return FolderStore(folder)
    scheme, _, rest = url.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise ValueError(f"{url!r} is no object store: say s3://BUCKET[/PREFIX], or leave it out for a folder")
    from connectors.objects.s3 import S3Store

    return S3Store(bucket, prefix, endpoint)


__all__ = ["BadKey", "Exists", "FolderStore", "ObjectStore", "open_objects"]
