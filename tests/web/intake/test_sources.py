from aftercall.ingest.source_kinds import CLIENT_SOURCES, ROOM_SOURCES
from aftercall.web.intake.sources import APP_PREFIX, ROUTES


def test_what_is_posted_outside_of_an_app_comes_from_the_participants_clients() -> None:
    outside = {each.source.SOURCE for each in ROUTES if not each.path.startswith(APP_PREFIX)}
    assert outside == CLIENT_SOURCES


def test_sources_that_report_rooms_post_for_an_app() -> None:
    inside = {each.source.SOURCE for each in ROUTES if each.path.startswith(APP_PREFIX)}
    assert inside >= ROOM_SOURCES
