/**
 * How it stands with the kernel, when that is worth saying, and the kernel's own notice.
 *
 * The rule: a status region that is always there, so that a screen reader hears it change.
 */
import { BUSY, DISCONNECTED } from "../connection.ts";
import { useView } from "../view.ts";

export function ConnectionBanner() {
  const state = useView().app.connection.state.value;
  const text = state === "disconnected" ? DISCONNECTED : state === "busy" ? BUSY : "";
  return (
    <div class={text ? `cw-banner cw-banner-${state}` : "cw-quiet"} role="status">
      {text}
    </div>
  );
}

export function KernelNotice() {
  const notice = useView().app.store.welcome.value?.notice;
  return notice ? <p class="cw-banner cw-banner-notice">{notice}</p> : null;
}
