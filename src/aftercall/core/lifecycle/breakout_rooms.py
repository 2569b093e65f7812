"""Time spent in breakout rooms, added to the row it was spent away from."""

from collections.abc import Iterable, Sequence

from aftercall.core.records import Participant


def consolidated_minutes(
    rows: Sequence[Participant], breakout_rows: Iterable[Participant]
) -> dict[str, float]:
    """Minutes of each row, by its id, with its identity's time in breakout rooms.

    `duration_minutes` is taken as the minutes of a row. An identity can have several rows, as
    after a rejoin; a stay in a breakout room belongs to the one it left for it: the last that
    began before, else the first. An identity without any id has no time elsewhere.
    """
    minutes = {row.id: row.duration_minutes for row in rows}
    chains: dict[str, list[Participant]] = {}
    for row in sorted(rows, key=lambda row: (row.joined_at, row.id)):
        for key in _identities(row):
            chains.setdefault(key, []).append(row)
    for stay in breakout_rows:
        chain = next((chains[key] for key in _identities(stay) if key in chains), None)
        if chain is not None:
            before = [row for row in chain if row.joined_at <= stay.joined_at]
            home = (before or chain[:1])[-1]
            minutes[home.id] = round(minutes[home.id] + stay.duration_minutes, 4)
    return minutes


def _identities(row: Participant) -> list[str]:
    named = (("user", row.user_id), ("custom", row.custom_participant_id))
    return [f"{kind}:{name}" for kind, name in named if name]
