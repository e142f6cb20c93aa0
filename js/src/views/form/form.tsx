/**
 * The form that starts executions.
 *
 * The rule: what was typed stays until the kernel has taken it; what is wrong is said beside it.
 */
import { useComputed } from "@preact/signals";
import { PERMISSION_MODES } from "../../conversation/modes.ts";
import { EXECUTE } from "../../conversation/starting.ts";
import { panels } from "../../parts/panelspart.ts";
import type { MCPConfigChoice } from "../../protocol.ts";
import { select, selecting, useFieldId, useView } from "../../view.ts";
import { ProblemAlert } from "../problem.tsx";
import { ConfirmServers, FoundConfigs, McpField } from "../session/mcp.tsx";
import { effortsOf } from "../session/session.tsx";
import { SessionPicker } from "../session/sessionpicker.tsx";
import { CheckField, Field, SelectField } from "./field.tsx";

export function StartForm() {
  const view = useView();
  const { app } = view;
  const { ui } = app;
  const gone = app.connection.state.value === "disconnected";
  const { sending, problem } = app.actions.state(EXECUTE).value;
  const fetched = panels.value.value;
  const execute = async () => {
    if (gone || sending) return;
    const show = selecting(view);
    const executionId = await app.starting.execute();
    if (executionId !== null) show(executionId);
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
      <SessionPicker />
      <Field label="Model" hint="CLI's default" value={ui.model} suggestions={useModels()} />
      <McpField />
      <MoreOptions />
      <FoundConfigs />
      {fetched && <fetched.Templates />}
      <div class="cw-actions">
        <button
          type="submit"
          class={ui.fillsTemplate.value ? "cw-button" : "cw-button cw-primary"}
          aria-disabled={gone || sending}
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
      {problem?.mcpConfig && <ConfirmConfig config={problem.mcpConfig} onConfirmed={execute} />}
    </form>
  );
}

function ExecuteAll() {
  const view = useView();
  const { app } = view;
  const drafting = panels.value.value;
  const gone = app.connection.state.value === "disconnected";
  const off = gone || !drafting || drafting.isStarting(app);
  const start = async () => {
    const [first] = off ? [] : await drafting.executeAll(app);
    if (first !== undefined && view.selected.value === null) select(view, first);
  };
  return (
    <button
      type="button"
      class="cw-button"
      aria-disabled={off}
      title={
        app.ui.drafts.value.length === 0 ? "Add queries to the drafts first" : "Start every draft"
      }
      onClick={() => void start()}
    >
      Execute All
    </button>
  );
}

function useModels(): readonly string[] {
  return (useView().app.store.welcome.value?.models ?? []).map(({ value }) => value);
}

interface ConfirmConfigProps {
  readonly config: MCPConfigChoice;
  onConfirmed(): Promise<void>;
}

function ConfirmConfig({ config, onConfirmed }: ConfirmConfigProps) {
  const { ui, actions } = useView().app;
  const confirm = () => {
    if (config.scope === "settings") ui.confirmedSettings.value = config.digest;
    else ui.chooseConfig(ui.mcpConfig.peek(), config.digest);
    void onConfirmed();
  };
  return (
    <ConfirmServers
      config={config}
      label="Confirm and execute"
      onConfirm={confirm}
      onCancel={() => actions.setProblem(EXECUTE, null)}
    />
  );
}

function MoreOptions() {
  const { ui, store } = useView().app;
  const models = store.welcome.value?.models ?? [];
  const efforts = effortsOf(models, ui.model.value.trim());
  return (
    <details class="cw-more">
      <summary>More options</summary>
      <div class="cw-more-fields">
        <SelectField label="Effort" value={ui.effort} options={efforts.map((it) => [it, it])} />
        <SelectField
          label="Permission mode"
          value={ui.permissionMode}
          options={Object.entries(PERMISSION_MODES)}
        />
        <CheckField label="Keep open for follow-ups" value={ui.keepOpen} />
      </div>
    </details>
  );
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
