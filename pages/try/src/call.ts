import { attach, type Collector, type Source, type State } from "aftercall-collector";
import type { Ticket } from "./entrance";
import { type Link, openLink, type Signal } from "./link";
import type { Media } from "./media";
import { type About, openRelay, type Relay } from "./relay";
import { addPerson, type Person, type Switches } from "./stage";

export type LineKind = "chat" | "caption";

/** Messages of a person to everybody in the room. */
type RoomMessage =
  | { kind: LineKind; text: string }
  | { kind: "switches"; switches: Switches };

interface Other {
  about: About;
  person: Person;
  link?: Link;
}

export interface CallListener {
  onLine(kind: LineKind, name: string, text: string): void;
  onRecordState(state: State, sessionId: string | undefined): void;
  onProblem(sentence: string): void;
}

export interface Call {
  readonly collector: Collector;
  /** The media changed: sends the current tracks, and informs the others. */
  update(): void;
  sendLine(kind: LineKind, text: string, startedAt: number): void;
  leave(): Promise<void>;
}

interface Badge {
  peer_id: string;
  mos: number;
  /** 4 good, 3 fair, 2 poor, 1 bad. */
  level: number;
  worst: string;
}

const BADGES_EVERY_MS = 5_000;

const NOTES: Partial<Record<RTCPeerConnectionState, string>> = {
  new: "Connecting…",
  connecting: "Connecting…",
  disconnected: "Connection lost, trying again…",
  failed: "Connection failed, trying again…",
};

/** A mesh call of up to four people; the collector records it. */
export function startCall(
  ticket: Ticket,
  name: string,
  media: Media,
  stage: HTMLElement,
  listener: CallListener,
): Call {
  const others = new Map<string, Other>();
  let ownId = "";
  const collector = attach("page", {
    url: location.origin,
    token: ticket.token,
    displayName: name,
    deviceLabels: true,
    onState: listener.onRecordState,
    onError: (error) => console.warn("Collector:", error),
  });
  const about = { name, peer_id: collector.peerId };

  const own = addPerson(stage, true);
  own.setName(name);

  const switches = (): Switches => ({
    microphone: media.isOn("microphone"),
    camera: media.isOn("camera"),
    screen: media.isOn("screen"),
  });

  const showOwn = () => {
    own.setSwitches(switches());
    for (const [source, track] of media.tracks) own.show(source, track);
  };

  const meet = (id: string, theirs: About): Other => {
    const person = addPerson(stage, false);
    person.setName(String(theirs.name));
    person.setSwitches({ microphone: true, camera: true, screen: false });
    person.setNote("Connecting…");
    const other = { about: theirs, person };
    others.set(id, other);
    return other;
  };

  const part = async (id: string) => {
    const other = others.get(id);
    other?.person.remove();
    others.delete(id);
    await collector.sample();
    other?.link?.close();
  };

  const linkTo = (id: string, other: Other): Link => {
    other.link ??= openLink(ownId < id, collector.peerId, String(other.about.peer_id), {
      signal: (data) => relay.signal(id, data),
      onTrack: (source: Source, track) => other.person.show(source, track),
      onState: (state) => other.person.setNote(NOTES[state] ?? ""),
    });
    return other.link;
  };

  const receive = (from: string, message: RoomMessage) => {
    const other = others.get(from);
    if (!other) return;
    if (message.kind === "switches") return other.person.setSwitches(message.switches);
    listener.onLine(message.kind, String(other.about.name), message.text);
    if (message.kind === "caption") other.person.setCaption(message.text);
  };

  const relay: Relay = openRelay(ticket.token, about, {
    onWelcome(id, present) {
      // After a lost connection all links are made again: the others received our leave.
      for (const known of [...others.keys()]) void part(known);
      ownId = id;
      listener.onProblem("");
      for (const { id, about } of present) linkTo(id, meet(id, about)).send(media.tracks);
      relay.broadcast({ kind: "switches", switches: switches() });
    },
    onJoined(id, theirs) {
      meet(id, theirs);
      relay.signal(id, { switches: switches() });
    },
    onLeft: part,
    onSignal(from, data) {
      const other = others.get(from);
      if (!other) return;
      const signal = data as Signal & { switches?: Switches };
      if (signal.switches) return other.person.setSwitches(signal.switches);
      const isNew = !other.link;
      const link = linkTo(from, other);
      if (isNew) link.send(media.tracks);
      link.receive(signal).catch((error) => console.warn("Signal refused:", error));
    },
    onMessage: (from, data) => receive(from, data as RoomMessage),
    onLost: (reason) => listener.onProblem(reason || "The server is out of reach, trying again…"),
  });

  /** Shows everybody's call quality from the record. */
  const showQuality = async () => {
    const people = new Map<string, [Person, string]>([[collector.peerId, [own, name]]]);
    for (const { about, person } of others.values()) {
      people.set(String(about.peer_id), [person, String(about.name)]);
    }
    const asked = new URLSearchParams([...people.keys()].map((id) => ["peer_id", id]));
    const headers = { Authorization: `Bearer ${ticket.token}` };
    const response = await fetch(`/try/quality?${asked}`, { headers });
    if (!response.ok) return;
    const badges: Badge[] = (await response.json()).peers;
    for (const [id, [person, who]] of people) {
      const badge = badges.find(({ peer_id }) => peer_id === id);
      const words = badge ? `${badge.mos.toFixed(1)} of 5: the worst is what ${who} ${badge.worst}` : "";
      person.setQuality(badge, words);
    }
  };
  const badgeTimer = setInterval(() => void showQuality().catch(() => {}), BADGES_EVERY_MS);

  showOwn();
  return {
    collector,
    update() {
      showOwn();
      for (const { link } of others.values()) link?.send(media.tracks);
      relay.broadcast({ kind: "switches", switches: switches() });
    },
    sendLine(kind, text, startedAt) {
      if (kind === "chat") collector.sendChat(text);
      else collector.sendTranscriptLine(text, { start_at: startedAt });
      relay.broadcast({ kind, text });
      listener.onLine(kind, name, text);
      if (kind === "caption") own.setCaption(text);
    },
    async leave() {
      clearInterval(badgeTimer);
      await collector.leave();
      relay.close();
      for (const id of [...others.keys()]) void part(id);
      own.remove();
    },
  };
}
