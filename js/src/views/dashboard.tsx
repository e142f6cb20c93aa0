/**
 * The dashboard: form on top, list and output below it.
 *
 * The rule: layout only; each part reads what it draws from the view.
 */
import { ConnectionBanner, KernelNotice } from "./banner.tsx";
import { Drafts } from "./drafts.tsx";
import { StartForm } from "./form.tsx";
import { ExecutionList } from "./list.tsx";
import { SelectedOutput } from "./output.tsx";

export function Dashboard() {
  return (
    <>
      <ConnectionBanner />
      <KernelNotice />
      <StartForm />
      <Drafts />
      <div class="cw-columns">
        <ExecutionList />
        <SelectedOutput />
      </div>
    </>
  );
}
