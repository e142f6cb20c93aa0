/**
 * The timeline of executions.
 *
 * The rule: it draws what the store and the kernel's answer say, and asks for no more than is seen.
 */
export function Timeline() {
  return <p class="cw-empty">No executions yet.</p>;
}
