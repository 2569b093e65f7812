from msgspec.structs import replace

from aftercall.core.instants import MINUTE_MS
from aftercall.core.overview.call_facets import environment_facets
from aftercall.core.overview.digest import digest_of, environment_of
from aftercall.core.overview.session_summary import facet
from aftercall.core.quality.experience.time_scale import scale_of
from aftercall.core.quality.report.fold import fold
from aftercall.core.quality.stats.peer_metadata import Application, Sdk
from tests.core.quality.session_digests import judged
from tests.core.quality.synthetic_call import (
    CALL_START,
    FINE,
    Call,
    PeerConditions,
    always,
    between,
)


def test_a_clean_call_is_good_for_every_participant() -> None:
    call = Call({"ada": always(FINE), "bob": always(FINE)}, minutes=3)
    for each in judged(call).values():
        assert each.is_measured
        assert not each.is_bad
        assert set(each.levels) == {4}


def test_a_minute_of_loss_lowers_the_levels_of_that_minute() -> None:
    bad = between(60, 120, PeerConditions(up_loss=0.3))
    call = Call({"ada": bad, "bob": always(FINE), "cyd": always(FINE)}, minutes=4)
    ada = judged(call)["ada"]
    levels = ada.levels
    first, last = (
        next(place for place in order if 0 < levels[place] < 3)
        for order in (range(len(levels)), reversed(range(len(levels))))
    )
    bucket_ms = ada.scale.bucket_ms
    assert MINUTE_MS - bucket_ms <= first * bucket_ms <= MINUTE_MS + 2 * bucket_ms
    assert last * bucket_ms <= 2 * MINUTE_MS + 2 * bucket_ms
    assert ada.is_bad
    assert ada.diagnosis[0].cause == "uplink"


def test_the_digest_names_the_relay_protocol() -> None:
    call = Call({"ada": always(PeerConditions(relay="tls")), "bob": always(FINE)}, minutes=1)
    found = judged(call)
    assert (found["ada"].where.relay, found["bob"].where.relay) == ("tls", "none")


def test_calls_are_counted_by_the_version_of_their_application() -> None:
    call = Call(["ada"], minutes=1)
    verdict = fold([call.facts("ada")], call.end_at).verdict
    metadata = replace(
        verdict.metadata, application=Application(name="web", version="4.12.0"), sdk=Sdk(name="x")
    )
    where = environment_of(replace(verdict, metadata=metadata))
    assert (where.app_version, where.client_version) == ("web 4.12.0", None)
    assert environment_facets(where) >= {facet("app_version", "web 4.12.0")}
    assert environment_of(verdict).app_version is None


def test_a_report_that_was_not_compared_has_no_letter() -> None:
    call = Call(["ada", "bob"], minutes=1)
    folded = fold([call.facts("ada")], call.end_at)
    short = digest_of(folded.verdict, scale_of(CALL_START, call.end_at), [], folded.streams)
    assert short.is_measured
    assert not short.is_judged
    assert (short.levels, short.p10_mos_audio) == ([], None)
