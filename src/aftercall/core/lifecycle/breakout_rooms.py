"""Time spent in breakout rooms, added to the participants of the main session."""

from collections.abc import Iterable, Sequence

from aftercall.core.records import Participant


def consolidated_minutes(
    participants: Sequence[Participant], breakout_participants: Iterable[Participant]
) -> dict[str, float]:
    """Minutes by participant id, with the time of the same identity in breakout rooms.

    `duration_minutes` counts as a participant's own minutes. One identity can have several
    participants, as after a rejoin: a stay in a breakout room is added to the last of them that
    joined before it, else to the first. An identity without any id has no time elsewhere.
    """
    minutes = {participant.id: participant.duration_minutes for participant in participants}
    peers_of_participants: dict[str, list[Participant]] = {}
    for participant in sorted(
        participants, key=lambda participant: (participant.joined_at, participant.id)
    ):
        for key in _identities(participant):
            peers_of_participants.setdefault(key, []).append(participant)
    for stay in breakout_participants:
        peers = next(
            (
                peers_of_participants[key]
                for key in _identities(stay)
                if key in peers_of_participants
            ),
            None,
        )
        if peers is not None:
            before = [
                participant for participant in peers if participant.joined_at <= stay.joined_at
            ]
            home = (before or peers[:1])[-1]
            minutes[home.id] = round(minutes[home.id] + stay.duration_minutes, 4)
    return minutes


def _identities(participant: Participant) -> list[str]:
    named = (("user", participant.user_id), ("custom", participant.custom_participant_id))
    return [f"{kind}:{name}" for kind, name in named if name]
