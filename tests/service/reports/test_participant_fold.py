import msgspec
import numpy as np
from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.experience.time_scale import scale_of
from aftercall.service.reports.document import pack, pack_provisional
from aftercall.service.reports.participant_fold import (
    fold_participant,
    inputs_of,
    inputs_read,
    name_of,
    pack_fold,
    stored_fold,
)
from tests.core.quality.synthetic_call import CALL_START, Call
from tests.stored_calls import lossy_call

CALL = lossy_call(minutes=4)
FACTS = [CALL.facts("bob")]
SCALE = scale_of(CALL_START, CALL.end_at)
INPUTS = inputs_read(FACTS)


def test_a_stored_fold_equals_the_folded_one() -> None:
    folded, details = fold_participant(FACTS, SCALE, CALL.end_at)
    document = pack_provisional(folded.verdict, details, pack_fold(INPUTS, folded))
    found = stored_fold(document, INPUTS, SCALE)
    assert found is not None
    assert (found.verdict, found.activity) == (folded.verdict, folded.activity)
    assert found.screenshare == folded.screenshare
    assert (found.moments.refs, found.moments.families) == (
        folded.moments.refs,
        folded.moments.families,
    )
    assert np.array_equal(found.moments.values, folded.moments.values, equal_nan=True)
    assert found.streams == folded.streams


def test_a_stored_fold_of_other_facts_or_another_version_is_not_used() -> None:
    folded, details = fold_participant(FACTS, SCALE, CALL.end_at)
    packed = pack_fold(INPUTS, folded)
    document = pack_provisional(folded.verdict, details, packed)
    more = inputs_of([FACTS[0].peer], {"bob": len(FACTS[0].samples) + 1}, {})
    assert stored_fold(document, more, SCALE) is None
    assert (
        stored_fold(document, INPUTS, scale_of(CALL_START, EpochMs(CALL.end_at + 60_000))) is None
    )
    assert stored_fold(document[:-1], INPUTS, SCALE) is None
    assert stored_fold(pack(folded.verdict, details), INPUTS, SCALE) is None
    assert stored_fold(b"\x01", INPUTS, SCALE) is None
    garbage = pack_provisional(folded.verdict, details, msgspec.msgpack.encode([1]))
    assert stored_fold(garbage, INPUTS, SCALE) is None


def test_a_participant_is_named_by_its_latest_display_name_else_by_an_id() -> None:
    call = Call(["ada"], minutes=1)
    peer = replace(call.peer("ada"), display_name=None, custom_participant_id=None, user_id=None)
    named = replace(peer, display_name="Ada")
    assert name_of([named, peer]) == "Ada"
    assert name_of([replace(peer, custom_participant_id="c", user_id="u")]) == "c"
    assert name_of([replace(peer, user_id="u")]) == "u"
    assert name_of([peer]) == "ada"
