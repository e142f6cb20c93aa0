/**
 * The form that starts executions.
 *
 * The rule: what was typed stays until the kernel has taken it; what is wrong is said beside it.
 */
import { useComputed } from "@preact/signals";
import { useState } from "preact/hooks";
import { clip, formatAge } from "../format.ts";
import type { SessionRow } from "../protocol.ts";
import { EXECUTE } from "../starting.ts";
import { select, useFieldId, useView } from "../view.ts";
import { ExecuteAll } from "./drafts.tsx";
import { Field } from "./field.tsx";
import { ProblemAlert } from "./problem.tsx";

export function StartForm() {
  const view = useView();
  const { app } = view;
  const { ui } = app;
  const gone = app.connection.state.value === "disconnected";
  const { sending, problem } = app.actions.state(EXECUTE).value;
  const execute = async () => {
    const executionId = gone ? null : await app.starting.execute();
    if (executionId !== null) select(view, executionId);
  };
  return (
    <form
      class="cw-form"
      aria-label="New execution"
      onSubmit={(event) => {
        event.preventDefault();
        void execute();
      }}
    >
      <QueryField onExecute={execute} />
      <PathField />
      <SessionField />
      <Field label="Model" hint="CLI's default" value={ui.model} suggestions={useModels()} />
      <Field label="MCP config" hint="none, or a file's path or JSON" value={ui.mcpConfig} />
      <div class="cw-actions">
        <button
          type="submit"
          class="cw-button cw-primary"
          disabled={gone || sending}
          aria-busy={sending}
          title="Ctrl+Enter or Cmd+Enter in the query"
        >
          Execute
        </button>
        <button type="button" class="cw-button" onClick={() => app.starting.addDraft()}>
          Add to drafts
        </button>
        <ExecuteAll />
      </div>
      {problem && <ProblemAlert problem={problem} />}
    </form>
  );
}

function useModels(): readonly string[] {
  return (useView().app.store.welcome.value?.models ?? []).map(({ value }) => value);
}

function QueryField({ onExecute }: { onExecute: () => void }) {
  const { ui, store } = useView().app;
  const id = useFieldId();
  const suggested = store.welcome.value?.suggestedQueries ?? [];
  return (
    <div class="cw-field cw-field-query">
      <label for={id}>Query</label>
      <textarea
        id={id}
        rows={3}
        placeholder="What should Claude do?"
        value={ui.query.value}
        onInput={(event) => {
          ui.query.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          event.stopPropagation();
          onExecute();
        }}
      />
      {suggested.length > 0 && (
        <details class="cw-suggested">
          <summary>Recorded queries</summary>
          <ul>
            {suggested.map((query) => (
              <li key={query}>
                <button
                  type="button"
                  class="cw-link"
                  onClick={() => {
                    ui.query.value = query;
                  }}
                >
                  {query}
                </button>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function PathField() {
  const { app } = useView();
  const shown = useComputed(() => app.projectPath());
  const type = (path: string) => {
    app.ui.projectPath.value = path;
    app.ui.sessionId.value = "";
  };
  return <Field label="Project path" hint="the kernel's folder" value={shown} onType={type} />;
}

function SessionField() {
  const { app } = useView();
  const id = useFieldId();
  const sessions = app.store.sessions.value.get(app.projectPath()) ?? [];
  const chosen = app.ui.sessionId.value;
  const [opened] = useState(() => Date.now() / 1000);
  const now = Math.max(opened, Date.now() / 1000) + app.store.clockOffset.value;
  return (
    <div class="cw-field">
      <label for={id}>Session</label>
      <select
        id={id}
        value={chosen}
        onChange={(event) => {
          app.ui.sessionId.value = event.currentTarget.value;
        }}
      >
        <option value="">New session</option>
        {sessions.map((session) => (
          <option key={session.sessionId} value={session.sessionId}>
            {describe(session, now)}
          </option>
        ))}
        {chosen !== "" && !sessions.some((session) => session.sessionId === chosen) && (
          <option value={chosen}>{clip(chosen, 8)}</option>
        )}
      </select>
    </div>
  );
}

function describe(session: SessionRow, now: number): string {
  const prompt = clip(session.firstPrompt.replace(/\s+/g, " ").trim(), 60) || "(no prompt)";
  return `${prompt} · ${formatAge(now - session.modifiedTime)} · ${clip(session.sessionId, 8)}`;
}
