"""What the embedded registry keeps."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.embedded.registry_store import EVERYWHERE, Refused, RegistryStore

A = json.dumps({"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}]})
A_OPTIONAL = json.dumps({"type": "record", "name": "R", "fields": [{"name": "a", "type": ["null", "int"]}]})
B = json.dumps({"type": "record", "name": "B", "fields": []})
REGISTERS = """
import sys, time
from pathlib import Path
from deploy.embedded.registry_store import RegistryStore
store = RegistryStore(Path(sys.argv[1]))
print(store.register("s", sys.argv[2]).id, flush=True)
time.sleep(60)
"""


def test_ids_count_up_in_order_of_first_registration_and_a_refused_schema_takes_none() -> None:
    store = RegistryStore(":memory:")
    assert store.subjects() == []
    assert store.register("x", A_OPTIONAL).id == 1
    with pytest.raises(Refused) as refused:
        store.register("x", A)
    assert refused.value.status == 409
    assert store.register("y", B).id == 2
    assert store.register("z", A_OPTIONAL).id == 1
    store.close()


def test_what_was_acknowledged_is_there_after_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    with subprocess.Popen([sys.executable, "-c", REGISTERS, path, A], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        os.kill(process.pid, signal.SIGKILL)
    store = RegistryStore(path)
    assert [(v.version, v.id) for v in store.versions("s")] == [(1, 1)]
    assert store.register("s", A).version == 1
    store.close()


def test_a_level_set_for_all_is_forgotten_again() -> None:
    store = RegistryStore(":memory:")
    store.set_level(EVERYWHERE, "NONE")
    assert store.level("s") == "NONE"
    assert store.unset_level(EVERYWHERE) == "NONE"
    assert store.unset_level(EVERYWHERE) == store.level("s") == "BACKWARD_TRANSITIVE"
    store.close()


def test_a_deleted_schema_is_still_found_by_its_id_for_records_outlive_it() -> None:
    store = RegistryStore(":memory:")
    made = store.register("s", A)
    assert store.delete("s") == [1]
    assert store.subjects() == []
    assert json.loads(store.text(made.id)) == json.loads(A)
    assert store.register("s", A).version == 2
    store.close()
