/**
 * Two clients of RealtimeKit's own call statistics in one page, each with a sending and a receiving
 * transport of the shape its SDK has: mediasoup's, around an RTCPeerConnection.
 */

import { InhouseCallStats } from "@cloudflare/realtimekit-callstats";
import EventEmitter from "events";

const DOMAIN = "rtk.test";
const HOSTNAMES = {
  daCollector: `da-collector.${DOMAIN}`,
  location: `location.${DOMAIN}`,
  locationLegacy: `location-legacy.${DOMAIN}`,
};

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

class Stream extends EventEmitter {
  constructor(id, end, appData, producerId) {
    super();
    Object.assign(this, { id, appData, producerId, track: end.track, kind: end.track.kind });
    this.getStats = () => end.getStats();
  }
}

class Transport extends EventEmitter {
  id = crypto.randomUUID();
  pc = new RTCPeerConnection();
  _producers = new Map();
  _consumers = new Map();
  /** What the browser answered each time the client asked. */
  reports = [];

  async getStats() {
    const report = await this.pc.getStats();
    this.reports.push([...report.values()]);
    return report;
  }
}

async function connect(from, to) {
  const { promise, resolve } = Promise.withResolvers();
  from.pc.onicecandidate = ({ candidate }) => to.pc.addIceCandidate(candidate ?? undefined);
  to.pc.onicecandidate = ({ candidate }) => from.pc.addIceCandidate(candidate ?? undefined);
  to.pc.onconnectionstatechange = () => to.pc.connectionState === "connected" && resolve();
  await from.pc.setLocalDescription();
  await to.pc.setRemoteDescription(from.pc.localDescription);
  await to.pc.setLocalDescription();
  await from.pc.setRemoteDescription(to.pc.localDescription);
  await promise;
}

/** Sends the sources from one member to another; every source is a producer and a consumer. */
async function publish(sender, receiver, sources) {
  for (const [name, track] of Object.entries(sources)) {
    const id = `${sender.name}-${name}`;
    const appData = { screenShare: name === "screen" };
    const end = sender.send.pc.addTransceiver(track, { direction: "sendonly" }).sender;
    sender.send._producers.set(id, new Stream(id, end, appData));
  }
  await connect(sender.send, receiver.receive);
  const ends = receiver.receive.pc.getTransceivers().map((each) => each.receiver);
  for (const [index, { id, appData }] of [...sender.send._producers.values()].entries()) {
    const data = { ...appData, peerId: sender.peerId };
    receiver.receive._consumers.set(id, new Stream(`at-${id}`, ends[index], data, id));
    await waitForPackets(ends[index]);
  }
}

/** Plays a track, as a page does, and waits for its first packets: the client never finds a stream
 * that has no statistics when it is registered. */
async function waitForPackets(end) {
  const { track } = end;
  const player = document.createElement(track.kind);
  player.srcObject = new MediaStream([track]);
  player.play();
  document.body.append(player);
  const hasPackets = async () =>
    [...(await end.getStats()).values()].some((entry) => entry.packetsReceived > 0);
  while (!(await hasPackets())) await pause(50);
}

function screen() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
  const context = canvas.getContext("2d");
  setInterval(() => {
    context.fillStyle = `hsl(${performance.now() % 360} 50% 50%)`;
    context.fillRect(0, 0, canvas.width, canvas.height);
  }, 200);
  return canvas.captureStream(5).getVideoTracks()[0];
}

const member = (name, token) => ({
  name,
  token,
  peerId: crypto.randomUUID(),
  send: new Transport(),
  receive: new Transport(),
  client: new InhouseCallStats(),
});

/** What the SDK's web client does when its user joins a room. */
async function join({ client, peerId, name, token, send, receive }) {
  await client.initialize({
    peerId,
    engineName: "Blink",
    env: "prod",
    iceServers: [],
    flags: {},
    apiHostnames: HOSTNAMES,
    skipConnectivityChecks: true,
    authToken: token,
    logger: { ...console, debug() {}, error() {} },
  });
  client.configureSendTransport(send);
  client.configureRecvTransport(receive);
  const devices = await navigator.mediaDevices.enumerateDevices();
  for (const [type, kind] of [["AUDIO", "audioinput"], ["VIDEO", "videoinput"]]) {
    const listed = devices.filter((device) => device.kind === kind);
    client.devices(type, listed);
    client.selectedDevice(type, listed[0]);
    client.mediaPermission(type, "ACCEPTED");
  }
  client.audioOn();
  client.videoOn();
  client.roomJoined({
    userId: name,
    peerId,
    roomUUID: "room",
    roomViewType: "groupCall",
    deviceInfo: {
      isMobile: false,
      browserName: "Chrome",
      browserVersion: "156",
      osName: "Linux",
      osVersionName: "12",
      engineName: "Blink",
    },
    sdkName: "web-core",
    sdkVersion: "2.0.2",
    metaData: {},
    permissions: {},
  });
}

/** Waits until the client has reported so often; it reads what it receives last. */
const reported = async (who, times) => {
  while (who.receive.reports.length < times) await pause(50);
};

let unanswered = 0;

/** Whether every request has been answered. */
window.isAnswered = () => unanswered === 0;

const { fetch } = window;
window.fetch = (...request) => {
  unanswered += 1;
  return fetch(...request).finally(() => (unanswered -= 1));
};

/** Holds the call; what the browser counted for each client, report by report. */
window.holdCall = async (tokens) => {
  const [ada, bob] = Object.entries(tokens).map(([name, token]) => member(name, token));
  const capture = () =>
    navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 240 } });
  const [mine, yours] = [await capture(), await capture()];
  const sources = (stream) => ({ mic: stream.getAudioTracks()[0], cam: stream.getVideoTracks()[0] });
  await publish(ada, bob, { ...sources(mine), screen: screen() });
  await publish(bob, ada, sources(yours));
  await Promise.all([join(ada), join(bob)]);
  ada.client.screenShareStart();

  await reported(bob, 2);
  bob.send._producers.get("Bob-mic").emit("pause");
  bob.client.audioOff();
  ada.client.tabChanged(false);
  ada.client.browserBackgrounded();
  await reported(ada, 4);
  await reported(bob, 4);
  // The last reports were read and are on their way.
  await pause(500);
  for (const { client } of [ada, bob]) client.callEnded();
  return [ada, bob].map(({ name, peerId, send, receive }) => ({
    name,
    peerId,
    sent: send.reports,
    received: receive.reports,
  }));
};
