/**
 * The dashboard: form on top, below it tabs with what there is, and the output.
 *
 * The rule: layout, and the keys that hold everywhere in it; each part reads what it draws from the
 * view.
 */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { panels } from "../parts/panelspart.ts";
import { useFieldId, useView } from "../view.ts";
import { Announcements } from "./announce.tsx";
import { ConnectionBanner, KernelNotice } from "./banner.tsx";
import { Fetched, usePanelsSoon } from "./fetched.tsx";
import { StartForm } from "./form/form.tsx";
import { DashboardHeader } from "./header.tsx";
import { ListContext, useNewList } from "./list/listing.ts";
import { DashboardPanels, type PanelName } from "./panels.tsx";

/** Milliseconds in which what was asked for is still wanted. */
const SOON = 5000;

export function Dashboard() {
  const state = useNewList();
  const searches = {
    executions: useRef<HTMLInputElement>(null),
    history: useRef<HTMLInputElement>(null),
  };
  const asked = useSignal(false);
  const panel = useSignal<PanelName>("executions");
  usePanelsSoon();
  const onKeyDown = (event: KeyboardEvent) => {
    const chosen = panel.peek();
    const search = chosen === "executions" || chosen === "history" ? searches[chosen] : null;
    if (event.key === "Escape") asked.value = false;
    if (event.defaultPrevented || isCombined(event) || isTyping(event.target)) return;
    if (event.key === "?") asked.value = true;
    else if (event.key === "/" && search?.current) search.current.focus();
    else return;
    event.preventDefault();
  };
  return (
    <ListContext.Provider value={state}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: hears keys that hold everywhere. */}
      <div class="cw-dashboard" onKeyDown={onKeyDown}>
        <ConnectionBanner />
        <KernelNotice />
        <Start
          onKeys={() => {
            asked.value = true;
          }}
          onNeeds={() => {
            panel.value = "executions";
          }}
        />
        <DashboardPanels chosen={panel} searches={searches} />
        <Announcements />
        {asked.value && (
          <Keys
            onClose={() => {
              asked.value = false;
            }}
          />
        )}
      </div>
    </ListContext.Provider>
  );
}

/** Where the panels are not there soon, it ends: nobody is interrupted by what was asked for long ago. */
function Keys({ onClose }: { onClose: () => void }) {
  const ready = panels.value.value !== null;
  useEffect(() => {
    if (ready) return;
    const timer = setTimeout(onClose, SOON);
    return () => clearTimeout(timer);
  }, [ready]);
  return <Fetched quiet draw={({ KeysDialog }) => <KeysDialog onClose={onClose} />} />;
}

interface StartProps {
  readonly onKeys: () => void;
  readonly onNeeds: () => void;
}

function Start({ onKeys, onNeeds }: StartProps) {
  const folded = useSignal(false);
  const id = useFieldId();
  const drafted = useView().app.ui.drafts.value.length > 0;
  return (
    <>
      <DashboardHeader folded={folded} formId={id} onKeys={onKeys} onNeeds={onNeeds} />
      <div id={id} hidden={folded.value}>
        <StartForm />
      </div>
      {drafted && <Fetched draw={({ Drafts }) => <Drafts />} />}
    </>
  );
}

const isCombined = (event: KeyboardEvent): boolean =>
  event.ctrlKey || event.metaKey || event.altKey;

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.closest("input, select, textarea") !== null)
  );
}
