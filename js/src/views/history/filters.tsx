/**
 * What is looked for in the history.
 *
 * The rule: every filter narrows what the others leave. What is typed is text, and nothing in it is
 * syntax.
 */
import type { RefObject } from "preact";
import { clip } from "../../format.ts";
import type { HistoryChoice } from "../../history/choice.ts";
import type { Found } from "../../history/found.ts";
import { visibleText } from "../../text/visible.ts";

export interface HistoryFiltersProps {
  readonly found: Found;
  readonly search: RefObject<HTMLInputElement | null>;
  /** To the list below. */
  readonly onLeave: () => void;
}

type Choices = readonly (readonly [value: string, words: string])[];

const STATUSES = [
  ["", "Any status"],
  ["completed", "Completed"],
  ["failed", "Failed"],
  ["killed", "Killed"],
] as const;
const TIMES = [
  ["any", "Any time"],
  ["today", "Today"],
  ["week", "Last 7 days"],
  ["month", "Last 30 days"],
] as const;
const PROJECTS = [
  ["", "All projects"],
  ["here", "This project"],
] as const;
const MODEL_CHARACTERS = 40;
/** The kernel takes no longer text. */
const MOST_CHARACTERS = 10_000;

export function HistoryFilters({ found, search, onLeave }: HistoryFiltersProps) {
  const { status, model, here, since } = found.choice.value;
  return (
    <div class="cw-filter-bar" role="search" aria-label="History">
      <div class="cw-finders">
        <SearchField found={found} field={search} onLeave={onLeave} />
      </div>
      <div class="cw-finders cw-choices">
        <Choice
          name="Status"
          chosen={status}
          choices={STATUSES}
          onChoose={(value) => found.choose({ status: value as HistoryChoice["status"] })}
        />
        <Choice
          name="Model"
          chosen={model}
          choices={modelsOf(found)}
          onChoose={(value) => found.choose({ model: value })}
        />
        <Choice
          name="Projects"
          chosen={here ? "here" : ""}
          choices={PROJECTS}
          onChoose={(value) => found.choose({ here: value === "here" })}
        />
        <Choice
          name="Since"
          chosen={since}
          choices={TIMES}
          onChoose={(value) => found.choose({ since: value as HistoryChoice["since"] })}
        />
      </div>
    </div>
  );
}

/** The chosen one is among them, whatever the history has by now. */
function modelsOf(found: Found): Choices {
  const { model } = found.choice.value;
  const models = new Set([...found.models.value, ...(model ? [model] : [])]);
  return [
    ["", "Any model"],
    ...[...models].map((name) => [name, visibleText(clip(name, MODEL_CHARACTERS))] as const),
  ];
}

interface ChoiceProps {
  readonly name: string;
  readonly chosen: string;
  readonly choices: Choices;
  readonly onChoose: (value: string) => void;
}

function Choice({ name, chosen, choices, onChoose }: ChoiceProps) {
  return (
    <select
      class="cw-order"
      aria-label={name}
      value={chosen}
      onChange={(event) => onChoose(event.currentTarget.value)}
    >
      {choices.map(([value, words]) => (
        <option key={value} value={value}>
          {words}
        </option>
      ))}
    </select>
  );
}

interface SearchFieldProps {
  readonly found: Found;
  readonly field: HistoryFiltersProps["search"];
  readonly onLeave: () => void;
}

function SearchField({ found, field, onLeave }: SearchFieldProps) {
  return (
    <input
      ref={field}
      type="search"
      class="cw-list-search"
      aria-label="Search the history"
      placeholder="Search"
      title="Words of the query, the result, follow-ups and what tools were called with"
      maxLength={MOST_CHARACTERS}
      value={found.choice.value.text}
      onInput={(event) => found.choose({ text: event.currentTarget.value })}
      onKeyDown={(event) => {
        if (event.key === "ArrowDown" || event.key === "Enter") {
          event.preventDefault();
          onLeave();
        } else if (event.key === "Escape") {
          found.choose({ text: "" });
        }
      }}
    />
  );
}
