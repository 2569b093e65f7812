import { useState } from "preact/hooks";
import { asRequestError } from "../../api/resource";

export interface Acting {
  /** Runs the work; `done` says what happened once it has succeeded. */
  act: (work: () => Promise<void>, done?: string) => Promise<void>;
  problem: string | null;
  /** The member of the body that the server did not take. */
  field: string | null;
  done: string | null;
  isBusy: boolean;
}

/** Runs a button's action, one at a time, and keeps its error or what it has done. */
export function useAction(): Acting {
  const [problem, setProblem] = useState<string | null>(null);
  const [field, setField] = useState<string | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const act = async (work: () => Promise<void>, success?: string): Promise<void> => {
    setIsBusy(true);
    setProblem(null);
    setField(null);
    setDone(null);
    try {
      await work();
      setDone(success ?? null);
    } catch (error) {
      const failure = asRequestError(error);
      setProblem(failure.message);
      setField(failure.field ?? null);
    } finally {
      setIsBusy(false);
    }
  };
  return { act, problem, field, done, isBusy };
}
