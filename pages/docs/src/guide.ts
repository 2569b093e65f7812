import { Marked } from "marked";
import { startFrame } from "../../frame/frame";

/** The guide: the files of the repository's `docs/`, read when they are opened. */
const TEXTS = import.meta.glob<string>("../../../docs/{start,how-to,operate,explain,reference}/*.md", {
  query: "?raw",
  import: "default",
});
const PICTURES = import.meta.glob<string>("../../../docs/images/*.png", {
  query: "?url",
  import: "default",
  eager: true,
});

const FOLDER = "../../../docs/";
const HOME = "/docs/guide";
const FIRST = "start/first-record";

const CONTENTS: readonly { title: string; folder: string; pages: readonly [string, string][] }[] = [
  {
    title: "Start",
    folder: "start",
    pages: [
      ["first-record", "From nothing to a record"],
      ["install", "Install"],
      ["operate", "Operate"],
      ["simulate", "Simulate"],
    ],
  },
  {
    title: "How to",
    folder: "how-to",
    pages: [
      ["collect-from-webrtc", "Collect from plain WebRTC"],
      ["collect-from-react", "Collect from React"],
      ["collect-from-livekit", "Record LiveKit"],
      ["collect-from-mediasoup", "Collect from mediasoup"],
      ["janus", "Record a Janus server"],
      ["import-dumps", "Import dumps of past calls"],
      ["transcripts", "Transcripts and summaries"],
      ["realtimekit-client", "RealtimeKit's own client"],
      ["write-side", "Meetings and participants"],
      ["dashboard", "The dashboard"],
      ["privacy", "Privacy"],
      ["retention", "Retention"],
    ],
  },
  {
    title: "Understand",
    folder: "explain",
    pages: [
      ["quality", "Quality"],
      ["diagnosis", "Diagnosis"],
      ["sessions", "Sessions"],
      ["sources", "What each source knows"],
      ["summary", "Summaries"],
      ["performance", "Performance"],
    ],
  },
  {
    title: "Run it",
    folder: "operate",
    pages: [
      ["sizing", "Sizing"],
      ["reverse-proxy", "Behind a reverse proxy"],
      ["backup", "Backup"],
      ["monitoring", "Monitoring"],
      ["troubleshooting", "Troubleshooting"],
    ],
  },
  {
    title: "Look up",
    folder: "reference",
    pages: [
      ["settings", "Settings"],
      ["collect", "The collector's protocol"],
      ["events", "Events of a backend"],
      ["dashboard-api", "The dashboard's endpoints"],
      ["wire", "RealtimeKit's endpoints"],
      ["exports", "Exports"],
      ["errors", "Errors"],
    ],
  },
];

function fileOf(page: string): string {
  return `${FOLDER}${page}.md`;
}

/** The page of the address, such as `how-to/janus`; the first one for the guide itself. */
function pageHere(): string {
  return location.pathname.slice(HOME.length).replace(/^\/|\/$/g, "") || FIRST;
}

/** The address of what a page links to; `null` for files that are not part of the guide. */
function addressOf(href: string, page: string): string | null {
  if (/^[a-z]+:|^#/.test(href)) return href;
  const target = new URL(href, `https://guide/${page}`);
  const name = target.pathname.slice(1).replace(/\.md$/, "");
  return TEXTS[fileOf(name)] ? `${HOME}/${name}${target.hash}` : null;
}

function pictureOf(href: string, page: string): string | undefined {
  return PICTURES[FOLDER + new URL(href, `https://guide/${page}`).pathname.slice(1)];
}

/** As GitHub names the places of headings, which the links in the texts rely on. */
function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function write(text: string, page: string, into: HTMLElement): void {
  // The texts are this program's own, built into the page.
  into.innerHTML = new Marked({ gfm: true }).parse(text, { async: false });
  for (const heading of into.querySelectorAll("h1, h2, h3")) heading.id = slugOf(heading.textContent ?? "");
  for (const link of into.querySelectorAll("a")) {
    const address = addressOf(link.getAttribute("href") ?? "", page);
    if (address === null) link.replaceWith(...link.childNodes);
    else link.setAttribute("href", address);
  }
  for (const picture of into.querySelectorAll("img")) {
    const source = pictureOf(picture.getAttribute("src") ?? "", page);
    if (source) picture.src = source;
    else picture.remove();
  }
  for (const wide of into.querySelectorAll<HTMLElement>("pre, table")) {
    const box = document.createElement("div");
    box.className = "wide";
    box.tabIndex = 0;
    wide.replaceWith(box);
    box.append(wide);
  }
}

function writeContents(page: string, into: HTMLElement): void {
  for (const group of CONTENTS) {
    const head = document.createElement("h2");
    head.textContent = group.title;
    const list = document.createElement("ul");
    for (const [name, title] of group.pages) {
      const link = document.createElement("a");
      link.href = `${HOME}/${group.folder}/${name}`;
      link.textContent = title;
      if (page === `${group.folder}/${name}`) link.setAttribute("aria-current", "page");
      const item = document.createElement("li");
      item.append(link);
      list.append(item);
    }
    into.append(head, list);
  }
}

async function show(): Promise<void> {
  const page = pageHere();
  const main = document.getElementById("text");
  const contents = document.getElementById("contents");
  if (!main || !contents) return;
  writeContents(page, contents);
  const read = TEXTS[fileOf(page)];
  if (!read) {
    main.innerHTML = `<h1>There is no such page</h1><p><a href="${HOME}">To the guide</a></p>`;
    return;
  }
  write(await read(), page, main);
  document.title = `${main.querySelector("h1")?.textContent ?? "Guide"} · Aftercall`;
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

startFrame();
void show();
