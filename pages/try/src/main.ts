import { watchPage, type State } from "aftercall-collector";
import { startFrame } from "../../frame/frame";
import { type Call, type LineKind, startCall } from "./call";
import { byId, dress, make, showProblem } from "./dom";
import { enter, readVisit, saveVisit, suggestRoom, type Ticket } from "./entrance";
import { makeMedia } from "./media";

// Before anything captures or connects, so that the record misses nothing.
watchPage();

const views = ["lobby", "call", "after"] as const;
const stage = byId("stage");
const preview = byId<HTMLVideoElement>("preview");
const nameField = byId<HTMLInputElement>("name");
const roomField = byId<HTMLInputElement>("room");
const joinButton = byId<HTMLButtonElement>("join");
const lineText = byId<HTMLInputElement>("say-text");

let call: Call | undefined;
let lastCall: Call | undefined;
let typingSince = 0;

const STATES: Record<State, string> = {
  joining: "Opening the record…",
  joined: "Recording",
  left: "Left",
  kicked: "You were removed",
  ended: "The call was ended",
  refused: "Not recorded: the server refused",
};

function show(view: (typeof views)[number]): void {
  for (const name of views) byId(name).hidden = name !== view;
  // A call takes the whole screen.
  byId("frame").hidden = view === "call";
}

const media = makeMedia(() => {
  dressSwitches();
  preview.srcObject = new MediaStream([...media.tracks.values()].filter((t) => t.kind === "video"));
  const note = byId("preview-note");
  note.textContent = media.problem || (media.isOn("camera") ? "" : "Your camera is off.");
  call?.update();
});

function dressSwitches(): void {
  const microphone = media.isOn("microphone");
  const camera = media.isOn("camera");
  for (const id of ["mic", "preview-mic"]) {
    const label = microphone ? "Mute your microphone" : "Unmute your microphone";
    dress(byId(id), microphone ? "mic" : "micOff", label);
    byId(id).setAttribute("aria-pressed", String(microphone));
  }
  for (const id of ["camera", "preview-camera"]) {
    const label = camera ? "Switch your camera off" : "Switch your camera on";
    dress(byId(id), camera ? "camera" : "cameraOff", label);
    byId(id).setAttribute("aria-pressed", String(camera));
  }
  const screen = media.isOn("screen");
  dress(byId("screen"), "screen", screen ? "Stop sharing your screen" : "Share your screen");
  byId("screen").setAttribute("aria-pressed", String(screen));
}

function addLine(kind: LineKind, name: string, text: string): void {
  byId("no-lines").hidden = true;
  const line = make(
    "li",
    { class: `${kind}-line` },
    make("span", { class: "name" }, name),
    make("time", {}, new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })),
    make("p", {}, text),
  );
  byId("lines").append(line);
  line.scrollIntoView({ block: "nearest" });
}

async function join(name: string, room: string, token?: string): Promise<void> {
  joinButton.disabled = true;
  showProblem(byId("entrance-error"), "");
  let ticket: Ticket;
  try {
    ticket = await enter(name, room, token);
  } catch (error) {
    showProblem(byId("entrance-error"), (error as Error).message);
    show("lobby");
    return;
  } finally {
    joinButton.disabled = false;
  }
  saveVisit({ name, room, token: ticket.token, isIn: true });
  history.replaceState(null, "", `?room=${encodeURIComponent(room)}`);
  byId("call-room").textContent = room;
  byId("lines").replaceChildren();
  byId("no-lines").hidden = false;
  show("call");
  const state = byId("record-state");
  call = startCall(ticket, name, media, stage, {
    onLine: addLine,
    onProblem: (sentence) => showProblem(byId("call-problem"), sentence),
    onRecordState(now, sessionId) {
      state.textContent = STATES[now];
      state.dataset.state = now;
      if (now === "kicked" || now === "ended") void finish(ticket, STATES[now]);
      const { dataset } = document.body;
      if (call) dataset.peer = call.collector.peerId;
      if (sessionId) dataset.session = sessionId;
    },
  });
  document.body.dataset.app = ticket.app_id;
  document.body.dataset.meeting = ticket.meeting_id;
  byId("leave").onclick = () => void finish(ticket, "The call is over");
}

async function finish(ticket: Ticket, title: string): Promise<void> {
  if (!call) return;
  const ended = call;
  lastCall = call;
  call = undefined;
  const visit = readVisit();
  if (visit) saveVisit({ ...visit, isIn: false });
  byId("after-title").textContent = title;
  await ended.leave();
  media.close();
  const { sessionId, peerId } = ended.collector;
  const link = byId<HTMLAnchorElement>("record-link");
  link.hidden = !sessionId;
  if (sessionId) {
    link.href = ticket.record_path.replace("{session_id}", encodeURIComponent(sessionId));
  }
  byId("after-text").textContent = sessionId
    ? "Its record is complete as soon as everybody has left."
    : "The server never answered, so this call was not recorded.";
  const ids = { Session: sessionId, Peer: peerId, Meeting: ticket.meeting_id, App: ticket.app_id };
  byId("after-ids").replaceChildren(
    ...Object.entries(ids).flatMap(([label, id]) =>
      id ? [make("dt", {}, label), make("dd", {}, make("code", {}, id))] : [],
    ),
  );
  show("after");
  byId("after-title").focus();
}

function dressStars(): void {
  const words = ["Bad", "Poor", "Fair", "Good", "Excellent"];
  for (const [index, word] of words.entries()) {
    const label = make("label", { title: word }, make("span", { class: "unseen" }, word));
    const input = make("input", { type: "radio", name: "stars", value: String(index + 1) });
    input.onchange = () => lastCall?.collector.sendFeedback({ stars: index + 1 });
    label.prepend(input);
    byId("stars").append(label);
  }
}

function listen(): void {
  byId<HTMLFormElement>("entrance").onsubmit = (event) => {
    event.preventDefault();
    const [name, room] = [nameField.value.trim(), roomField.value.trim()];
    if (!name || !room) {
      showProblem(byId("entrance-error"), "Enter your name and the room you want to join.");
      (name ? roomField : nameField).focus();
      return;
    }
    const visit = readVisit();
    void join(name, room, visit?.room === room ? visit.token : undefined);
  };
  for (const id of ["mic", "preview-mic"]) {
    byId(id).onclick = () => void media.setMicrophone(!media.isOn("microphone"));
  }
  for (const id of ["camera", "preview-camera"]) {
    byId(id).onclick = () => void media.setCamera(!media.isOn("camera"));
  }
  byId("screen").onclick = () => void media.setScreen(!media.isOn("screen"));
  byId("talk-toggle").onclick = () => {
    const isShown = byId("call").classList.toggle("without-talk");
    byId("talk-toggle").setAttribute("aria-pressed", String(!isShown));
  };
  byId("copy-link").onclick = async () => {
    await navigator.clipboard.writeText(location.href);
    byId("copy-link").textContent = "Copied";
    setTimeout(() => (byId("copy-link").textContent = "Copy link"), 2_000);
  };
  byId("again").onclick = () => location.reload();
  lineText.oninput = () => {
    typingSince ||= Date.now();
  };
  byId<HTMLFormElement>("say").onsubmit = (event) => {
    event.preventDefault();
    const text = lineText.value.trim();
    const kind = byId<HTMLSelectElement>("say-kind").value as LineKind;
    if (text) call?.sendLine(kind, text, typingSince || Date.now());
    lineText.value = "";
    typingSince = 0;
  };
}

async function begin(): Promise<void> {
  startFrame();
  dress(byId("talk-toggle"), "talk", "Show or hide chat and captions");
  dress(byId("leave"), "leave", "Leave the call");
  dressSwitches();
  dressStars();
  listen();
  const asked = new URLSearchParams(location.search).get("room") ?? "";
  const visit = readVisit();
  nameField.value = visit?.name ?? "";
  roomField.value = asked || visit?.room || suggestRoom();
  const isComingBack = visit?.isIn && visit.room === roomField.value;
  if (!isComingBack) {
    show("lobby");
    nameField.focus();
  }
  await media.open();
  if (isComingBack) await join(visit.name, visit.room, visit.token);
}

void begin();
