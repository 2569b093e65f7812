import type { Source } from "aftercall-collector";
import { make } from "./dom";

/** The sources that a person has switched on, as their page reports them. */
export interface Switches {
  microphone: boolean;
  camera: boolean;
  screen: boolean;
}

interface Tile {
  readonly root: HTMLElement;
  readonly video: HTMLVideoElement;
  readonly caption: HTMLElement;
  readonly note: HTMLElement;
  readonly badge: HTMLElement;
}

export interface Person {
  setName(name: string): void;
  setSwitches(switches: Switches): void;
  show(source: Source, track: MediaStreamTrack | undefined): void;
  /** State of the connection to this person; empty when it is connected. */
  setNote(note: string): void;
  /** The quality of this person's call: MOS 1 to 5, level and words. */
  setQuality(quality: { mos: number; level: number } | undefined, words: string): void;
  /** Shows this person's caption for some seconds. */
  setCaption(text: string): void;
  remove(): void;
}

const CAPTION_MS = 7_000;

function makeTile(isOwn: boolean): Tile {
  const video = make("video", { playsinline: "", autoplay: "" });
  video.muted = isOwn;
  const initial = make("span", { class: "initial", "aria-hidden": "true" });
  const note = make("p", { class: "note", role: "status" });
  const caption = make("p", { class: "caption" });
  const badge = make("span", { class: "badge", hidden: "" });
  const name = make("figcaption", { class: "who" });
  const root = make("figure", { class: "tile" }, video, initial, note, caption, name, badge);
  return { root, video, caption, note, badge };
}

function put(video: HTMLVideoElement, track: MediaStreamTrack | undefined): void {
  const stream = (video.srcObject as MediaStream | null) ?? new MediaStream();
  if (track) {
    for (const old of stream.getTracks()) if (old.kind === track.kind) stream.removeTrack(old);
    stream.addTrack(track);
  }
  video.srcObject = stream;
  void video.play().catch(() => {});
}

function clear(video: HTMLVideoElement): void {
  video.srcObject = null;
}

const LEVELS = ["poor", "poor", "poor", "fair", "good"];

/** Adds a person to the stage: a tile, and one more while they share their screen. */
export function addPerson(stage: HTMLElement, isOwn: boolean): Person {
  const tile = makeTile(isOwn);
  tile.root.classList.toggle("own", isOwn);
  const screen = makeTile(isOwn);
  screen.root.classList.add("screen");
  let name = "";
  let captionTimer: ReturnType<typeof setTimeout> | undefined;
  stage.append(tile.root);

  const label = () => {
    const shownName = isOwn ? `${name} (you)` : name;
    tile.root.querySelector(".who")?.replaceChildren(shownName);
    tile.root.querySelector(".initial")?.replaceChildren([...name][0]?.toUpperCase() ?? "?");
    screen.root.querySelector(".who")?.replaceChildren(`${shownName}: screen`);
  };

  const arrange = () => {
    stage.dataset.tiles = String(stage.childElementCount);
    stage.classList.toggle("has-screen", stage.querySelector(".screen") !== null);
  };
  arrange();

  return {
    setName(shownName) {
      name = shownName;
      label();
    },
    setSwitches(switches) {
      tile.root.classList.toggle("is-silent", !switches.microphone);
      tile.root.classList.toggle("is-dark", !switches.camera);
      if (switches.screen) stage.prepend(screen.root);
      else {
        clear(screen.video);
        screen.root.remove();
      }
      arrange();
    },
    show(source, track) {
      const isScreen = source === "screen" || source === "screen_audio";
      // A person's own tile is silent, to avoid an echo.
      if (isOwn && track?.kind === "audio") return;
      put((isScreen ? screen : tile).video, track);
    },
    setNote(text) {
      tile.note.textContent = text;
    },
    setQuality(quality, words) {
      tile.badge.hidden = quality === undefined;
      if (quality === undefined) return;
      tile.badge.dataset.level = LEVELS[quality.level];
      tile.badge.textContent = quality.mos.toFixed(1);
      tile.badge.title = words;
      tile.badge.setAttribute("aria-label", words);
    },
    setCaption(text) {
      tile.caption.textContent = text;
      clearTimeout(captionTimer);
      captionTimer = setTimeout(() => tile.caption.replaceChildren(), CAPTION_MS);
    },
    remove() {
      clearTimeout(captionTimer);
      clear(tile.video);
      clear(screen.video);
      tile.root.remove();
      screen.root.remove();
      arrange();
    },
  };
}
