"""A whole call, second by second: who comes and goes, speaks, mutes, shares a screen."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from aftercall.simulator import dialogue, network_conditions, people
from aftercall.simulator.dialogue import Meeting, Utterance
from aftercall.simulator.form import Form
from aftercall.simulator.media import CAMERA, MICROPHONE, SCREEN, SLIDES
from aftercall.simulator.network_conditions import OUTAGE_S, Kind, Weather
from aftercall.simulator.peer import SimulatedPeer, new_uuid
from aftercall.simulator.people import Person

_REJOIN_AFTER_S: Final = 20
_SHARES_SCREEN: Final = 0.5
_MUTES_WHEN_QUIET: Final = 0.4
_TURNS_CAMERA_OFF: Final = 0.25
_GIVES_FEEDBACK: Final = 0.4
_SHORTEST_S: Final = 30


@dataclass(frozen=True, slots=True)
class Stay:
    """From when to when, in seconds of the call, a guest is connected by one peer."""

    start_s: int
    end_s: int
    is_continued: bool = False
    """It takes up the connection of the stay before it, which ended without a word."""
    ends_silently: bool = False


@dataclass(kw_only=True)
class Guest:
    """A participant, and what it will do."""

    number: int
    person: Person
    weather: Weather
    stays: list[Stay]
    mutes_when_quiet: bool
    camera_off_s: tuple[int, int] | None
    peer: SimulatedPeer | None = None
    last_peer_id: str | None = None

    def is_silent(self) -> bool:
        return self.weather.kind is Kind.SILENT_MICROPHONE


@dataclass(frozen=True, slots=True)
class SentEntry:
    """An entry of the collect protocol, and the peer that hands it in."""

    guest: int
    peer: SimulatedPeer
    entry: dict[str, Any]


@dataclass(kw_only=True)
class Call:
    """A call as planned; `play` carries it out. The same seed and number plan the same call."""

    seed: int
    number: int
    participants: int
    length_s: int
    interval_s: int
    begin_ms: int
    kinds: tuple[Kind, ...] = ()
    """The weather of the first guests; the others' is drawn."""
    form: Form = Form.MEETING
    meeting: Meeting | None = None
    """What it is about; by turns when left out."""
    persons: tuple[Person, ...] = ()
    """The first guests; the others are drawn."""
    title: str = field(init=False)
    guests: list[Guest] = field(init=False)
    utterances: list[Utterance] = field(init=False)
    screen_s: tuple[int, int] | None = field(init=False)

    def __post_init__(self) -> None:
        if self.length_s < _SHORTEST_S:
            raise ValueError(f"a call lasts at least {_SHORTEST_S} s")
        self._random = Random(f"{self.seed}/{self.number}")
        by_turns = dialogue.MEETINGS[(self.seed + self.number) % len(dialogue.MEETINGS)]
        meeting = self.meeting or by_turns
        self.title = meeting.title
        missing = people.draw(self.participants - len(self.persons), self._random)
        persons = (*self.persons, *missing)[: self.participants]
        self.guests = [self._guest(n, person) for n, person in enumerate(persons)]
        self.utterances = dialogue.spread(
            meeting,
            start_s=max(guest.stays[0].start_s for guest in self.guests),
            end_s=self.length_s * 0.94,
            random=self._random,
        )
        shares = self._random.random() < _SHARES_SCREEN
        self.screen_s = self.form.screen_time(self.length_s, is_chosen=shares)

    def _guest(self, number: int, person: Person) -> Guest:
        random = self._random
        kind = self.kinds[number] if number < len(self.kinds) else network_conditions.draw(random)
        start = 0 if number == 0 else random.randrange(1, max(2, min(90, self.length_s // 8)))
        end = self.length_s - random.randrange(0, max(1, min(20, self.length_s // 12)))
        if number > 1 and random.random() < 0.15:
            end = int(self.length_s * random.uniform(0.6, 0.85))
        skies = Weather(kind, stay_s=end - start, random=Random(random.getrandbits(64)))
        off = int(start + (end - start) * random.uniform(0.4, 0.5))
        turns_off = random.random() < _TURNS_CAMERA_OFF
        sources = self.form.sources(number)
        return Guest(
            number=number,
            person=person,
            weather=skies,
            stays=_stays(skies, start, end),
            mutes_when_quiet=kind is not Kind.SILENT_MICROPHONE
            and random.random() < _MUTES_WHEN_QUIET
            and MICROPHONE in sources,
            camera_off_s=(off, off + max(5, self.length_s // 10))
            if turns_off and CAMERA in sources
            else None,
        )

    def play(self) -> Iterator[tuple[int, list[SentEntry]]]:
        """The entries of all guests, second by second."""
        for second in range(self.length_s + 1):
            sent: list[SentEntry] = []
            for guest in self.guests:
                sent += [
                    SentEntry(guest.number, peer, entry)
                    for peer, entry in self._live(guest, second)
                ]
            self._exchange_media(second)
            for guest in self.guests:
                if guest.peer is not None and self._is_sample_due(guest.peer, second):
                    sent.append(
                        SentEntry(guest.number, guest.peer, guest.peer.sample(second + 0.9))
                    )
            yield second, sent

    def first_peer_id(self) -> str:
        """The id of the peer that arrives first; for a call that is not played after it."""
        _, sent = next(self.play())
        return sent[0].peer.id

    def _is_sample_due(self, peer: SimulatedPeer, second: int) -> bool:
        elapsed = second - peer.joined_s
        is_due = elapsed > 0 and elapsed % self.interval_s == 0
        return is_due and not peer.conditions.is_offline

    def _live(self, guest: Guest, second: int) -> Iterator[tuple[SimulatedPeer, dict[str, Any]]]:
        """The entries of a guest in one second, its samples apart."""
        for stay in guest.stays:
            if stay.end_s == second and guest.peer is not None:
                leaver = guest.peer
                if not stay.ends_silently:
                    yield from ((leaver, entry) for entry in self._leave(guest, leaver, second))
                self._hang_up(guest)
            if stay.start_s == second:
                peer = self._connect(guest, stay, second)
                yield from ((peer, entry) for entry in self._arrive(guest, peer, second))
        if guest.peer is None or guest.peer.conditions.is_offline:
            return
        talker = guest.peer
        for entry in (*self._talk(guest, talker, second), *self._act(guest, talker, second)):
            yield talker, entry

    def _connect(self, guest: Guest, stay: Stay, second: int) -> SimulatedPeer:
        peer = SimulatedPeer(
            id=new_uuid(self._random),
            guest=guest.number,
            person=guest.person,
            weather=guest.weather,
            begin_ms=self.begin_ms,
            joined_s=second,
            previous_peer_id=guest.last_peer_id if stay.is_continued else None,
            is_mesh=self.form is Form.MESH,
            random=Random(self._random.getrandbits(64)),
        )
        for source in self.form.sources(guest.number):
            peer.send(source)
        if MICROPHONE.name in peer.sendings:
            peer.sendings[MICROPHONE.name].is_muted = guest.mutes_when_quiet
        guest.peer, guest.last_peer_id = peer, peer.id
        return peer

    def _arrive(self, guest: Guest, peer: SimulatedPeer, second: int) -> Iterator[dict[str, Any]]:
        previous = {"previous_peer_id": peer.previous_peer_id} if peer.previous_peer_id else {}
        yield peer.entry(
            "join",
            second,
            interval_ms=self.interval_s * 1000,
            display_name=guest.person.name,
            is_hidden=False,
            **previous,
        )
        is_new = second == guest.stays[0].start_s
        tested = {"precall": guest.person.precall(guest.weather)} if is_new else {}
        yield peer.entry("describe", second + 0.05, **guest.person.description(), **tested)
        machine = guest.person.machine
        microphone = {"device_id": "mic-1", "kind": "audioinput", "label": machine.microphone}
        camera = {"device_id": "cam-1", "kind": "videoinput", "label": machine.camera}
        yield peer.event("audio_devices_updates", second + 0.06, devices=[microphone])
        yield peer.event("video_devices_updates", second + 0.06, devices=[camera])
        speaker = {"device_id": "out-1", "kind": "audiooutput", "label": machine.speaker}
        yield peer.event("speaker_devices_updates", second + 0.06, devices=[speaker])
        yield peer.event("selected_microphone_update", second + 0.07, device=microphone)
        yield peer.event("selected_camera_update", second + 0.07, device=camera)
        for after, state in ((0.1, "checking"), (0.45, "connected")):
            yield peer.event("ice_connection_state", second + after, state=state)
        if MICROPHONE.name in peer.sendings and not guest.mutes_when_quiet:
            yield peer.event("audio_on", second + 0.5)
        if CAMERA.name in peer.sendings:
            yield peer.event("video_on", second + 0.5)

    def _leave(self, guest: Guest, peer: SimulatedPeer, second: int) -> Iterator[dict[str, Any]]:
        if second == guest.stays[-1].end_s and self._random.random() < _GIVES_FEEDBACK:
            is_good = guest.weather.kind is Kind.GOOD
            stars = self._random.choice((4, 5, 5)) if is_good else self._random.choice((1, 2, 3))
            yield peer.event("feedback", second - 0.4, stars=stars)
        yield peer.entry("leave", second - 0.1)

    def _hang_up(self, guest: Guest) -> None:
        assert guest.peer is not None
        gone, guest.peer = guest.peer.id, None
        for other in self.guests:
            if other.peer is not None:
                for key in [key for key in other.peer.receivings if key[0] == gone]:
                    del other.peer.receivings[key]

    def _talk(self, guest: Guest, peer: SimulatedPeer, second: int) -> Iterator[dict[str, Any]]:
        for number, utterance in enumerate(self.utterances):
            line = utterance.line
            if not self._says(guest, utterance):
                continue
            id_ = f"{self.seed}-{self.number}-{number}"
            if line.is_chat and int(utterance.at_s) == second:
                yield peer.entry("chat", utterance.at_s, id=f"chat-{id_}", text=line.text)
            elif not line.is_chat and int(utterance.end_s) == second and not guest.is_silent():
                yield peer.entry(
                    "transcript",
                    utterance.end_s,
                    id=f"line-{id_}",
                    start_at=peer.at_ms(utterance.at_s),
                    end_at=peer.at_ms(utterance.end_s),
                    text=line.text,
                )

    def _act(self, guest: Guest, peer: SimulatedPeer, second: int) -> Iterator[dict[str, Any]]:
        """Mutes, cameras and screens."""
        if guest.mutes_when_quiet:
            speaks = self._speaks(guest, second + 1) or self._speaks(guest, second - 2)
            microphone = peer.sendings["microphone"]
            if microphone.is_muted == speaks:
                microphone.is_muted = not speaks
                yield peer.event("audio_on" if speaks else "audio_off", second + 0.2)
        if guest.camera_off_s is not None and second in guest.camera_off_s:
            is_off = second == guest.camera_off_s[0]
            peer.sendings["camera"].is_muted = is_off
            yield peer.event("video_off" if is_off else "video_on", second + 0.3)
        if guest.number == 0 and self.screen_s is not None and second in self.screen_s:
            if second == self.screen_s[0]:
                peer.send(SLIDES if self.form is Form.SLIDES else SCREEN)
                yield peer.event("screenshare_started", second + 0.3)
            elif peer.sendings.pop("screen", None) is not None:
                yield peer.event("screenshare_stopped", second + 0.3)

    def _speaks(self, guest: Guest, second: int) -> bool:
        return any(
            u.at_s <= second + 1 and second <= u.end_s
            for u in self.utterances
            if self._says(guest, u) and not u.line.is_chat
        )

    def _says(self, guest: Guest, utterance: Utterance) -> bool:
        """Whether a line is one of a guest's: those on stage share the parts of a webinar."""
        speakers = min(len(self.guests), self.form.most_speakers)
        return utterance.line.speaker % speakers == guest.number

    def _exchange_media(self, second: int) -> None:
        present = [guest for guest in self.guests if guest.peer is not None]
        for guest in present:
            assert guest.peer is not None
            elapsed = second - guest.stays[0].start_s
            guest.peer.pass_second(elapsed, level=self._level(guest, second))
        peers = [guest.peer for guest in present if guest.peer is not None]
        for listener in peers:
            listener.others = peers
            for speaker in peers:
                if listener is not speaker and (speaker.sendings or self.form is Form.MESH):
                    _receive(listener, speaker)

    def _level(self, guest: Guest, second: int) -> float:
        """The audio level at a guest's microphone; a live one is never quite still."""
        if guest.is_silent():
            return 0.0
        if self._speaks(guest, second):
            return self._random.uniform(0.08, 0.35)
        return self._random.choice((0.002, 0.004, 0.006, 0.014, 0.03))


def _receive(listener: SimulatedPeer, speaker: SimulatedPeer) -> None:
    for key in [k for k in listener.receivings if k[0] == speaker.id]:
        if key[1] not in speaker.sendings:
            del listener.receivings[key]
    for sending in speaker.sendings.values():
        receiving = listener.receive(speaker.id, sending)
        receiving.pass_second(listener.conditions, speaker.conditions)


def _stays(skies: Weather, start: int, end: int) -> list[Stay]:
    if skies.kind is not Kind.RECONNECTING:
        return [Stay(start, end)]
    back = start + int(skies.spells[0].start_s) + OUTAGE_S + 1
    away = int(start + (end - start) * 0.75)
    if away <= back or away + _REJOIN_AFTER_S >= end:
        return [Stay(start, back, ends_silently=True), Stay(back, end, is_continued=True)]
    return [
        Stay(start, back, ends_silently=True),
        Stay(back, away, is_continued=True),
        Stay(away + _REJOIN_AFTER_S, end),
    ]
