"""The report as one HTML file that asks nothing of anybody: data, style and script within."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from connectors.diff.report import Compared

TEMPLATE = Path(__file__).parent / "page.html"
PLACE = "/*REPORT*/null"


def html(report: Mapping[str, Any], c: Compared, pictures: Mapping[str, Any]) -> str:
    """The page. What comes from the log is data in it, never markup."""
    lanes = [
        {
            "stream_id": session.stream_id,
            "session_id": session.session_id,
            "noun": noun,
            **{
                side: [[s.start_us, s.end_us, s.state, s.text, s.score] for s in spans]
                for side, spans in zip("ab", found.lanes[session], strict=True)
            },
        }
        for noun, found in c.found.items()
        for session in sorted(found.lanes)
    ]
    data = orjson.dumps({**report, "lanes": lanes, "pictures": dict(pictures)}).decode()
    # Within a script element only `<` can end it; in JSON it stands in strings alone.
    return TEMPLATE.read_text().replace(PLACE, data.replace("<", "\\u003c"))
