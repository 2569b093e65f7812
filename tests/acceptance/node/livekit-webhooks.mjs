// Signs and checks webhooks with LiveKit's library for servers. Reads {key, secret, bodies, deliveries}
// as JSON on standard input; writes the tokens of the bodies, whether each delivery is accepted, and an
// access token for the room `daily`.
import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import { AccessToken, WebhookReceiver } from "livekit-server-sdk";

const { key, secret, bodies, deliveries } = JSON.parse(await text(process.stdin));

async function sign(body) {
  const token = new AccessToken(key, secret, { ttl: 300 });
  token.sha256 = createHash("sha256").update(body).digest("base64");
  return token.toJwt();
}

const receiver = new WebhookReceiver(key, secret);
async function accepts({ body, token }) {
  try {
    await receiver.receive(body, token);
    return true;
  } catch {
    return false;
  }
}

const access = new AccessToken(key, secret, { identity: "ada", name: "Ada" });
access.addGrant({ roomJoin: true, room: "daily" });

process.stdout.write(
  JSON.stringify({
    tokens: await Promise.all(bodies.map(sign)),
    accepted: await Promise.all(deliveries.map(accepts)),
    access: await access.toJwt(),
  }),
);
