import { useState } from "preact/hooks";

/** A button that copies a text to the clipboard and shows whether it could. */
export function CopyButton({ text, label, shown }: { text: string; label: string; shown?: string }) {
  const [result, setResult] = useState<string | null>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setResult("Copied");
    } catch {
      setResult("Not allowed by the browser");
    }
    setTimeout(() => setResult(null), 1500);
  };
  return (
    <button
      type="button"
      class="quiet copy"
      title={label}
      aria-label={shown ? undefined : label}
      onClick={copy}
    >
      <span aria-live="polite">{result ?? shown ?? "Copy"}</span>
    </button>
  );
}
