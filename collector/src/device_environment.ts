import type { Listen, RecordEvent } from "./connection";
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

/** The facts that the page knows about the machine, the browser and the network. */
export function describeSurroundings(): Description {
  const agent = navigator as Agent;
  return {
    device: {
      cpus: agent.hardwareConcurrency,
      memory_gb: agent.deviceMemory,
    },
    // The server parses names and versions from this, because it can be updated.
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

/* * Records changes of the page's visibility, the network and the lists of devices, and the current
 * devices.
 */
export function watchSurroundings(record: RecordEvent, listen: Listen, withLabels: boolean): void {
  const { connection, mediaDevices } = navigator as Agent;
  const last = new Map<string, string>();

  const recordDevices = async () => {
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
      if (text !== (last.get(kind) ?? "[]")) record(`${name}_devices_updates`, { devices });
      last.set(kind, text);
    }
  };
  const look = () => void recordDevices().catch(() => {});

  if (mediaDevices) {
    listen(mediaDevices, "devicechange", look);
    look();
  }
  if (connection) {
    listen(connection, "change", () => {
      const { type, effectiveType, downlink, rtt } = connection;
      record("network_changed", {
        type,
        effective_type: effectiveType,
        downlink_mbps: downlink,
        rtt_ms: rtt,
      });
    });
  }
  for (const type of ["online", "offline"]) {
    listen(globalThis, type, () => record("network_changed", { online: type === "online" }));
  }
  listen(document, "visibilitychange", () =>
    record(`browser_${document.hidden ? "back" : "fore"}grounded`, {}),
  );
}

const CAPTURED = ["audio", "video"] as const;

const PERMISSIONS: Record<string, string> = {
  NotAllowedError: "DENIED",
  NotFoundError: "NO_DEVICES_AVAILABLE",
  NotReadableError: "COULD_NOT_START",
};

/** Records a failed capture, and the permission that follows from it. */
export function recordCaptureError(
  record: RecordEvent,
  error: DOMException,
  isDisplay: boolean,
  constraints?: MediaStreamConstraints,
): void {
  const { name, message } = error;
  const types = isDisplay
    ? ["SCREENSHARE"]
    : CAPTURED.filter((kind) => constraints?.[kind]).map((kind) => kind.toUpperCase());
  record("get_user_media_error", { error: name, message, device_types: `${types}` });
  const permission = PERMISSIONS[name];
  if (!permission) return;
  for (const device_type of types) record("media_permission", { device_type, permission });
}
