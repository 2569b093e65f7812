"""Read links as a use case: what begins and ends them."""

import pytest

from aftercall.core.errors import AftercallError
from aftercall.core.instants import SECOND_MS
from aftercall.service.accounts.read_links import LONGEST_LIFE_S, SHORTEST_LIFE_S
from tests.service.privacy.personal_call import record_call
from tests.web.rest_server import ApiClient, RestServer


@pytest.fixture
async def owner(server: RestServer) -> ApiClient:
    owner = await server.new_client()
    await record_call(server, owner, is_over=False)
    return owner


@pytest.mark.parametrize("life_s", [0, -1, SHORTEST_LIFE_S - 1, LONGEST_LIFE_S + 1])
async def test_a_life_out_of_range_is_refused(
    server: RestServer, owner: ApiClient, life_s: int
) -> None:
    links = server.services.read_links
    with pytest.raises(AftercallError) as refused:
        await links.create(owner.account_id, owner.app_id, "call", life_s=life_s)
    assert refused.value.code == "bad_life"


@pytest.mark.parametrize("life_s", [SHORTEST_LIFE_S, LONGEST_LIFE_S])
async def test_a_link_to_a_live_session_lives_as_long_as_asked(
    server: RestServer, owner: ApiClient, life_s: int
) -> None:
    links = server.services.read_links
    link, code = await links.create(owner.account_id, owner.app_id, "call", life_s=life_s)
    assert link.expires_at - server.clock.now == life_s * SECOND_MS
    assert (await links.find(code)).link == link


async def test_two_links_of_one_session_end_apart(server: RestServer, owner: ApiClient) -> None:
    links = server.services.read_links
    first, first_code = await links.create(owner.account_id, owner.app_id, "call")
    _, second_code = await links.create(owner.account_id, owner.app_id, "call")
    assert first_code != second_code
    await links.revoke(owner.account_id, owner.app_id, first.id)
    with pytest.raises(AftercallError) as refused:
        await links.open(first_code)
    assert refused.value.code == "read_link_over"
    assert (await links.open(second_code)).link.session_id == "call"


@pytest.mark.parametrize("code", ["", "rl_", "rl_x", "\ud800", "x" * 100_000])
async def test_an_unknown_code_opens_nothing(server: RestServer, code: str) -> None:
    with pytest.raises(AftercallError) as refused:
        await server.services.read_links.open(code)
    assert refused.value.code == "read_link_over"
