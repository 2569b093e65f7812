/** The facts about a person that everybody in the room receives. */
export interface About {
  [member: string]: string | boolean;
  name: string;
  peer_id: string;
}

/** The handlers of the relay's messages. */
export interface RelayListener {
  onWelcome(ownId: string, others: { id: string; about: About }[]): void;
  onJoined(id: string, about: About): void;
  onLeft(id: string): void;
  onSignal(from: string, data: unknown): void;
  onMessage(from: string, data: unknown): void;
  /** The connection ended; `reason` is set when the server wants no other. */
  onLost(reason: string): void;
}

export interface Relay {
  signal(to: string, data: unknown): void;
  broadcast(data: unknown): void;
  close(): void;
}

/** The server's WebSocket close codes and their reasons. */
const REFUSED = 1008;
const LATER = 1013;
const LONGEST_DELAY_MS = 10_000;

/** Connects to the token's room, and reconnects whenever the connection is lost. */
export function openRelay(token: string, about: About, listener: RelayListener): Relay {
  let socket: WebSocket;
  let isClosed = false;
  let failures = 0;

  const receive = (text: string) => {
    const message = JSON.parse(text);
    if (message.type === "welcome") {
      failures = 0;
      listener.onWelcome(message.id, message.peers);
    } else if (message.type === "peer_joined") listener.onJoined(message.id, message.about);
    else if (message.type === "peer_left") listener.onLeft(message.id);
    else if (message.type === "signal") listener.onSignal(message.from, message.data);
    else if (message.type === "told") listener.onMessage(message.from, message.data);
  };

  const connect = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/try/socket`);
    socket.onopen = () => send({ type: "join", token, about });
    socket.onmessage = (event) => receive(event.data);
    socket.onclose = (event) => {
      if (isClosed) return;
      const isFinal = event.code === REFUSED || event.code === LATER;
      listener.onLost(isFinal ? event.reason : "");
      if (isFinal) return;
      setTimeout(() => !isClosed && connect(), Math.min(LONGEST_DELAY_MS, 500 * 2 ** failures++));
    };
  };

  const send = (message: unknown) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };

  connect();
  return {
    signal: (to, data) => send({ type: "signal", to, data }),
    broadcast: (data) => send({ type: "tell", data }),
    close() {
      isClosed = true;
      socket.close();
    },
  };
}
