"""Keys of sources: encrypted as they are stored, and whose they are."""

from pathlib import Path

import pytest

from aftercall.core.errors import Malformed, NotFound, Unavailable
from aftercall.core.instants import EpochMs
from aftercall.outbound.safe_sender import AddressRefused, SafeSender
from aftercall.service.accounts.source_keys import SourceKeys
from aftercall.settings import Settings
from aftercall.store.engine.database import Database

NOW = EpochMs(1_795_262_400_000)


def _keys(db: Database, folder: Path, **settings: str) -> SourceKeys:
    return SourceKeys(
        db=db,
        clock=lambda: NOW,
        settings=Settings(data_dir=folder, **settings),  # type: ignore[arg-type]
        check_url=SafeSender().check,
    )


async def test_a_secret_comes_back_as_it_was_and_is_stored_encrypted(
    db: Database, tmp_path: Path
) -> None:
    keys = _keys(db, tmp_path)
    stored = await keys.add("account", "one", "livekit", "API1", "the secret")
    assert "secret" not in stored.sealed_secret
    await keys.add("account", "two", "livekit", "API1", "another")
    found = {(each.app_id, each.secret) for each in await keys.signers("livekit", "API1")}
    assert found == {("one", "the secret"), ("two", "another")}
    assert await _keys(db, tmp_path).signers("jitsi", "API1") == []
    again = await _keys(db, tmp_path).signers("livekit", "API1")
    assert {each.secret for each in again} == {"the secret", "another"}


async def test_a_key_added_again_has_the_new_secret_and_a_removed_one_is_gone(
    db: Database, tmp_path: Path
) -> None:
    keys = _keys(db, tmp_path)
    await keys.add("account", "one", "livekit", "API1", "old")
    await keys.add("account", "one", "livekit", "API1", "new")
    assert [each.secret for each in await keys.signers("livekit", "API1")] == ["new"]
    await keys.remove("account", "one", "livekit", "API1")
    assert await keys.signers("livekit", "API1") == []
    with pytest.raises(NotFound):
        await keys.remove("account", "one", "livekit", "API1")


async def test_a_key_encrypted_with_another_key_is_unavailable(
    db: Database, tmp_path: Path
) -> None:
    await _keys(db, tmp_path).add("account", "one", "livekit", "API1", "the secret")
    other = _keys(db, tmp_path, secret_key="another encryption key of the operator")
    with pytest.raises(Unavailable):
        await other.signers("livekit", "API1")


async def test_several_nodes_need_an_encryption_key_in_the_settings(
    db: Database, tmp_path: Path
) -> None:
    keys = _keys(db, tmp_path, database_url="postgresql://db/calls")
    with pytest.raises(Malformed) as refused:
        await keys.add("account", "one", "livekit", "API1", "the secret")
    assert refused.value.code == "no_secret_key"
    with pytest.raises(Malformed) as refused:
        await _keys(db, tmp_path, secret_key="short").add("account", "one", "livekit", "k", "s")
    assert refused.value.code == "weak_secret_key"


@pytest.mark.parametrize(
    ("key_id", "secret"), [("", "s"), ("k" * 257, "s"), ("k\n", "s"), ("k", "")]
)
async def test_an_empty_or_a_too_long_key_is_refused(
    db: Database, tmp_path: Path, key_id: str, secret: str
) -> None:
    with pytest.raises(Malformed):
        await _keys(db, tmp_path).add("account", "one", "livekit", key_id, secret)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("wss://livekit.example.com", "https://livekit.example.com"),
        (" https://livekit.example.com/path/ ", "https://livekit.example.com/path"),
        ("ws://203.0.113.7:7880", None),
        ("http://8.8.8.8:7880", "http://8.8.8.8:7880"),
        ("http://10.0.0.1:7880", None),
        ("ftp://livekit.example.com", None),
        ("livekit.example.com", None),
        ("https://user:password@livekit.example.com", None),
        ("https://livekit.example.com/?a=b", None),
        ("https://[", None),
    ],
)
async def test_the_address_of_a_server_is_one_that_requests_may_go_to(
    db: Database, tmp_path: Path, given: str, url: str | None
) -> None:
    keys = _keys(db, tmp_path)
    if url is None:
        with pytest.raises((Malformed, AddressRefused)):
            await keys.add("account", "one", "livekit", "API1", "secret", server_url=given)
        assert await keys.list_servers("one") == {}
        return
    await keys.add("account", "one", "livekit", "API1", "secret", server_url=given)
    assert (await keys.list_servers("one"))["livekit", "API1"].url == url
    assert await keys.list_servers("two") == {}
    await keys.add("account", "one", "livekit", "API1", "secret")
    assert await keys.list_servers("one") == {}


async def test_only_servers_of_livekit_are_asked(db: Database, tmp_path: Path) -> None:
    with pytest.raises(Malformed):
        await _keys(db, tmp_path).add(
            "account", "one", "jitsi", "pages", "secret", server_url="https://jitsi.example.com"
        )
