import { useState } from "preact/hooks";
import { asRequestError } from "../../api/resource";

/** Runs a button's action, one at a time, and keeps its error. */
export function useAction() {
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const act = async (work: () => Promise<void>): Promise<void> => {
    setIsBusy(true);
    setProblem(null);
    try {
      await work();
    } catch (error) {
      setProblem(asRequestError(error).message);
    } finally {
      setIsBusy(false);
    }
  };
  return { act, problem, isBusy };
}
