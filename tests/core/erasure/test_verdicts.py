"""Sentences are put into words again without the person's name and devices."""

from msgspec.structs import replace

from aftercall.core.erasure.mentions import KnownAs
from aftercall.core.erasure.verdicts import Sentences
from aftercall.core.instants import EpochMs
from aftercall.core.quality.diagnosis.diagnosis import put_in_words
from aftercall.core.quality.diagnosis.findings import DeviceSwitch, Evidence, Finding
from aftercall.core.quality.diagnosis.wording import People

NAMES = {"a": "Ada Lovelace", "b": "Bea Mertens"}
KNOWN = KnownAs(
    pseudonym="erased-5f1c02ab", names=["Ada Lovelace"], participants={"a": "Ada Lovelace"}
)
NOON = EpochMs(1_795_262_400_000)


def silent(**members: object) -> Finding:
    device = DeviceSwitch(kind="microphone", label="Ada's AirPods", at=NOON)
    found = Finding(
        cause="silent_microphone",
        severity="severe",
        first_at=NOON,
        last_at=EpochMs(NOON + 60_000),
        issues=[],
        subject="a",
        spans=[(NOON, EpochMs(NOON + 60_000))],
        evidence=Evidence(device=device),
    )
    return put_in_words(replace(found, **members), People(NAMES))


def sentences() -> Sentences:
    return Sentences({"b": NAMES["b"]}, KNOWN)


def test_a_sentence_names_the_pseudonym_and_no_device() -> None:
    assert "Ada Lovelace's microphone" in silent().sentence and "AirPods" in silent().sentence
    rewritten = sentences().rewrite(silent())
    assert "Erased 5f1c02ab's microphone" in rewritten.sentence
    assert "another microphone" in rewritten.sentence
    assert "Ada" not in str(rewritten)


def test_a_sentence_of_another_wording_loses_its_mentions() -> None:
    older = replace(
        silent(), sentence="Since Ada's AirPods came, Ada Lovelace was not heard, says Bea Mertens."
    )
    rewritten = sentences().rewrite(older)
    assert rewritten.sentence == (
        "Since another microphone came, Erased 5f1c02ab was not heard, says Bea Mertens."
    )


def test_a_sentence_about_others_stays_as_it_is() -> None:
    other = silent(subject="b", evidence=Evidence())
    assert sentences().rewrite(other) == other


def test_rewriting_twice_changes_nothing_more() -> None:
    once = sentences().rewrite(silent())
    assert sentences().rewrite(once) == once
