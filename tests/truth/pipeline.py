"""A call's samples through the program: taken in by the collect protocol, folded, compared."""

from aftercall.core.events import Identity
from aftercall.core.quality.report.fold import PeerFacts, Verdict
from tests.completed_calls import collected, completed, facts_of
from tests.truth.collector_entries import entries, peer_id
from tests.truth.connection_changes import play_scene
from tests.truth.scene import Scene


def verdicts(scene: Scene) -> dict[str, Verdict]:
    """The verdict of every participant of a call, by name."""
    play = play_scene(scene)
    participants: dict[str, list[PeerFacts]] = {}
    for person in scene.people:
        whose, who = peer_id(scene, person.name), scene.participant(person.name)
        identity = Identity(user_id=person.name, display_name=person.name.capitalize())
        events = collected(whose, entries(play, person), identity=identity)
        participants.setdefault(who, []).append(facts_of(whose, events, participant_id=who))
    return completed(participants, {name: name.capitalize() for name in participants})
