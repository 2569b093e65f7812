// A page that talks to Janus over its WebSocket, as the tests drive it.
window.janus = (() => {
  const waiting = [];
  let socket, session_id, own;

  const isReply = (message, transaction) =>
    message.transaction === transaction && message.janus !== "ack";

  const send = (message) =>
    new Promise((done, failed) => {
      const transaction = crypto.randomUUID();
      waiting.push((reply) => {
        if (!isReply(reply, transaction)) return false;
        const data = reply.plugindata?.data ?? {};
        if (reply.janus === "error" || data.error) failed(new Error(JSON.stringify(reply)));
        else done(reply);
        return true;
      });
      socket.send(JSON.stringify({ ...message, transaction, session_id }));
    });

  const gathered = async (pc) => {
    await pc.setLocalDescription();
    while (pc.iceGatheringState !== "complete") {
      await new Promise((done) => pc.addEventListener("icegatheringstatechange", done, { once: true }));
    }
    return { type: pc.localDescription.type, sdp: pc.localDescription.sdp };
  };

  const connected = async (pc) => {
    while (pc.connectionState !== "connected") {
      await new Promise((done) => pc.addEventListener("connectionstatechange", done, { once: true }));
    }
  };

  return {
    async open(url, period_ms) {
      socket = new WebSocket(url, "janus-protocol");
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        const place = waiting.findIndex((take) => take(message));
        if (place >= 0) waiting.splice(place, 1);
      };
      await new Promise((done, failed) => Object.assign(socket, { onopen: done, onerror: failed }));
      session_id = (await send({ janus: "create" })).data.id;
      setInterval(() => send({ janus: "keepalive" }), period_ms);
    },
    async attach(plugin) {
      return (await send({ janus: "attach", plugin })).data.id;
    },
    async ask(handle_id, body) {
      return (await send({ janus: "message", handle_id, body })).plugindata.data;
    },
    // Sends what the microphone and, if asked, the camera give, and returns once packets flow.
    async publish(handle_id, body, video) {
      own ??= await navigator.mediaDevices.getUserMedia({ audio: true, video });
      const pc = new RTCPeerConnection();
      for (const track of own.getTracks()) pc.addTrack(track, own);
      const jsep = await gathered(pc);
      const reply = await send({ janus: "message", handle_id, body, jsep });
      await pc.setRemoteDescription(reply.jsep);
      await connected(pc);
    },
    // Receives what somebody publishes in a video room.
    async subscribe(room, feed) {
      const handle_id = await this.attach("janus.plugin.videoroom");
      const join = { request: "join", ptype: "subscriber", room, streams: [{ feed }] };
      const { jsep } = await send({ janus: "message", handle_id, body: join });
      const pc = new RTCPeerConnection();
      await pc.setRemoteDescription(jsep);
      const answer = await gathered(pc);
      await send({ janus: "message", handle_id, body: { request: "start" }, jsep: answer });
      await connected(pc);
    },
  };
})();
