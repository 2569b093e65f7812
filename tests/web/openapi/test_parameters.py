"""Addresses below `/v1` refuse, by name, parameters they do not declare and values out of range."""

from typing import Any
from urllib.parse import quote

import pytest

from aftercall.web.intake.app import IntakeApp
from aftercall.web.openapi.document import write_document
from aftercall.web.openapi.intake import INTAKE_PATHS
from aftercall.web.routes import DOCUMENTED, OWN, create_litestar
from tests.web.rest_server import ApiClient, RestServer

Operation = tuple[str, str, dict[str, Any]]


def operations(server: RestServer, prefix: str) -> list[Operation]:
    """Method, path and description of each documented operation below a prefix."""
    document = write_document(create_litestar(server.services), below=(DOCUMENTED, OWN))
    found = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        if path.startswith(prefix) and path not in INTAKE_PATHS
        for method, operation in methods.items()
    ]
    assert found
    return found


def declared(operation: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in operation["parameters"] if each["in"] == "query"]


def address(path: str, caller: ApiClient) -> str:
    names = {part[1:-1] for part in path.split("/") if part.startswith("{")}
    known = {"app_id": caller.app_id, "account_id": caller.account_id}
    return path.format(**{name: known.get(name, "x") for name in names})


async def refusal(caller: ApiClient, method: str, url: str) -> tuple[int, str, str | None, str]:
    answer = await caller.request_url(method, url, **({} if method == "GET" else {"json": {}}))
    error = answer.json()["error"]
    return answer.status_code, error["reason"], error.get("field"), error["message"]


async def test_every_operation_of_our_own_refuses_an_unknown_parameter(server: RestServer) -> None:
    caller = await server.new_client(is_of_account=True)
    for method, path, operation in operations(server, OWN):
        url = f"{address(path, caller)}?asn=64496"
        status, code, field, message = await refusal(caller, method, url)
        assert (status, code, field) == (400, "unknown_parameter", "asn"), url
        assert all(each["name"] in message for each in declared(operation)), url


def outside(schema: dict[str, Any]) -> list[tuple[str, str]]:
    """Values that a schema does not allow, with the code of their refusal."""
    match schema:
        case {"type": "integer", "minimum": least, "maximum": most}:
            return [(str(each), "bad_number") for each in (least - 1, most + 1, "many", 1.5)]
        case {"enum": _} | {"items": {"enum": _}}:
            return [("nonsense", "bad_choice")]
        case {"type": "boolean"}:
            return [("perhaps", "bad_flag")]
        case {"maxLength": most}:
            return [("a" * (most + 1), "bad_text"), ("\0", "bad_text")]
        case {"default": "UTC"}:
            return [("soon", "bad_zone")]
        case {"pattern": pattern} if pattern.startswith("^20"):
            return [("9:1", "bad_month"), ("2026-13", "bad_month")]
        case {"pattern": _}:
            return [("9:1", "bad_range"), ("few", "bad_range")]
    return [("soon", "bad_time")]


async def test_every_declared_parameter_refuses_a_value_outside_its_schema(
    server: RestServer,
) -> None:
    caller = await server.new_client(is_of_account=True)
    tried = 0
    for method, path, operation in operations(server, OWN):
        for parameter in declared(operation):
            for value, expected in outside(parameter["schema"]):
                url = f"{address(path, caller)}?{parameter['name']}={quote(value)}"
                found = await refusal(caller, method, url)
                assert found[:3] == (400, expected, parameter["name"]), url
                tried += 1
    assert tried > 40


async def test_a_declared_parameter_accepts_the_ends_of_its_range(server: RestServer) -> None:
    caller = await server.new_client(is_of_account=True)
    for method, path, operation in operations(server, OWN):
        for parameter in declared(operation):
            schema = parameter["schema"]
            ends = [schema[end] for end in ("minimum", "maximum") if end in schema]
            for value in [*ends, *schema.get("enum", []), ""]:
                url = f"{address(path, caller)}?{parameter['name']}={value}"
                answer = await caller.request_url(method, url)
                # Where a body or a model is missing, that is what is refused.
                error = answer.json().get("error") or {} if answer.status_code == 400 else {}
                is_missing = error.get("reason") in ("no_file", "no_transcription_model")
                assert answer.status_code in (200, 404) or is_missing, (url, answer.text)


async def test_realtimekits_paths_ignore_unknown_parameters(server: RestServer) -> None:
    caller = await server.new_client(is_of_account=True)
    for method, path, _ in operations(server, DOCUMENTED):
        if method == "GET":
            url = f"{address(path, caller)}?asn=64496&per_page=9999"
            assert (await caller.request_url(method, url)).status_code in (200, 404), url


@pytest.mark.parametrize("what", ["/v1/collect", "/v1/apps/{}/events", "/v1/apps/{}/sources/janus"])
async def test_the_intake_of_our_own_refuses_an_unknown_parameter(
    server: RestServer, what: str
) -> None:
    caller = await server.new_client()
    answer = await _post(server, f"{what.format(caller.app_id)}", b"asn=64496")
    assert answer[0] == 400
    assert b"unknown_parameter" in answer[1] and b'"asn"' in answer[1]


async def test_the_intake_of_realtimekits_client_ignores_unknown_parameters(
    server: RestServer,
) -> None:
    status, body = await _post(server, "/api/v1/message", b"asn=64496")
    assert (status, b"unknown_parameter" in body) == (401, False)


async def _post(server: RestServer, path: str, query: bytes) -> tuple[int, bytes]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {
        "type": "http", "method": "POST", "path": path, "query_string": query,
        "headers": [], "client": None, "state": {},
    }  # fmt: skip
    await IntakeApp(server.services)(scope, receive, send)
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent)
