"""Recordings and livestreams after an erasure."""

from aftercall.core.egresses import Egress, EgressKind, EgressStatus, Stated, merge_egresses
from aftercall.core.erasure.egresses import erase_egress
from aftercall.core.erasure.mentions import KnownAs, PersonMentions
from aftercall.core.instants import EpochMs

MENTIONS = PersonMentions(KnownAs(pseudonym="erased-1", names=["Ada Lovelace"]))


def _egress(**texts: str) -> Egress:
    return Egress(
        app_id="app",
        kind=EgressKind.RECORDING,
        id="one",
        session_id="call",
        meeting_id="weekly",
        status=EgressStatus.COMPLETE,
        status_at=EpochMs(5),
        invoked_at=EpochMs(5),
        texts={name: Stated(EpochMs(5), value) for name, value in texts.items()},
        created_at=EpochMs(5),
        updated_at=EpochMs(5),
    )


def test_addresses_and_names_go_for_good() -> None:
    before = _egress(file_name="Call of Ada Lovelace.mp4", download_url="https://f.test/1")
    after = erase_egress(before, MENTIONS, EpochMs(9))
    assert after.text("download_url") is None
    assert "Ada" not in (after.text("file_name") or "")
    repeated = merge_egresses(after, before)
    assert repeated.texts == after.texts
    assert erase_egress(repeated, MENTIONS, EpochMs(10)) == repeated


def test_an_egress_that_names_nobody_stays_as_it_is() -> None:
    before = _egress(file_name="call.mp4")
    assert erase_egress(before, MENTIONS, EpochMs(9)) is before
