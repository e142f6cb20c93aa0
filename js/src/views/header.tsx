/**
 * The dashboard's top line: the form folded or not, what needs the user, the table of keys.
 *
 * The rule: a count leads to what it counts.
 */
import type { Signal } from "@preact/signals";
import { formatCount } from "../format.ts";
import { select, useView } from "../view.ts";
import { useListing } from "./list/listing.ts";
import { NotifyButton } from "./notify.tsx";

export interface DashboardHeaderProps {
  readonly folded: Signal<boolean>;
  readonly formId: string;
  readonly onKeys: () => void;
  /** Those that need the user are to be seen. */
  readonly onNeeds: () => void;
}

export function DashboardHeader({ folded, formId, onKeys, onNeeds }: DashboardHeaderProps) {
  return (
    <div class="cw-header">
      <button
        type="button"
        class="cw-fold"
        aria-expanded={!folded.value}
        aria-controls={formId}
        onClick={() => {
          folded.value = !folded.value;
        }}
      >
        New execution
      </button>
      <NeedsYou onNeeds={onNeeds} />
      <NotifyButton />
      <button
        type="button"
        class="cw-button cw-small"
        aria-label="Keys"
        title="Keys (?)"
        onClick={onKeys}
      >
        ?
      </button>
    </div>
  );
}

function NeedsYou({ onNeeds }: Pick<DashboardHeaderProps, "onNeeds">) {
  const view = useView();
  const listing = useListing();
  const { needs } = listing.counts.value;
  if (needs === 0) return null;
  const show = () => {
    onNeeds();
    listing.choose({ filter: "needs", search: "" });
    const first = listing.places.at(0);
    if (needs === 1 && first !== undefined) select(view, first);
  };
  return (
    <button
      type="button"
      class="cw-filter cw-needs"
      title="Show the executions that wait for an answer"
      onClick={show}
    >
      {`${formatCount(needs, "execution")} ${needs === 1 ? "needs" : "need"} you`}
    </button>
  );
}
