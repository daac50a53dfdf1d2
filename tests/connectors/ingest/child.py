"""An ingest in a process of its own, for tests that kill it: `child.py CONNECTION SOURCE STREAM SPEED`."""

import json
import sys
from pathlib import Path


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parent.parent.parent.parent))
    from connectors.ingest import Config, IngestError, SourceError, ingest
    from topics.connection import Connection
    from topics.names import Names

    bootstrap, registry_url, prefix, partitions = json.loads(sys.argv[1])
    connection = Connection(bootstrap, registry_url, Names(prefix), partitions=partitions)
    try:
        summary = ingest(
            sys.argv[2],
            sys.argv[3],
            connection,
            Config(heartbeat_s=0.2, reconnect_s=4),
            lambda p: say(p.frames),
            speed="real" if sys.argv[4] == "real" else "max",
        )
    except (SourceError, IngestError) as error:
        sys.exit(f"framelog: {error}")
    say(json.dumps([summary.resumed, summary.already, summary.stopped]))


if __name__ == "__main__":
    main()
