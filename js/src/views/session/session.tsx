/**
 * The session of an execution: model, effort, permission mode, MCP servers.
 *
 * The rule: choices are those that the CLI has told; a change is picked first and asked for by a
 * button, since a select changes with a stray key, and it is shown once the CLI says that it holds.
 */
import { useSignal } from "@preact/signals";
import { actionKey, type SessionChange } from "../../conversation/conversation.ts";
import { EFFORTS, PERMISSION_MODES } from "../../conversation/modes.ts";
import type { SessionFacts } from "../../fold/blocks.ts";
import { formatCount } from "../../format.ts";
import type { Pane } from "../../pane/pane.ts";
import type { Problem } from "../../problem.ts";
import type { ExecutionRow } from "../../protocol.ts";
import { visibleText } from "../../text/visible.ts";
import { useFieldId, useView } from "../../view.ts";
import { Fetched } from "../fetched.tsx";
import { ProblemAlert } from "../problem.tsx";

type Part = "model" | "effort" | "permissionMode";
const PARTS: readonly Part[] = ["model", "effort", "permissionMode"];
const LABELS: Readonly<Record<Part, string>> = {
  model: "Model",
  effort: "Effort",
  permissionMode: "Permission mode",
};
type Picked = Partial<Record<Part, string>>;
interface Model {
  readonly value: string;
  readonly name: string;
  readonly efforts: readonly string[];
}
interface Option {
  readonly value: string;
  readonly label: string;
}

export function SessionControls({ row, pane }: { row: ExecutionRow; pane: Pane }) {
  const opened = useSignal(false);
  if (row.status !== "running" || row.recorded) return null;
  const facts = pane.facts.value;
  return (
    <details
      class="cw-session"
      onToggle={(event) => {
        opened.value = event.currentTarget.open;
      }}
    >
      <summary>{summaryOf(row, facts)}</summary>
      <ChangeFields row={row} facts={facts} />
      {opened.value && facts.servers.length > 0 && (
        <Fetched draw={({ McpServers }) => <McpServers row={row} facts={facts} />} />
      )}
    </details>
  );
}

export const isFailing = (status: string): boolean =>
  status === "failed" || status === "needs-auth";

function summaryOf(row: ExecutionRow, facts: SessionFacts): string {
  const { servers } = facts;
  const failing = servers.filter(({ status }) => isFailing(status)).length;
  const parts = [
    facts.model || row.model,
    facts.effort || row.effort,
    facts.permissionMode || row.permissionMode,
    servers.length > 0 && formatCount(servers.length, "MCP server"),
    failing > 0 && `${failing} not connected`,
  ];
  return `Session: ${visibleText(parts.filter(Boolean).join(" · ")) || "starting"}`;
}

/** What holds now, as far as it is known. */
function holds(row: ExecutionRow, facts: SessionFacts): Record<Part, string> {
  return {
    model: facts.model || row.model || "",
    effort: facts.effort || row.effort || "",
    permissionMode: facts.permissionMode || row.permissionMode || "",
  };
}

interface Changing {
  readonly picked: Picked;
  readonly sending: boolean;
  readonly off: boolean;
  readonly problem: Problem | null;
  /** What was asked for and does not hold yet, or undefined. */
  awaited(part: Part): string | undefined;
  pick(part: Part, value: string): void;
  apply(): Promise<void>;
}

function useChanging(executionId: string, now: Record<Part, string>): Changing {
  const { app } = useView();
  const picked = app.ui.kept<Picked>(actionKey("picked", executionId), {});
  // What was asked for, and what held then: once that is another, the CLI has spoken.
  const asked = app.ui.kept<Partial<Record<Part, { wanted: string; before: string }>>>(
    actionKey("changing", executionId),
    {},
  );
  const { sending, problem } = app.actions.state(actionKey("change", executionId)).value;
  const changes = PARTS.filter((part) => (picked.value[part] ?? now[part]) !== now[part]);
  const off = sending || changes.length === 0 || app.connection.state.value === "disconnected";
  const apply = async () => {
    if (off) return;
    const wanted = Object.fromEntries(changes.map((part) => [part, picked.value[part]]));
    if (!(await app.conversation.change(executionId, wanted as SessionChange))) return;
    const waits = changes.map((part) => [part, { wanted: wanted[part], before: now[part] }]);
    asked.value = { ...asked.peek(), ...Object.fromEntries(waits) };
    picked.value = {};
  };
  const awaited = (part: Part) => {
    const wish = asked.value[part];
    return wish && wish.wanted !== now[part] && wish.before === now[part] ? wish.wanted : undefined;
  };
  const pick = (part: Part, value: string) => {
    picked.value = { ...picked.peek(), [part]: value };
  };
  return { picked: picked.value, sending, off, problem, awaited, pick, apply };
}

function ChangeFields({ row, facts }: { row: ExecutionRow; facts: SessionFacts }) {
  const now = holds(row, facts);
  const changing = useChanging(row.executionId, now);
  const { picked, off, sending, problem } = changing;
  const welcome = useView().app.store.welcome.value?.models ?? [];
  const models = facts.models.length > 0 ? facts.models : welcome;
  const options = optionsOf(models, picked.model ?? now.model);
  return (
    <div class="cw-session-fields" role="group" aria-label="Session settings">
      {PARTS.map((part) => {
        const awaited = changing.awaited(part);
        return (
          <ChoiceField
            key={part}
            label={LABELS[part]}
            now={now[part]}
            value={picked[part] ?? awaited ?? now[part]}
            options={options[part]}
            asked={awaited !== undefined}
            onPick={(value) => changing.pick(part, value)}
          />
        );
      })}
      <button
        type="button"
        class="cw-button"
        aria-disabled={off}
        onClick={() => void changing.apply()}
      >
        {sending ? "Applying…" : "Apply"}
      </button>
      {problem && <ProblemAlert problem={problem} />}
    </div>
  );
}

function optionsOf(models: readonly Model[], model: string): Record<Part, readonly Option[]> {
  return {
    model: models.map(({ value, name }) => ({ value, label: name || value })),
    effort: effortsOf(models, model).map((value) => ({ value, label: value })),
    permissionMode: Object.entries(PERMISSION_MODES).map(([value, meaning]) => ({
      value,
      label: `${value}: ${meaning.toLowerCase()}`,
    })),
  };
}

/** Of that model, or what any of them takes; all that there are where none says. */
export function effortsOf(models: readonly Model[], model: string): readonly string[] {
  const known = models.find(({ value }) => value === model)?.efforts ?? [];
  if (known.length > 0) return known;
  const any = new Set(models.flatMap(({ efforts }) => efforts));
  return any.size > 0 ? [...any] : EFFORTS;
}

interface ChoiceFieldProps {
  readonly label: string;
  readonly now: string;
  readonly value: string;
  readonly options: readonly Option[];
  readonly asked: boolean;
  onPick(value: string): void;
}

function ChoiceField({ label, now, value, options, asked, onPick }: ChoiceFieldProps) {
  const id = useFieldId();
  const known = options.some((option) => option.value === now);
  return (
    <div class="cw-field">
      <label for={id}>
        {label} {asked && <span class="cw-meta">asked…</span>}
      </label>
      <select id={id} value={value} onChange={(event) => onPick(event.currentTarget.value)}>
        {!known && <option value={now}>{visibleText(now) || "not told yet"}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {visibleText(option.label)}
          </option>
        ))}
      </select>
    </div>
  );
}
