from typing import Any

from aftercall.web.intake import IntakeDoor
from aftercall.web.intake_document import INTAKE_PATHS

House = Any


async def _document(house: House) -> dict[str, Any]:
    answer = await house.client.get("/docs/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    document: dict[str, Any] = answer.json()
    return document


async def test_every_operation_says_what_it_does_and_answers(house: House) -> None:
    document = await _document(house)
    ids = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            where = (method, path)
            ids.append(operation["operationId"])
            assert operation["summary"], where
            assert all(parameter["description"] for parameter in operation["parameters"]), where
            successes = [status for status in operation["responses"] if status < "300"]
            assert len(successes) == 1, where
            assert {"400", "401", "403", "500", "503"} <= set(operation["responses"]), where
            assert ("requestBody" in operation) <= (method in {"post", "put", "patch"}), where
    assert len(set(ids)) == len(ids)


def _references(node: Any) -> set[str]:
    if isinstance(node, dict):
        found = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return found.union(*(_references(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(_references(value) for value in node))
    return set()


async def test_nothing_is_referred_to_that_is_not_there(house: House) -> None:
    document = await _document(house)
    there = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert _references(document) <= there


async def test_every_path_parameter_is_declared(house: House) -> None:
    for path, methods in (await _document(house))["paths"].items():
        for operation in methods.values():
            declared = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert declared == {part[1:-1] for part in path.split("/") if part.startswith("{")}


async def test_the_page_asks_nobody_else_for_anything(house: House) -> None:
    page = await house.client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for name in ("/docs/page.js", "/docs/page.css"):
        assert name in page.text
        assert (await house.client.get(name)).status_code == 200
    assert "http" not in page.text.replace("https://", "http://").replace("charset", "")


async def test_the_intake_is_documented_where_it_is_answered(house: House) -> None:
    paths = (await _document(house))["paths"]
    door = IntakeDoor(house.services)
    beside = [path for path in INTAKE_PATHS if path in paths]
    assert len(beside) == 4
    assert all(door.is_for(path.format(app_id="app")) for path in beside)
