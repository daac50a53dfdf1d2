"""S3, Amazon's or any other by its endpoint."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connectors.objects.store import Exists, checked

PART_BYTES = 8 << 20
MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
TAKEN = frozenset({"412", "PreconditionFailed", "ConditionalRequestConflict"})


class S3Store:
    """A bucket, below a prefix. Credentials come from where boto3 looks for them: environment, files, role."""

    def __init__(self, bucket: str, prefix: str = "", endpoint: str | None = None, **client: Any) -> None:
        import boto3
        from botocore.config import Config

        # Few tries of boto3's own: whoever calls goes on trying, and has other work to do meanwhile.
        patience = Config(
            connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 2, "mode": "standard"}
        )
        self._bucket, self._prefix = bucket, f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._client: Any = boto3.client("s3", endpoint_url=endpoint, **{"config": patience} | client)

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + checked(key)}

    @contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in MISSING:
                raise FileNotFoundError(key) from error
            if code in TAKEN:
                raise Exists(key) from error
            raise OSError(f"s3://{self._bucket}/{self._prefix}{key}: {code}: {error}") from error
        except BotoCoreError as error:
            raise OSError(f"s3://{self._bucket}/{self._prefix}{key}: {error}") from error

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Writes an object that is not there yet."""
        with self._errors(key):
            self._write(key, body, content_type, {"IfNoneMatch": "*"})

    def replace(self, key: str, body: bytes, content_type: str) -> None:
        """Writes an object over what is there."""
        with self._errors(key):
            self._write(key, body, content_type, {})

    def _write(self, key: str, body: bytes, content_type: str, condition: dict[str, str]) -> None:
        at = self._at(key)
        if len(body) <= PART_BYTES:
            self._client.put_object(**at, Body=body, ContentType=content_type, **condition)
            return
        upload = self._client.create_multipart_upload(**at, ContentType=content_type)["UploadId"]
        try:
            parts = []
            for number, start in enumerate(range(0, len(body), PART_BYTES), 1):
                sent = self._client.upload_part(
                    **at, UploadId=upload, PartNumber=number, Body=body[start : start + PART_BYTES]
                )
                parts.append({"PartNumber": number, "ETag": sent["ETag"]})
            self._client.complete_multipart_upload(
                **at, UploadId=upload, MultipartUpload={"Parts": parts}, **condition
            )
        except BaseException:
            self._client.abort_multipart_upload(**at, UploadId=upload)
            raise

    def size(self, key: str) -> int:
        """Bytes of an object."""
        with self._errors(key):
            return int(self._client.head_object(**self._at(key))["ContentLength"])

    def read(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """Bytes of an object."""
        size = self.size(key)
        stop = size if stop is None else min(stop, size)
        if start >= stop:
            return b""
        with self._errors(key):
            found = self._client.get_object(**self._at(key), Range=f"bytes={start}-{stop - 1}")
            return bytes(found["Body"].read())

    def content_type(self, key: str) -> str:
        """What the object said it is."""
        with self._errors(key):
            return str(self._client.head_object(**self._at(key))["ContentType"])

    def keys(self, prefix: str = "") -> list[str]:
        """Keys that begin with the prefix."""
        with self._errors(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            return sorted(o["Key"][len(self._prefix) :] for page in pages for o in page.get("Contents", []))

    def delete(self, key: str) -> None:
        """Takes an object away."""
        with self._errors(key):
            self._client.delete_object(**self._at(key))
