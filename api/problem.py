"""Errors as problem+json (RFC 9457): what is wrong, and what to do about it."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemBody:
    """What a refused request is answered with."""

    title: str
    status: int
    detail: str
    do: str
    part: str = ""


class Problem(Exception):
    """A request that can not be answered. `part` names what is away, for 503."""

    def __init__(self, status: int, detail: str, do: str, part: str = "") -> None:
        super().__init__(detail)
        self.body = ProblemBody(HTTPStatus(status).phrase, status, detail, do, part)


def away(part: str, why: str, do: str) -> Problem:
    """503: a part of the platform does not answer; the request may be sent again later."""
    return Problem(503, f"{part} does not answer: {why}", do, part)


def answer(body: ProblemBody) -> Response:
    """The problem as a response."""
    headers = {"Retry-After": "2"} if body.status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return Response(orjson.dumps(body), body.status, headers, MEDIA_TYPE)


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return answer(error.body)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    said = "; ".join(f"{'.'.join(map(str, e['loc'][1:])) or e['loc'][0]}: {e['msg']}" for e in error.errors())
    return answer(ProblemBody("Unprocessable request", 422, said, "see /docs for the parameters"))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    detail = f"{request.method} {request.url.path}: {error.detail}"
    return answer(ProblemBody(status.phrase, status, detail, "see /docs for what there is"))


async def _bug(request: Request, error: Exception) -> Response:
    detail = f"{request.method} {request.url.path} failed: {type(error).__name__}"
    return answer(ProblemBody("Internal error", 500, detail, "this is a bug: the API's log has the traceback"))


def install(app: FastAPI) -> None:
    """Every error of `app` leaves as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)


RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ProblemBody, "description": "The request can not be answered; `do` says what would help"},
    503: {"model": ProblemBody, "description": "A part is away; `part` names it"},
}
