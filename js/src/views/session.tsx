/**
 * The session of an execution: model, effort, permission mode, MCP servers.
 *
 * The rule: choices are those that the CLI has told; a change is picked first and asked for by a
 * button, since a select changes with a stray key, and it is shown once the CLI says that it holds.
 */
import type { SessionFacts } from "../blocks.ts";
import { actionKey, type SessionChange } from "../conversation.ts";
import { formatCount } from "../format.ts";
import { EFFORTS, PERMISSION_MODES } from "../modes.ts";
import type { Pane } from "../pane.ts";
import type { ExecutionRow, ModelChoice } from "../protocol.ts";
import { useFieldId, useView } from "../view.ts";
import { visibleText } from "../visible.ts";
import { ProblemAlert } from "./problem.tsx";
import { isFailing, McpServers } from "./servers.tsx";

type Part = "model" | "effort" | "permissionMode";
type Picked = Partial<Record<Part, string>>;
interface Option {
  readonly value: string;
  readonly label: string;
}

export function SessionControls({ row, pane }: { row: ExecutionRow; pane: Pane }) {
  if (row.status !== "running" || row.recorded) return null;
  const facts = pane.facts.value;
  return (
    <details class="cw-session">
      <summary>{summaryOf(row, facts)}</summary>
      <ChangeFields row={row} facts={facts} />
      <McpServers row={row} facts={facts} />
    </details>
  );
}

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

function ChangeFields({ row, facts }: { row: ExecutionRow; facts: SessionFacts }) {
  const { app } = useView();
  const { executionId } = row;
  const now = holds(row, facts);
  const picked = app.ui.kept<Picked>(actionKey("picked", executionId), {});
  // What was asked for, and what held then: once that is another, the CLI has spoken.
  const asked = app.ui.kept<Record<string, { wanted: string; before: string }>>(
    actionKey("changing", executionId),
    {},
  );
  const { sending, problem } = app.actions.state(actionKey("change", executionId)).value;
  const models = modelsOf(facts, app.store.welcome.value?.models ?? []);
  const options: Record<Part, readonly Option[]> = {
    model: models.map(({ value, name }) => ({ value, label: name || value })),
    effort: effortsOf(models, picked.value.model ?? now.model).map((value) => ({
      value,
      label: value,
    })),
    permissionMode: Object.entries(PERMISSION_MODES).map(([value, meaning]) => ({
      value,
      label: `${value}: ${meaning.toLowerCase()}`,
    })),
  };
  const changes = Object.entries(picked.value).filter(
    ([part, value]) => value !== now[part as Part],
  );
  const off = sending || changes.length === 0 || app.connection.state.value === "disconnected";
  const apply = async () => {
    if (off) return;
    const change = Object.fromEntries(changes);
    if (!(await app.conversation.change(executionId, change as SessionChange))) return;
    const waits = changes.map(([part, wanted]) => [part, { wanted, before: now[part as Part] }]);
    asked.value = { ...asked.peek(), ...Object.fromEntries(waits) };
    picked.value = {};
  };
  const field = (part: Part, label: string) => {
    const wish = asked.value[part];
    const waits = wish && wish.wanted !== now[part] && wish.before === now[part];
    return (
      <ChoiceField
        label={label}
        now={now[part]}
        value={picked.value[part] ?? (waits ? wish.wanted : now[part])}
        options={options[part]}
        asked={waits === true}
        onPick={(value) => {
          picked.value = { ...picked.peek(), [part]: value };
        }}
      />
    );
  };
  return (
    <div class="cw-session-fields" role="group" aria-label="Session settings">
      {field("model", "Model")}
      {field("effort", "Effort")}
      {field("permissionMode", "Permission mode")}
      <button type="button" class="cw-button" aria-disabled={off} onClick={() => void apply()}>
        {sending ? "Applying…" : "Apply"}
      </button>
      {problem && <ProblemAlert problem={problem} />}
    </div>
  );
}

function modelsOf(facts: SessionFacts, welcome: readonly ModelChoice[]) {
  return facts.models.length > 0 ? facts.models : welcome;
}

/** Of that model, or what any of them takes; all that there are where none says. */
export function effortsOf(
  models: readonly { readonly value: string; readonly efforts: readonly string[] }[],
  model: string,
): readonly string[] {
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
