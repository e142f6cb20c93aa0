/**
 * Which rows of a batch are shown, with how many there are of each kind, and in which order.
 *
 * The rule: the counts are those of the whole batch, not of what is shown.
 */
import type { BatchChoice, BatchFilter, BatchSort, BatchTable } from "../../batch/table.ts";
import { formatNumber } from "../../format.ts";
import type { BatchProgress, ExecutionStatus } from "../../protocol.ts";
import { StatusBadge } from "../list/status.tsx";

interface FiltersProps {
  readonly progress: BatchProgress;
  readonly table: BatchTable;
}

interface Kind {
  readonly filter: BatchFilter;
  readonly label: string;
  readonly status?: ExecutionStatus;
  readonly count: number;
}

const NEEDS = { filter: "needs", label: "Needs you" } as const;

/** Who asks is told once somebody does, and while these are shown. */
const kindsOf = (progress: BatchProgress, shown: BatchFilter): readonly Kind[] => [
  { filter: "all", label: "All", count: progress.known },
  ...(progress.asking > 0 || shown === "needs" ? [{ ...NEEDS, count: progress.asking }] : []),
  { filter: "running", label: "Running", status: "running", count: progress.running },
  { filter: "pending", label: "Waiting", status: "pending", count: progress.pending },
  { filter: "completed", label: "Completed", status: "completed", count: progress.completed },
  {
    filter: "failed",
    label: progress.killed > 0 ? "Failed or killed" : "Failed",
    status: "failed",
    count: progress.failed + progress.killed,
  },
];

export function BatchFilters({ progress, table }: FiltersProps) {
  const { filter, reason } = table.choice.value;
  return (
    <div class="cw-filter-bar">
      <fieldset class="cw-filter-buttons" aria-label="Show">
        {kindsOf(progress, filter).map((kind) => (
          <button
            key={kind.filter}
            type="button"
            class={kind.filter === "needs" && kind.count > 0 ? "cw-filter cw-needs" : "cw-filter"}
            aria-label={`${kind.label} ${formatNumber(kind.count)}`}
            aria-pressed={filter === kind.filter && reason === null}
            onClick={() => table.choose({ filter: kind.filter, reason: null })}
          >
            {kind.status && <StatusBadge status={kind.status} compact />}
            {kind.label} <span class="cw-count">{formatNumber(kind.count)}</span>
          </button>
        ))}
      </fieldset>
      <div class="cw-finders">
        <Order table={table} />
      </div>
    </div>
  );
}

type Ordering = Pick<BatchChoice, "sort" | "descending">;
const ORDERS: ReadonlyMap<string, readonly [label: string, order: Ordering]> = new Map([
  ["row", ["In the input's order", order("row")]],
  ["last", ["Last rows first", order("row", true)]],
  ["status", ["By status", order("status")]],
  ["cost", ["Most expensive first", order("cost", true)]],
  ["slow", ["Slowest first", order("duration", true)]],
  ["fast", ["Fastest first", order("duration")]],
]);

function order(sort: BatchSort, descending = false): Ordering {
  return { sort, descending };
}

function Order({ table }: { table: BatchTable }) {
  const { sort, descending } = table.choice.value;
  const chosen = [...ORDERS].find(
    ([, [, one]]) => one.sort === sort && one.descending === descending,
  );
  return (
    <select
      class="cw-order"
      aria-label="Order"
      value={chosen?.[0] ?? "row"}
      onChange={(event) => {
        const picked = ORDERS.get(event.currentTarget.value);
        if (picked) table.choose(picked[1]);
      }}
    >
      {[...ORDERS].map(([value, [label]]) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </select>
  );
}
