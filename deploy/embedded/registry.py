"""A small schema registry that speaks Confluent's REST paths: for Avro, embedded, persistent."""

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from deploy.embedded.registry_store import EVERYWHERE, Refused, RegistryStore, Version

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"


def answer(value: Any, status: int = 200) -> Response:
    """JSON under the registry's own media type."""
    return JSONResponse(value, status, media_type=MEDIA_TYPE)


def as_json(version: Version) -> dict[str, Any]:
    """A version as the paths answer it."""
    return {"subject": version.subject, "version": version.version, "id": version.id, "schema": version.text}


def flag(request: Request, name: str) -> bool:
    """A yes-or-no of the query."""
    return request.query_params.get(name, "false").lower() == "true"


async def schema_of(request: Request) -> str:
    """The Avro schema in a request's body; Refused (42201, 422) otherwise."""
    body = await request.json()
    if not isinstance(body, dict) or not isinstance(body.get("schema"), str):
        raise Refused(42201, "Empty schema")
    if body.get("schemaType", "AVRO") != "AVRO":
        raise Refused(422, f"this registry holds AVRO only, not {body['schemaType']}")
    if body.get("references"):
        raise Refused(422, "this registry does not resolve references: put the referred types into the schema")
    return str(body["schema"])


def routes(store: RegistryStore) -> list[Route]:
    """Every path, on a store."""

    async def subjects(request: Request) -> Response:
        prefix = request.query_params.get("subjectPrefix", "")
        return answer([name for name in store.subjects(flag(request, "deleted")) if name.startswith(prefix)])

    async def subject(request: Request) -> Response:
        name = request.path_params["subject"]
        if request.method == "DELETE":
            return answer(store.delete(name, permanent=flag(request, "permanent")))
        return answer(as_json(store.lookup(name, await schema_of(request))))

    async def versions(request: Request) -> Response:
        name = request.path_params["subject"]
        if request.method == "POST":
            made = store.register(name, await schema_of(request))
            return answer({"id": made.id, "version": made.version, "schema": made.text, "schemaType": "AVRO"})
        return answer([v.version for v in store.versions(name, flag(request, "deleted"))])

    async def version(request: Request) -> Response:
        name, wanted = request.path_params["subject"], request.path_params["version"]
        if request.method == "DELETE":
            return answer(store.delete(name, wanted, flag(request, "permanent"))[0])
        return answer(as_json(store.version(name, wanted)))

    async def bare(request: Request) -> Response:
        found = store.version(request.path_params["subject"], request.path_params["version"])
        return Response(found.text, media_type=MEDIA_TYPE)

    async def by_id(request: Request) -> Response:
        return answer({"schema": store.text(request.path_params["id"]), "schemaType": "AVRO"})

    async def bare_by_id(request: Request) -> Response:
        return Response(store.text(request.path_params["id"]), media_type=MEDIA_TYPE)

    async def uses(request: Request) -> Response:
        found = store.versions_of(request.path_params["id"])
        return answer([{"subject": v.subject, "version": v.version} for v in found])

    async def users(request: Request) -> Response:
        return answer(sorted({v.subject for v in store.versions_of(request.path_params["id"])}))

    async def types(_: Request) -> Response:
        return answer(["AVRO"])

    async def config(request: Request) -> Response:
        name = request.path_params.get("subject", EVERYWHERE)
        if request.method == "PUT":
            level = (await request.json()).get("compatibility", "")
            store.set_level(name, level)
            return answer({"compatibility": level})
        if request.method == "DELETE":
            return answer({"compatibilityLevel": store.unset_level(name)})
        return answer({"compatibilityLevel": store.level(name, flag(request, "defaultToGlobal"))})

    async def compatibility(request: Request) -> Response:
        name, wanted = request.path_params["subject"], request.path_params.get("version")
        broken = store.compatible(name, wanted, await schema_of(request))
        told = {"messages": broken} if flag(request, "verbose") else {}
        return answer({"is_compatible": not broken, **told})

    async def mode(_: Request) -> Response:
        return answer({"mode": "READWRITE"})

    async def root(_: Request) -> Response:
        return answer({})

    async def health(_: Request) -> Response:
        store.subjects()
        return PlainTextResponse("ok")

    s = "/subjects/{subject}"
    return [
        Route("/", root),
        Route("/healthz", health),
        Route("/subjects", subjects),
        Route(s, subject, methods=["POST", "DELETE"]),
        Route(s + "/versions", versions, methods=["GET", "POST"]),
        Route(s + "/versions/{version}", version, methods=["GET", "DELETE"]),
        Route(s + "/versions/{version}/schema", bare),
        Route("/schemas/types", types),
        Route("/schemas/ids/{id:int}", by_id),
        Route("/schemas/ids/{id:int}/schema", bare_by_id),
        Route("/schemas/ids/{id:int}/versions", uses),
        Route("/schemas/ids/{id:int}/subjects", users),
        Route("/config", config, methods=["GET", "PUT", "DELETE"]),
        Route("/config/{subject}", config, methods=["GET", "PUT", "DELETE"]),
        Route("/compatibility/subjects/{subject}/versions", compatibility, methods=["POST"]),
        Route("/compatibility/subjects/{subject}/versions/{version}", compatibility, methods=["POST"]),
        Route("/mode", mode),
        Route("/mode/{subject}", mode),
    ]


async def refused(_: Request, error: Exception) -> Response:
    """A refusal as Confluent's registry words it."""
    assert isinstance(error, Refused)
    return answer({"error_code": error.code, "message": error.message}, error.status)


async def unreadable(_: Request, error: Exception) -> Response:
    """A body that is no JSON."""
    return answer({"error_code": 400, "message": f"the body is no JSON: {error}"}, 400)


async def unwritten(_: Request, error: Exception) -> Response:
    """A file that can not be read or written, as on a full disk, with Confluent's word for it."""
    return answer({"error_code": 50001, "message": f"Error in the backend data store: {error}"}, 500)


def app(path: Path | str) -> Starlette:
    """The registry on a SQLite file (its folder is made)."""
    if path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    handlers: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
        Refused: refused,
        ValueError: unreadable,
        sqlite3.Error: unwritten,
    }
    return Starlette(routes=routes(RegistryStore(path)), exception_handlers=handlers)
