from aftercall.core.alerts.alert import (
    Alert,
    AlertContent,
    AlertState,
    content_to_dict,
    without_names,
)
from aftercall.core.instants import EpochMs
from aftercall.core.quality.diagnosis.named_text import TextPart

NOW = EpochMs(1_795_262_400_000)


def test_an_alert_stores_ids_in_the_place_of_names() -> None:
    said = [TextPart("Mei Costa", "p1"), TextPart(" lost 12 %")]
    assert without_names(said) == [TextPart("", "p1"), TextPart(" lost 12 %")]


def test_what_an_alert_stores_is_read_as_it_was() -> None:
    content = AlertContent(
        sentence=[TextPart("", "p1"), TextPart(" lost 12 %")],
        figures={"loss_percent": 12.5},
        sessions=["s"],
        at=NOW,
    )
    alert = Alert(
        app_id="app",
        id="a",
        rule_id="r",
        subject="s",
        state=AlertState.OPEN,
        since_at=NOW,
        updated_at=NOW,
        content=content_to_dict(content),
    )
    assert alert.read_content() == content
