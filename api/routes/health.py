"""Is it alive, does all of it work, and the figures for Prometheus."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.health import readiness
from api.metrics import exposition
from api.parts import Parts, parts
from api.shapes.health import Readiness
from api.wire import as_json

router = APIRouter(tags=["health"])
P = Annotated[Parts, Depends(parts)]


@router.get("/healthz")
async def healthz() -> dict[str, bool]:
    """Whether the process answers."""
    return {"ok": True}


@router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}})
def readyz(p: P) -> Response:
    """Every part: whether it works, since when not, and what to do. 503 while one does not."""
    found = readiness(p)
    answer = as_json(found)
    answer.status_code = 200 if found.ready else 503
    return answer


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(p: P) -> Response:
    """Prometheus' text format."""
    text, media_type = exposition(p)
    return Response(text, media_type=media_type)
