import { useRef } from "preact/hooks";
import { Icon } from "../../components/icon";
import { importFiles } from "./import_state";

/** Chooses files to import. */
export function ImportButton({ appId }: { appId: string }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class="choice"
        title="Files of chrome://webrtc-internals, about:webrtc, rtcstats, ObserveRTC, or an export"
        onClick={() => input.current?.click()}
      >
        <Icon name="up" />
        Import dumps
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Dumps to import"
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = "";
          importFiles(appId, files);
        }}
      />
    </>
  );
}
