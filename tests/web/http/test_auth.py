import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Refused, Unauthenticated
from aftercall.core.records import Role
from aftercall.web.http.auth import needed_role, read_credentials


def _basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("headers", "token", "user"),
    [
        ({"authorization": "Bearer t"}, "t", None),
        ({"authorization": "bearer  t "}, "t", None),
        ({"x-auth-key": "t", "x-auth-email": "a@b"}, "t", None),
        ({"authorization": _basic("app:t")}, "t", "app"),
        ({"authorization": _basic("app:t:u")}, "t:u", "app"),
        ({"authorization": "Bearer t", "x-auth-key": "other"}, "t", None),
        ({}, None, None),
    ],
)
def test_a_token_is_found_wherever_clients_put_it(
    headers: dict[str, str], token: str | None, user: str | None
) -> None:
    credentials = read_credentials(headers)
    assert (credentials.token, credentials.user) == (token, user)


@pytest.mark.parametrize("value", ["Digest x", "Basic ???", "Basic " + "YQ==", "Basic gICA"])
def test_malformed_credentials_are_refused(value: str) -> None:
    with pytest.raises(Refused) as refused:
        read_credentials({"authorization": value})
    assert isinstance(refused.value, Unauthenticated)


@given(st.text())
def test_any_header_is_parsed_or_refused(value: str) -> None:
    try:
        read_credentials({"authorization": value})
    except Refused as refused:
        assert refused.code == "bad_credentials"


@pytest.mark.parametrize(
    ("method", "role"),
    [("GET", Role.READ), ("POST", Role.ADMIN), ("DELETE", Role.ADMIN), ("PATCH", Role.ADMIN)],
)
def test_only_safe_methods_need_the_read_role(method: str, role: Role) -> None:
    assert needed_role(method) is role
