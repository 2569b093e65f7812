// A page of a Jitsi deployment as far as statistics go: Jitsi's own client, started as
// lib-jitsi-meet starts it, and a call between two connections of the page.
import rtcstats from "@jitsi/rtcstats/rtcstats";
import traceInit from "@jitsi/rtcstats/trace-ws";

let trace = null;
// Once for a page, before any connection is made.
rtcstats({ statsEntry: (...entry) => trace?.statsEntry(...entry) }, { pollInterval: 500, useLegacy: false });

window.jitsi = {
  closes: [],
  join(endpoint, confName, identity, isBreakoutRoom) {
    trace = traceInit({
      endpoint,
      meetingFqn: confName,
      onCloseCallback: (event) => this.closes.push(event.code),
      useLegacy: false,
      pingInterval: 1_000,
    });
    trace.connect(isBreakoutRoom);
    trace.identity("identity", null, { confName, isBreakoutRoom, ...identity });
  },
  isConnected: () => trace?.isConnected() ?? false,
  async call() {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
    const [one, other] = [new RTCPeerConnection(), new RTCPeerConnection()];
    one.onicecandidate = ({ candidate }) => other.addIceCandidate(candidate);
    other.onicecandidate = ({ candidate }) => one.addIceCandidate(candidate);
    other.ontrack = ({ track }) => {
      const element = document.createElement(track.kind);
      Object.assign(element, { autoplay: true, muted: true, srcObject: new MediaStream([track]) });
      document.body.append(element);
    };
    for (const track of stream.getTracks()) one.addTrack(track, stream);
    await one.setLocalDescription();
    await other.setRemoteDescription(one.localDescription);
    await other.setLocalDescription();
    await one.setRemoteDescription(other.localDescription);
    this.connections = [one, other];
  },
  async received() {
    const report = await this.connections[1].getStats();
    return [...report.values()].reduce((sum, each) => sum + (each.type === "inbound-rtp" ? each.packetsReceived : 0), 0);
  },
  leave() {
    for (const each of this.connections ?? []) each.close();
    trace.close();
    trace = null;
  },
};
