import { useState } from "preact/hooks";

/** A button that puts a text on the clipboard and says so. */
export function CopyButton({ text, label, shown }: { text: string; label: string; shown?: string }) {
  const [said, setSaid] = useState<string | null>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      setSaid("Not allowed by the browser");
    }
    setTimeout(() => setSaid(null), 1500);
  };
  return (
    <button
      type="button"
      class="quiet copy"
      title={label}
      aria-label={shown ? undefined : label}
      onClick={copy}
    >
      <span aria-live="polite">{said ?? shown ?? "Copy"}</span>
    </button>
  );
}
