import type { Acting } from "./use_action";

/** What an action has done, or why it failed. `id` is what the field at fault is described by. */
export function Outcome({ acting, id }: { acting: Acting; id?: string }) {
  return (
    <>
      <p class="outcome" role="status">
        {acting.done}
      </p>
      {acting.problem && (
        <p class="field-problem" role="alert" id={id}>
          {acting.problem}
        </p>
      )}
    </>
  );
}

/** The attributes of a field whose value may be refused. */
export function fieldState(acting: Acting, id: string): { "aria-invalid"?: true; "aria-describedby"?: string } {
  return acting.problem ? { "aria-invalid": true, "aria-describedby": id } : {};
}
