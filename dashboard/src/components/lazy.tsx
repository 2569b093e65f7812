import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { RequestError } from "../api/request";
import { Problem, Skeleton } from "./placeholders";

/**
 * A page whose script is loaded when it is first opened, so that the first page does not wait for it.
 * A part of a page `isQuiet`: nothing stands in its place until it is there.
 */
export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>, isQuiet = false): ComponentType<Props> {
  let loaded: ComponentType<Props> | null = null;
  return function Lazy(props: Props) {
    const [hasFailed, setHasFailed] = useState(false);
    const [, setIsLoaded] = useState(false);
    useEffect(() => {
      if (loaded || hasFailed) return;
      load().then(
        (page) => {
          loaded = page;
          setIsLoaded(true);
        },
        () => setHasFailed(true),
      );
    }, [hasFailed]);
    if (loaded) {
      const Page = loaded;
      return <Page {...props} />;
    }
    if (isQuiet) return null;
    // A failed import is remembered by the browser: only a new document tries it again.
    return hasFailed ? <Problem error={UNREACHABLE} onRetry={() => location.reload()} /> : <Skeleton lines={14} isTall />;
  };
}

const UNREACHABLE = new RequestError(0, "unreachable", "This page could not be loaded.");
