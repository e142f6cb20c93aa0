/**
 * The drafted queries, and in which order they are started.
 *
 * The rule: a draft goes only when its execution has started; one that was refused says why, and what
 * that means for those behind it.
 */
import { formatCount } from "../../format.ts";
import type { MCPConfigChoice } from "../../protocol.ts";
import { chainOf, DRAFT_ORDERS, executeLinked, isStarting, orderOf } from "../../queue/drafting.ts";
import type { Draft } from "../../ui.ts";
import { select, useView } from "../../view.ts";
import { ProblemAlert } from "../problem.tsx";
import { ConfirmServers } from "../session/mcp.tsx";
import { LikelyCost, toEstimate } from "./estimate.tsx";

export function Drafts() {
  const { app } = useView();
  const drafts = app.ui.drafts.value;
  if (drafts.length === 0) return null;
  const stopped = chainOf(app).value?.left.includes(drafts[0]?.id ?? "");
  return (
    <section class="cw-drafts" aria-label="Drafts">
      {(drafts.length > 1 || stopped) && <OrderField />}
      <LikelyCost starts={drafts.map(({ settings }) => toEstimate(settings))} />
      <Stopped />
      <ol>
        {drafts.map((draft) => (
          <DraftItem key={draft.id} draft={draft} />
        ))}
      </ol>
    </section>
  );
}

function OrderField() {
  const { app } = useView();
  const order = orderOf(app);
  return (
    <label class="cw-draft-order">
      Execute All starts them
      <select
        value={order.value}
        disabled={isStarting(app)}
        onChange={(event) => {
          const found = Object.keys(DRAFT_ORDERS).find((one) => one === event.currentTarget.value);
          if (found) order.value = found as keyof typeof DRAFT_ORDERS;
        }}
      >
        {Object.entries(DRAFT_ORDERS).map(([name, words]) => (
          <option key={name} value={name}>
            {words}
          </option>
        ))}
      </select>
      {order.value !== "parallel" && (
        <span class="cw-hint">Each waits until the one before it has completed.</span>
      )}
    </label>
  );
}

/** Of a chain that a refusal has stopped. */
function Stopped() {
  const { app } = useView();
  const chain = chainOf(app).value;
  const left = app.ui.drafts.value.filter(({ id }) => chain?.left.includes(id));
  if (!left[0]?.problem || isStarting(app)) return null;
  const behind = left.length - 1;
  return (
    <p class="cw-draft-stopped" role="status">
      {behind > 0
        ? `One draft was refused, so ${formatCount(behind, "draft")} behind it ${behind === 1 ? "was" : "were"} not started. `
        : "The last draft was refused. "}
      {chain?.last && "What is tried again comes after what was started before it."}
    </p>
  );
}

function DraftItem({ draft }: { draft: Draft }) {
  const view = useView();
  const { ui } = view.app;
  const unconfirmed = draft.problem?.mcpConfig;
  const start = async ({ scope, digest }: MCPConfigChoice) => {
    const confirmed =
      scope === "settings" ? { confirmedSettings: digest } : { confirmedDigest: digest };
    const settings = { ...draft.settings, ...confirmed };
    const executionId = await executeLinked(view.app, { ...draft, settings });
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
