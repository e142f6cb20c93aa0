/**
 * Templates of the project and of the user: chosen, filled in, previewed and started.
 *
 * The rule: they are looked for when this is opened; a field is of its variable's type, and what is
 * wrong is said beside it. What a project's template may not do unconfirmed is shown and asked. While
 * one is chosen here, its button is the form's primary one.
 */
import { useEffect, useState } from "preact/hooks";
import {
  LISTING,
  PREVIEW,
  START,
  type Templating,
  templatingOf,
} from "../../conversation/templating.ts";
import { formatCount } from "../../format.ts";
import type { TemplateChoice } from "../../protocol.ts";
import { selecting, useFieldId, useView } from "../../view.ts";
import { ProblemAlert } from "../problem.tsx";
import { ConfirmServers } from "../session/mcp.tsx";
import { Visible } from "../text/visible.tsx";
import { LikelyCost, toEstimate } from "./estimate.tsx";
import { VariableField } from "./variable.tsx";

/** Milliseconds without a key in the path. */
const SETTLED = 300;

export function Templates() {
  const { app } = useView();
  const [open, setOpen] = useState(false);
  const templating = templatingOf(app);
  const path = app.projectPath();
  const { sending, problem } = app.actions.state(LISTING).value;
  useEffect(() => {
    if (!open) return;
    const timer = setTimeout(() => void templating.list(path), SETTLED);
    return () => clearTimeout(timer);
  }, [templating, open, path]);
  const told = templating.listed.value;
  const fillsIn = open && templating.chosen.value !== null;
  useEffect(() => {
    app.ui.fillsTemplate.value = fillsIn;
  }, [app, fillsIn]);
  return (
    <details class="cw-more" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Templates of the project and of yours</summary>
      {sending && !told && <p class="cw-meta">Looking…</p>}
      {problem && <ProblemAlert problem={problem} />}
      {told && told.templates.length === 0 && (
        <p class="cw-meta">
          None found. <code>manager.save_template(…)</code> makes one.
        </p>
      )}
      {told && told.templates.length > 0 && <Filling templating={templating} more={told.more} />}
    </details>
  );
}

function Filling({ templating, more }: { templating: Templating; more: number }) {
  const all = templating.listed.value?.templates ?? [];
  const chosen = templating.chosen.value;
  const broken = all.filter((one) => one.problem);
  return (
    <div
      class="cw-template"
      role="group"
      aria-label="Fill in a template"
      onKeyDown={(event) => {
        // Else the form would be sent, which executes the query and not the template.
        if (event.key === "Enter" && event.target instanceof HTMLInputElement) {
          event.preventDefault();
        }
      }}
    >
      <Picker templating={templating} />
      {chosen && <Chosen key={chosen.name} templating={templating} template={chosen} />}
      {broken.map((one) => (
        <p key={one.path} class="cw-hint">
          <Visible text={one.path} as="line" /> is none: <Visible text={one.problem} as="line" />
        </p>
      ))}
      {more > 0 && <p class="cw-hint">{`${formatCount(more, "more template")} not listed.`}</p>}
    </div>
  );
}

function Picker({ templating }: { templating: Templating }) {
  const id = useFieldId();
  const usable = templating.listed.value?.templates.filter((one) => !one.problem) ?? [];
  return (
    <div class="cw-field">
      <label for={id}>Template</label>
      <select
        id={id}
        value={usable.findIndex((one) => one.name === templating.chosen.value?.name)}
        onChange={(event) => {
          templating.choose(usable[Number(event.currentTarget.value)] ?? null);
        }}
      >
        <option value={-1}>None</option>
        {usable.map(({ name, scope }, index) => (
          <option key={name} value={index}>
            {`${name} (${scope === "project" ? "of the project" : "yours"})`}
          </option>
        ))}
      </select>
    </div>
  );
}

interface ChosenProps {
  readonly templating: Templating;
  readonly template: TemplateChoice;
}

function Chosen({ templating, template }: ChosenProps) {
  const { app } = useView();
  return (
    <>
      {template.description && (
        <p class="cw-hint">
          <Visible text={template.description} />
        </p>
      )}
      {template.variables.length > 0 && (
        <div class="cw-more-fields">
          {template.variables.map((variable) => (
            <VariableField
              key={variable.name}
              variable={variable}
              value={templating.values.value[variable.name] ?? ""}
              wrong={templating.wrong(variable.name)}
              onType={(text) => templating.set(variable.name, text)}
            />
          ))}
        </div>
      )}
      {template.options.length > 0 && (
        <p class="cw-meta">
          {"It brings "}
          <Visible text={template.options.join(", ")} as="line" />
          {"; what the form says counts in its place."}
        </p>
      )}
      <LikelyCost starts={[toEstimate(app.starting.settings(), template.name)]} />
      <Start templating={templating} />
      <Preview templating={templating} />
    </>
  );
}

function Start({ templating }: { templating: Templating }) {
  const view = useView();
  const { actions, connection, ui } = view.app;
  const { sending, problem } = actions.state(START).value;
  const filling = actions.state(PREVIEW).value;
  const off = sending || filling.sending || connection.state.value === "disconnected";
  const start = async () => {
    const show = selecting(view);
    const executionId = await templating.start();
    if (executionId !== null) show(executionId);
  };
  const config = problem?.mcpConfig;
  return (
    <>
      <div class="cw-actions">
        <button
          type="button"
          class="cw-button cw-primary"
          aria-disabled={off}
          aria-busy={sending}
          onClick={() => !off && void start()}
        >
          Execute template
        </button>
        <button
          type="button"
          class="cw-button"
          aria-disabled={off}
          onClick={() => !off && void templating.fill()}
        >
          Preview
        </button>
      </div>
      {filling.problem && <ProblemAlert problem={filling.problem} />}
      {problem && <ProblemAlert problem={problem} />}
      {config && (
        <ConfirmServers
          config={config}
          label="Confirm and execute"
          onCancel={() => actions.setProblem(START, null)}
          onConfirm={() => {
            if (config.scope === "settings") ui.confirmedSettings.value = config.digest;
            else ui.chooseConfig(ui.mcpConfig.peek(), config.digest);
            void start();
          }}
        />
      )}
    </>
  );
}

function Preview({ templating }: { templating: Templating }) {
  const told = templating.preview.value;
  if (!told) return null;
  const whole = told.problems.find(({ name }) => name === "");
  const count = told.problems.length;
  return (
    <div role="status" aria-label="Preview">
      {whole && <Visible text={whole.problem} />}
      {!whole && count > 0 && <p class="cw-bad">{`${formatCount(count, "value")} to mend.`}</p>}
      {count === 0 && (
        <pre class="cw-exact">
          <Visible text={told.query} as="prose" />
        </pre>
      )}
      {told.truncated && <p class="cw-hint">It goes on: this is its beginning.</p>}
    </div>
  );
}
