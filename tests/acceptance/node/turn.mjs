/** A TURN server on loopback, for as long as its standard input is open; prints its port. */

import Turn from "node-turn";
import { createSocket } from "node:dgram";

const probe = createSocket("udp4");
await new Promise((done) => probe.bind(0, "127.0.0.1", done));
const { port } = probe.address();
await new Promise((done) => probe.close(done));

const server = new Turn({
  listeningPort: port,
  listeningIps: ["127.0.0.1"],
  relayIps: ["127.0.0.1"],
  authMech: "long-term",
  credentials: { tester: "secret" },
});
server.start();
process.stdin.on("end", () => process.exit(0)).resume();
console.log(port);
