/**
 * One batch, one pipeline, or what can be promoted of one comparison, in its own cell.
 *
 * The rule: what is drawn of it is fetched as the panels are; here is only how it stands with the
 * kernel.
 */
import { ConnectionBanner } from "./banner.tsx";
import { Fetched, type FetchedProps } from "./fetched.tsx";

const shows = (draw: FetchedProps["draw"]) => () => (
  <>
    <ConnectionBanner />
    <Fetched draw={draw} />
  </>
);

export const BatchView = shows(({ Batch }) => <Batch />);
export const PipelineView = shows(({ Pipeline }) => <Pipeline />);
export const ComparisonView = shows(({ Promotions }) => <Promotions />);
