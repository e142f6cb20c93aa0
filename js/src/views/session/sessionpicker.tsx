/**
 * The earlier session that a new execution goes on with, if any.
 *
 * The rule: a native list, so that every keyboard and screen reader knows it; the search leaves out
 * what does not match, and never the one that is chosen.
 */
import { useState } from "preact/hooks";
import { clip, formatAge, formatBytes } from "../../format.ts";
import type { SessionRow } from "../../protocol.ts";
import { visibleText } from "../../text/visible.ts";
import { useFieldId, useView } from "../../view.ts";
import { CheckField } from "../form/field.tsx";

/** So many can be looked through without a search. */
const FEW = 5;
const SHOWN = 8;

export function SessionPicker() {
  const { app } = useView();
  const { ui } = app;
  const id = useFieldId();
  const [search, setSearch] = useState("");
  const sessions = app.store.sessions.value.get(app.projectPath()) ?? [];
  const chosen = ui.sessionId.value;
  const [opened] = useState(() => Date.now() / 1000);
  const now = Math.max(opened, Date.now() / 1000) + app.store.clockOffset.value;
  const found = sessions.filter((one) => one.sessionId === chosen || matches(one, search));
  const searching = search.trim() !== "";
  return (
    <div class="cw-field cw-sessions">
      <label for={id}>Session</label>
      {sessions.length > FEW && <SearchField onSearch={setSearch} list={id} />}
      <select
        id={id}
        size={searching ? Math.min(SHOWN, Math.max(2, found.length + 1)) : 1}
        value={chosen}
        onChange={(event) => {
          ui.sessionId.value = event.currentTarget.value;
        }}
      >
        <option value="">New session</option>
        {found.map((session) => (
          <option key={session.sessionId} value={session.sessionId}>
            {describe(session, now)}
          </option>
        ))}
        {chosen !== "" && !sessions.some((session) => session.sessionId === chosen) && (
          <option value={chosen}>{clip(chosen, 8)}</option>
        )}
      </select>
      {searching && (
        <span class="cw-meta" role="status">
          {found.length === 0 ? "No session matches." : `${found.length} of ${sessions.length}`}
        </span>
      )}
      {chosen !== "" && <CheckField label="Fork: go on in a new session" value={ui.forkSession} />}
    </div>
  );
}

/** Arrow down goes on in the list. */
function SearchField({ onSearch, list }: { onSearch: (text: string) => void; list: string }) {
  return (
    <input
      type="search"
      aria-label="Search sessions"
      placeholder="Search by first prompt or id"
      autocomplete="off"
      aria-controls={list}
      onInput={(event) => onSearch(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.preventDefault();
        if (event.key !== "ArrowDown") return;
        event.preventDefault();
        const root = event.currentTarget.getRootNode() as Document | ShadowRoot;
        root.getElementById(list)?.focus();
      }}
    />
  );
}

function matches({ firstPrompt, sessionId }: SessionRow, search: string): boolean {
  const text = `${firstPrompt} ${sessionId}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function describe(session: SessionRow, now: number): string {
  const prompt = session.firstPrompt.replace(/\s+/g, " ").trim();
  const parts = [
    visibleText(clip(prompt, 60)) || "(no prompt)",
    formatAge(now - session.modifiedTime),
    formatBytes(session.sizeBytes),
    clip(session.sessionId, 8),
  ];
  return parts.join(" · ");
}
