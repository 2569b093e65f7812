/** A page made with React that records its call with the hook of the how-to. */

import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { useAftercall } from "how-to/react";

function Call({ pc, token }) {
  const collector = useAftercall(pc, token);
  return (
    <button id="say" onClick={() => collector.current?.sendChat("Hello from React")}>
      Say hello
    </button>
  );
}

function Page({ pc, token }) {
  const [isIn, setIn] = useState(true);
  return (
    <>
      {isIn && <Call pc={pc} token={token} />}
      <button id="leave" onClick={() => setIn(false)}>
        Leave
      </button>
    </>
  );
}

window.render = (token, isStrict) => {
  const root = document.body.appendChild(document.createElement("main"));
  const page = <Page pc={new RTCPeerConnection()} token={token} />;
  createRoot(root).render(isStrict ? <StrictMode>{page}</StrictMode> : page);
};
