/**
 * The MCP configuration of a new execution: typed, or picked from the files that were found.
 *
 * The rule: what a project's file would start is shown, hidden characters too, before anybody
 * confirms it; what is confirmed is that content and no other.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { actionKey } from "../../conversation/conversation.ts";
import type { MCPConfigChoice } from "../../protocol.ts";
import { useView } from "../../view.ts";
import { Field } from "../form/field.tsx";
import { ProblemAlert } from "../problem.tsx";
import { useGuard } from "../requests/guard.ts";
import { Visible } from "../text/visible.tsx";

export function McpField() {
  const { ui } = useView().app;
  const type = (text: string) => ui.chooseConfig(text, "");
  return (
    <Field
      label="MCP config"
      hint="none, or a file's path or JSON"
      value={ui.mcpConfig}
      onType={type}
    />
  );
}

/** Milliseconds without a key in the path. */
const SETTLED = 300;

export function FoundConfigs() {
  const { app } = useView();
  const [open, setOpen] = useState(false);
  const [configs, setConfigs] = useState<readonly MCPConfigChoice[] | null>(null);
  const path = app.projectPath();
  const { sending, problem } = app.actions.state(actionKey("mcp-configs", path)).value;
  // Those of another project are gone at once; those of this one come when its path has settled.
  useEffect(() => {
    setConfigs(null);
    if (!open) return;
    let left = false;
    const timer = setTimeout(async () => {
      const found = await app.conversation.mcpConfigs(path);
      if (!left) setConfigs(found);
    }, SETTLED);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [app, open, path]);
  return (
    <details class="cw-more" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>MCP files of the project and of yours</summary>
      {sending && <p class="cw-meta">Looking…</p>}
      {problem && <ProblemAlert problem={problem} />}
      {configs?.length === 0 && <p class="cw-meta">None found.</p>}
      {configs && configs.length > 0 && (
        <ul class="cw-configs">
          {configs.map((config) => (
            <ConfigItem key={config.path} config={config} />
          ))}
        </ul>
      )}
    </details>
  );
}

function ConfigItem({ config }: { config: MCPConfigChoice }) {
  const { ui } = useView().app;
  const [asks, setAsks] = useState(false);
  const used = ui.mcpConfig.value === config.path;
  const use = () => {
    if (config.scope === "project") setAsks(true);
    else ui.chooseConfig(config.path, config.digest);
  };
  return (
    <li class="cw-config">
      <div class="cw-ask-head">
        <b>
          <Visible text={config.path} as="line" />
        </b>
        <span class="cw-tag">{config.scope === "project" ? "of the project" : "yours"}</span>
        {used && <span class="cw-meta">in use</span>}
        {!config.problem && !used && !asks && (
          <button type="button" class="cw-button cw-small" onClick={use}>
            Use
          </button>
        )}
      </div>
      {config.problem && <p class="cw-bad">{config.problem}</p>}
      {asks ? (
        <ConfirmServers
          config={config}
          label="Confirm and use"
          onCancel={() => setAsks(false)}
          onConfirm={() => {
            setAsks(false);
            ui.chooseConfig(config.path, config.digest);
          }}
        />
      ) : (
        <ServerList config={config} />
      )}
    </li>
  );
}

interface ConfirmServersProps {
  readonly config: MCPConfigChoice;
  readonly label: string;
  onConfirm(): void;
  onCancel(): void;
}

/** Asks before a project's file may start what it says. */
export function ConfirmServers({ config, label, onConfirm, onCancel }: ConfirmServersProps) {
  const root = useRef<HTMLDivElement>(null);
  const settled = useGuard(root, config.digest);
  return (
    <div
      ref={root}
      class="cw-ask cw-ask-open"
      role="group"
      aria-label={config.scope === "settings" ? "Confirm project settings" : "Confirm MCP servers"}
    >
      <p>
        <span class="cw-ask-mark">
          {config.scope === "settings" ? "The project's own settings" : "The project's file"}
        </span>{" "}
        <Visible text={config.path} as="line" /> would{" "}
        {config.scope === "settings" ? "do this, unasked," : "start this"} on the kernel's machine:
      </p>
      <ServerList config={config} />
      <div class="cw-actions">
        <button
          type="button"
          class="cw-button"
          onClick={() => {
            if (settled()) onConfirm();
          }}
        >
          {label}
        </button>
        <button type="button" class="cw-button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </div>
  );
}

function ServerList({ config }: { config: MCPConfigChoice }) {
  return (
    <dl class="cw-ask-facts">
      {config.servers.map(({ name, runs }) => (
        <div key={`${name} ${runs}`}>
          <dt>
            <Visible text={name} as="line" />
          </dt>
          <dd>
            <code class="cw-exact">
              <Visible text={runs} as="line" />
            </code>
          </dd>
        </div>
      ))}
    </dl>
  );
}
