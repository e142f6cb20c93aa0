/**
 * Answering what an execution asks: what every card of a request can do, and how that stands.
 *
 * The rule: an answer goes out once, on an activation that was meant for what is shown; buttons
 * stay where they are while it is on its way, so that the focus does too.
 */
import type { RefObject } from "preact";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { actionKey, type Decision } from "../../conversation/conversation.ts";
import type { RequestBlock } from "../../fold/blocks.ts";
import type { Problem } from "../../problem.ts";
import { usePane, useView } from "../../view.ts";
import { useGuard } from "./guard.ts";

/** The element that is a request's card: it has the identity that the guard watches. */
export const CardContext = createContext<RefObject<HTMLElement | null>>({ current: null });

export interface Deciding {
  /** Nothing more can be pressed: an answer is on its way, or nobody is there to take it. */
  readonly closed: boolean;
  /** It was taken, and the transcript will say so; or it is on its way. */
  readonly answering: boolean;
  readonly problem: Problem | null;
  /** Of what this page can say to it; each view that shows the card has the same. */
  say(problem: Problem | null): void;
  decide(decision: Decision): void;
}

/** `face` names what the card shows: when that changes, it is a new thing to read. */
export function useDeciding(block: RequestBlock, face: string): Deciding {
  const { app } = useView();
  const { executionId } = usePane();
  const key = actionKey("answer", executionId, block.controlId);
  const taken = app.ui.kept(`taken ${key}`, false);
  const { sending, problem } = app.actions.state(key).value;
  const settled = useGuard(useContext(CardContext), `${block.controlId} ${face}`);
  const answering = sending || taken.value;
  const gone = app.connection.state.value === "disconnected";
  const closed = answering || gone || app.row(executionId)?.value.recorded === true;
  return {
    closed,
    answering,
    problem,
    say: (said) => app.actions.setProblem(key, said),
    decide: async (decision) => {
      if (closed || !settled()) return;
      taken.value = await app.conversation.answer(executionId, block.controlId, decision);
    },
  };
}
