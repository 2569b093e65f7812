// A page of an application's own, as the tests drive it: connections without a server between, each
// offered and answered by the test, and the collector that watches the page.
window.person = (() => {
  const connections = new Map();
  const own = new Map();
  const others = new Map();
  let collector;

  const show = (track) => {
    const element = document.createElement(track.kind);
    element.autoplay = true;
    element.srcObject = new MediaStream([track]);
    document.body.append(element);
  };

  const make = (name) => {
    const pc = new RTCPeerConnection();
    connections.set(name, pc);
    pc.ontrack = ({ track, transceiver }) => {
      const { peer_id, sources } = others.get(name);
      Aftercall.describeTrack(track, { source: sources[transceiver.mid], peer_id });
      show(track);
    };
    return pc;
  };

  const gathered = async (pc, description) => {
    await pc.setLocalDescription(description);
    while (pc.iceGatheringState !== "complete") {
      await new Promise((done) => pc.addEventListener("icegatheringstatechange", done, { once: true }));
    }
    const sources = {};
    for (const { mid, sender } of pc.getTransceivers()) {
      for (const [source, track] of own) if (sender.track === track) sources[mid] = source;
    }
    return { type: pc.localDescription.type, sdp: pc.localDescription.sdp, sources };
  };

  const send = (pc, sources) => {
    for (const source of sources) pc.addTrack(own.get(source), new MediaStream());
  };

  return {
    join(url, token, displayName) {
      collector = Aftercall.attach("page", { url, token, displayName });
      return collector.peerId;
    },
    async open(source) {
      const devices = navigator.mediaDevices;
      const ask = {
        microphone: () => devices.getUserMedia({ audio: true }),
        camera: () => devices.getUserMedia({ video: { width: 320, height: 240, frameRate: 15 } }),
        screen: () => devices.getDisplayMedia({ video: true, preferCurrentTab: true }),
      };
      const [track] = (await ask[source]()).getTracks();
      own.set(source, track);
      return track.getSettings();
    },
    async offer(name, sources) {
      const pc = make(name);
      send(pc, sources);
      for (const kind of ["audio", "video"]) {
        const isSent = pc.getTransceivers().some(({ sender }) => sender.track?.kind === kind);
        if (!isSent) pc.addTransceiver(kind, { direction: "recvonly" });
      }
      return gathered(pc, await pc.createOffer());
    },
    async answer(name, offer, peer_id, sources) {
      const pc = make(name);
      others.set(name, { peer_id, sources: offer.sources });
      await pc.setRemoteDescription({ type: "offer", sdp: offer.sdp });
      send(pc, sources);
      return gathered(pc, await pc.createAnswer());
    },
    async accept(name, answer, peer_id) {
      others.set(name, { peer_id, sources: answer.sources });
      await connections.get(name).setRemoteDescription({ type: "answer", sdp: answer.sdp });
    },
    isConnected: (name) => connections.get(name).connectionState === "connected",
    async hangUp(name) {
      await collector.sample();
      connections.get(name).close();
      connections.delete(name);
    },
    showSlide(number) {
      const words = ["Revenue", "Costs", "People", "Risks", "Dates", "Questions", "Thanks"];
      const lines = Array.from({ length: 12 }, (_, i) => `${words[(number + i) % 7]} ${number}.${i}`);
      document.body.style.cssText = "margin:40px;font:32px sans-serif;background:white";
      const page = document.querySelector("main") ?? document.createElement("main");
      page.innerText = lines.join("\n");
      document.body.append(page);
    },
    async readStats(name) {
      return [...(await connections.get(name).getStats()).values()];
    },
    async leave() {
      await collector.leave();
      for (const pc of connections.values()) pc.close();
    },
  };
})();
