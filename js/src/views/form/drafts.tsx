/**
 * The drafted queries, and the button that starts them all.
 *
 * The rule: a draft goes only when its execution has started; one that was refused says why.
 */
import type { MCPConfigChoice } from "../../protocol.ts";
import type { Draft } from "../../ui.ts";
import { select, useView } from "../../view.ts";
import { ProblemAlert } from "../problem.tsx";
import { ConfirmServers } from "../session/mcp.tsx";

export function Drafts() {
  const drafts = useView().app.ui.drafts.value;
  if (drafts.length === 0) return null;
  return (
    <section class="cw-drafts" aria-label="Drafts">
      <ol>
        {drafts.map((draft) => (
          <DraftItem key={draft.id} draft={draft} />
        ))}
      </ol>
    </section>
  );
}

export function ExecuteAll() {
  const view = useView();
  const { app } = view;
  const drafts = app.ui.drafts.value;
  const gone = app.connection.state.value === "disconnected";
  const off = gone || drafts.every((draft) => draft.sending);
  const executeAll = async () => {
    if (off) return;
    const [first] = await app.starting.executeAll();
    if (first !== undefined && view.selected.value === null) select(view, first);
  };
  return (
    <button
      type="button"
      class="cw-button"
      aria-disabled={off}
      title={drafts.length === 0 ? "Add queries to the drafts first" : "Start every draft"}
      onClick={() => void executeAll()}
    >
      Execute All
    </button>
  );
}

function DraftItem({ draft }: { draft: Draft }) {
  const view = useView();
  const { ui, starting } = view.app;
  const unconfirmed = draft.problem?.mcpConfig;
  const start = async ({ scope, digest }: MCPConfigChoice) => {
    const confirmed =
      scope === "settings" ? { confirmedSettings: digest } : { confirmedDigest: digest };
    const settings = { ...draft.settings, ...confirmed };
    const executionId = await starting.executeDraft({ ...draft, settings });
    if (executionId !== null) select(view, executionId);
  };
  const { query, projectPath, sessionId, model, mcpConfig } = draft.settings;
  const more = [projectPath, sessionId && "earlier session", model, mcpConfig && "MCP"];
  return (
    <li class="cw-draft">
      <span class="cw-draft-query">{query}</span>
      <span class="cw-meta">{more.filter(Boolean).join(" · ")}</span>
      <button
        type="button"
        class="cw-button cw-small"
        aria-label="Remove draft"
        aria-disabled={draft.sending}
        onClick={() => !draft.sending && ui.removeDraft(draft.id)}
      >
        {draft.sending ? "Starting…" : "Remove"}
      </button>
      {draft.problem && <ProblemAlert problem={draft.problem} />}
      {unconfirmed && (
        <ConfirmServers
          config={unconfirmed}
          label="Confirm and start"
          onConfirm={() => void start(unconfirmed)}
          onCancel={() => ui.changeDraft(draft.id, { problem: null })}
        />
      )}
    </li>
  );
}
