import type { Listen, Tell } from "./connection";
import type { Description } from "./protocol";

const VERSION = "0.1.0";

interface NetworkInformation extends EventTarget {
  type?: string;
  effectiveType?: string;
  downlink?: number;
  rtt?: number;
}

type Agent = Navigator & {
  deviceMemory?: number;
  connection?: NetworkInformation;
};

const KINDS = { audioinput: "audio", videoinput: "video", audiooutput: "speaker" };

/** What the page can tell about the machine, the browser and the network. */
export function describeSurroundings(): Description {
  const agent = navigator as Agent;
  return {
    device: {
      cpus: agent.hardwareConcurrency,
      memory_gb: agent.deviceMemory,
    },
    // Names and versions are read from this by the server, which can be brought up to date.
    browser: {
      user_agent: agent.userAgent,
      webgl: !!document.createElement("canvas").getContext("webgl"),
    },
    sdk: { name: "aftercall-collector", version: VERSION },
    network: {
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      effective_type: agent.connection?.effectiveType,
    },
  };
}

/**
 * Tells changes of the page's visibility, the network and the lists of devices, and the devices
 * there are now.
 */
export function watchSurroundings(tell: Tell, listen: Listen, withLabels: boolean): void {
  const { connection, mediaDevices } = navigator as Agent;
  const last = new Map<string, string>();

  const tellDevices = async () => {
    const found = await mediaDevices.enumerateDevices();
    for (const [kind, name] of Object.entries(KINDS)) {
      const devices = found
        .filter((device) => device.kind === kind)
        .map(({ deviceId, label }) => ({
          device_id: deviceId,
          kind,
          label: withLabels ? label : "",
        }));
      const text = JSON.stringify(devices);
      if (text !== (last.get(kind) ?? "[]")) tell(`${name}_devices_updates`, { devices });
      last.set(kind, text);
    }
  };
  const look = () => void tellDevices().catch(() => {});

  if (mediaDevices) {
    listen(mediaDevices, "devicechange", look);
    look();
  }
  if (connection) {
    listen(connection, "change", () => {
      const { type, effectiveType, downlink, rtt } = connection;
      tell("network_changed", {
        type,
        effective_type: effectiveType,
        downlink_mbps: downlink,
        rtt_ms: rtt,
      });
    });
  }
  for (const type of ["online", "offline"]) {
    listen(globalThis, type, () => tell("network_changed", { online: type === "online" }));
  }
  listen(document, "visibilitychange", () =>
    tell(`browser_${document.hidden ? "back" : "fore"}grounded`, {}),
  );
}

const CAPTURED = ["audio", "video"] as const;

const PERMISSIONS: Record<string, string> = {
  NotAllowedError: "DENIED",
  NotFoundError: "NO_DEVICES_AVAILABLE",
  NotReadableError: "COULD_NOT_START",
};

/** Tells that capturing failed, and what that says of the permission. */
export function tellCaptureError(
  tell: Tell,
  error: DOMException,
  isDisplay: boolean,
  constraints?: MediaStreamConstraints,
): void {
  const { name, message } = error;
  const types = isDisplay
    ? ["SCREENSHARE"]
    : CAPTURED.filter((kind) => constraints?.[kind]).map((kind) => kind.toUpperCase());
  tell("get_user_media_error", { error: name, message, device_types: `${types}` });
  const permission = PERMISSIONS[name];
  if (!permission) return;
  for (const device_type of types) tell("media_permission", { device_type, permission });
}
