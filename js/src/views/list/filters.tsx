/**
 * What is shown of the list, and in which order.
 *
 * The rule: the counts are of all executions, so that they say what a click would show.
 */
import type { RefObject } from "preact";
import { FILTERS, type Filter, ORDERS, type Order } from "../../list/filter.ts";
import { useListing } from "./listing.ts";

export const FILTER_NAMES: Readonly<Record<Filter, string>> = {
  all: "All",
  needs: "Needs you",
  running: "Running",
  queued: "Queued",
  failed: "Failed",
  done: "Done",
};

const FILTER_TITLES: Readonly<Record<Filter, string>> = {
  all: "Every execution",
  needs: "Those that wait for an answer",
  running: "Those that run",
  queued: "Those that wait until they are started",
  failed: "Those that failed",
  done: "Those that completed or were killed",
};

const ORDER_NAMES: Readonly<Record<Order, string>> = {
  newest: "Newest first",
  status: "Needs you first",
  queue: "Next to start first",
  cost: "Highest cost first",
  duration: "Longest first",
};

export interface FilterBarProps {
  readonly search: RefObject<HTMLInputElement | null>;
  /** To the list below. */
  readonly onLeave: () => void;
}

export function FilterBar({ search, onLeave }: FilterBarProps) {
  return (
    <div class="cw-filter-bar">
      <fieldset class="cw-filter-buttons" aria-label="Show">
        {FILTERS.map((filter) => (
          <FilterButton key={filter} filter={filter} />
        ))}
      </fieldset>
      <div class="cw-finders">
        <SearchField field={search} onLeave={onLeave} />
        <OrderField />
      </div>
    </div>
  );
}

function FilterButton({ filter }: { filter: Filter }) {
  const listing = useListing();
  const count = listing.counts.value[filter];
  const chosen = listing.choice.value.filter === filter;
  // Most never wait for long: no place for a zero that says nothing.
  if (filter === "queued" && count === 0 && !chosen) return null;
  const waiting = filter === "needs" && count > 0;
  return (
    <button
      type="button"
      class={waiting ? "cw-filter cw-needs" : "cw-filter"}
      title={FILTER_TITLES[filter]}
      aria-pressed={chosen}
      onClick={() => listing.choose({ filter })}
    >
      {FILTER_NAMES[filter]} <span class="cw-count">{count}</span>
    </button>
  );
}

function SearchField({ field, onLeave }: { field: FilterBarProps["search"]; onLeave: () => void }) {
  const listing = useListing();
  return (
    <input
      ref={field}
      type="search"
      class="cw-list-search"
      aria-label="Search executions"
      placeholder="Search"
      title="Words of the query, name, project, id, model or error"
      value={listing.choice.value.search}
      onInput={(event) => listing.choose({ search: event.currentTarget.value })}
      onKeyDown={(event) => {
        if (event.key === "ArrowDown" || event.key === "Enter") {
          event.preventDefault();
          onLeave();
        } else if (event.key === "Escape") {
          listing.choose({ search: "" });
        }
      }}
    />
  );
}

function OrderField() {
  const listing = useListing();
  return (
    <select
      class="cw-order"
      aria-label="Order"
      value={listing.choice.value.order}
      onChange={(event) => {
        const order = ORDERS.find((one) => one === event.currentTarget.value);
        if (order) listing.choose({ order });
      }}
    >
      {ORDERS.map((order) => (
        <option key={order} value={order}>
          {ORDER_NAMES[order]}
        </option>
      ))}
    </select>
  );
}
