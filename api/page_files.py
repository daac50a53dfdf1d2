"""The built page at `/`, and a plain one that says how to build it where it is not built."""

from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

NOT_BUILT = """<!doctype html><html lang=en><title>framelog</title>
<meta name=viewport content="width=device-width">
<body style="font:16px/1.5 system-ui;margin:3em auto;max-width:40em">
<h1>framelog</h1><p>The API works; the page is not built yet. <code>make setup</code> builds it (it needs node 20
or newer, or takes one from PyPI). Meanwhile: <a href=/docs>the API</a>, <a href=/readyz>what works</a>.</p>"""
DOCS = """<!doctype html><html lang=en><title>framelog API</title>
<meta name=viewport content="width=device-width">
<body style="font:15px/1.5 system-ui;margin:2em auto;max-width:60em">
<h1>framelog API</h1><p>{about} <a href=/openapi.json>openapi.json</a></p><table cellpadding=6>{rows}</table>"""
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class Built(StaticFiles):
    """Files with a hash in their name are kept for ever, the rest is asked for each time."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file's response with caching and a content policy that lets nothing foreign in."""
        response = await super().get_response(path, scope)
        for_ever = path.startswith("assets/")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if for_ever else "no-cache"
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def mount_page(app: FastAPI, folder: Path | None) -> None:
    """Serves the page, and `/docs` without anything from elsewhere."""

    @app.get("/docs", include_in_schema=False)
    def docs(request: Request) -> HTMLResponse:
        schema = request.app.openapi()
        rows = "".join(
            f"<tr><td><b>{method.upper()}</b><td><code>{path}</code><td>{op.get('description', '')}"
            for path, methods in schema["paths"].items() for method, op in methods.items()
        )  # fmt: skip
        return HTMLResponse(DOCS.format(about=schema["info"]["description"], rows=rows))

    if folder is not None and (folder / "index.html").is_file():
        app.mount("/", Built(directory=folder, html=True), name="page")
        return

    @app.get("/", include_in_schema=False)
    def not_built() -> HTMLResponse:
        return HTMLResponse(NOT_BUILT)
