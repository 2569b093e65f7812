/** What to paste into a page or a server, by what it is built with. */

export interface Place {
  /** This server's address, without a path. */
  url: string;
  appId: string;
  /** A participant token; for Janus an API token. */
  token: string;
}

export interface Snippet {
  name: string;
  /** Whose token stands in it. */
  token: "participant" | "api";
  /** The stand-in while there is no token. */
  placeholder: string;
  about: string;
  write: (place: Place) => string;
}

const PARTICIPANT = { token: "participant", placeholder: "PARTICIPANT_TOKEN" } as const;

export const SNIPPETS: readonly Snippet[] = [
  {
    name: "Any WebRTC page",
    ...PARTICIPANT,
    about: "Before the page's own scripts: it finds every connection that they make.",
    write: ({ url, token }) => `${script(url)}
<script>
  Aftercall.attach("page", {
    url: ${quoted(url)},
    token: ${quoted(token)}
  });
</script>`,
  },
  {
    name: "React",
    ...PARTICIPANT,
    about: "The script goes into index.html, the effect into the component that holds the call.",
    write: ({ url, token }) => `<!-- index.html, in the head -->
${script(url)}

// the component that holds the call
useEffect(() => {
  let collector;
  // Strict mode unmounts the first mount at once: the timer is cleared before it fires.
  const begin = setTimeout(() => {
    collector = window.Aftercall.attach("page", {
      url: ${quoted(url)},
      token: ${quoted(token)}
    });
  });
  return () => {
    clearTimeout(begin);
    void collector?.leave();
  };
}, []);`,
  },
  {
    name: "LiveKit",
    ...PARTICIPANT,
    about: "Attached to the room it knows which track is a camera, a microphone or a screen.",
    write: ({ url, token }) => `<!-- index.html, in the head -->
${script(url)}

// where you connect
const room = new Room();
const collector = Aftercall.attach(room, {
  url: ${quoted(url)},
  token: ${quoted(token)}
});
await room.connect(livekitUrl, livekitToken);

// where you leave
await collector.leave();
await room.disconnect();`,
  },
  {
    name: "Janus",
    token: "api",
    placeholder: "API_TOKEN",
    about: "The server sends its own events: nothing goes into the page. Restart Janus afterwards.",
    write: ({ url, appId, token }) => `# janus.jcfg
events: {
    broadcast = true
    stats_period = 5
    combine_media_stats = true
}

# janus.eventhandler.sampleevh.jcfg
general: {
    enabled = true
    events = "sessions,handles,webrtc,media,plugins,core"
    grouping = true
    json = "compact"
    backend = "${url}/v1/apps/${appId}/sources/janus?stats_period=5"
    backend_user = "janus"
    backend_pwd = "${token}"
}`,
  },
  {
    name: "RealtimeKit",
    ...PARTICIPANT,
    about: "Beside the SDK, and before it, so that no connection is missed.",
    write: ({ url, token }) => `${script(url)}
<script>
  Aftercall.watchPage();  // before RealtimeKitClient.init
  Aftercall.attach("page", {
    url: ${quoted(url)},
    token: ${quoted(token)}
  });
</script>`,
  },
];

function script(url: string): string {
  return `<script src="${url}/collector/aftercall-collector.iife.js"></script>`;
}

/** A literal that neither ends its quotation nor the script that it stands in. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("<", "\\u003c");
}
