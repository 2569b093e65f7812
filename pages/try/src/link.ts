import { describeTrack, type Source } from "aftercall-collector";

/** A signalling message between the two sides of a connection. */
export interface Signal {
  description?: RTCSessionDescriptionInit;
  candidate?: RTCIceCandidateInit | null;
  /** By `mid`: what each stream of the sender shows. */
  sources?: Record<string, Source>;
}

export interface Link {
  receive(signal: Signal): Promise<void>;
  /** Sends these tracks from now on, instead of the previous ones. */
  send(tracks: Map<Source, MediaStreamTrack>): void;
  close(): void;
}

export interface LinkListener {
  signal(data: Signal): void;
  onTrack(source: Source, track: MediaStreamTrack): void;
  onState(state: RTCPeerConnectionState): void;
}

/* * A connection to one other person. Either side may renegotiate at any time; when both do at once,
 * the polite one rolls back (the W3C's "perfect negotiation").
 */
export function openLink(
  isPolite: boolean,
  ownPeerId: string,
  otherPeerId: string,
  listener: LinkListener,
): Link {
  const pc = new RTCPeerConnection();
  const senders = new Map<Source, RTCRtpSender>();
  let theirs: Record<string, Source> = {};
  let isOffering = false;
  let ignoresOffer = false;

  const describe = async () => {
    await pc.setLocalDescription();
    const sources: Record<string, Source> = {};
    for (const { mid, sender } of pc.getTransceivers()) {
      for (const [source, own] of senders) if (own === sender && mid) sources[mid] = source;
    }
    if (pc.localDescription) listener.signal({ description: pc.localDescription, sources });
  };

  pc.onnegotiationneeded = async () => {
    try {
      isOffering = true;
      await describe();
    } catch (error) {
      console.warn("Negotiation failed", error);
    } finally {
      isOffering = false;
    }
  };
  pc.onicecandidate = ({ candidate }) => listener.signal({ candidate });
  pc.onconnectionstatechange = () => {
    if (pc.connectionState === "failed") pc.restartIce();
    listener.onState(pc.connectionState);
  };
  pc.ontrack = ({ track, transceiver }) => {
    const source = theirs[transceiver.mid ?? ""] ?? (track.kind === "audio" ? "microphone" : "camera");
    describeTrack(track, {
      source,
      peer_id: otherPeerId,
      producer_id: `${otherPeerId}/${source}`,
      consumer_id: `${ownPeerId}/${otherPeerId}/${source}`,
    });
    listener.onTrack(source, track);
  };

  return {
    async receive({ description, candidate, sources }) {
      if (sources) theirs = sources;
      if (description) {
        const collides =
          description.type === "offer" && (isOffering || pc.signalingState !== "stable");
        ignoresOffer = !isPolite && collides;
        if (ignoresOffer) return;
        await pc.setRemoteDescription(description);
        if (description.type === "offer") await describe();
      } else if (candidate) {
        try {
          await pc.addIceCandidate(candidate);
        } catch (error) {
          if (!ignoresOffer) throw error;
        }
      }
    },
    send(tracks) {
      for (const [source, track] of tracks) {
        describeTrack(track, { source, producer_id: `${ownPeerId}/${source}` });
        const sender = senders.get(source);
        if (sender) void sender.replaceTrack(track).catch(() => {});
        // Each track has its own stream, because tracks are added and removed separately.
        else senders.set(source, pc.addTrack(track, new MediaStream([track])));
      }
      for (const [source, sender] of senders) {
        if (tracks.has(source)) continue;
        if (source === "camera" || source === "microphone") {
          void sender.replaceTrack(null).catch(() => {});
        } else {
          pc.removeTrack(sender);
          senders.delete(source);
        }
      }
    },
    close: () => pc.close(),
  };
}
