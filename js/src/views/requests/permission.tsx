/**
 * A permission that an execution asks for: what, where, why, and the ways to answer.
 *
 * The rule: what is allowed is what is shown; "always" is what the CLI proposed, spelled out, and
 * changed input goes out only when it is what it must be. Where the CLI says that no is the default,
 * Deny is what stands out.
 */

import { actionKey, allow, deny } from "../../conversation/conversation.ts";
import { describeSuggestion } from "../../conversation/suggestions.ts";
import type { RequestBlock } from "../../fold/blocks.ts";
import { type Json, parseObject, pretty } from "../../json.ts";
import { problem } from "../../problem.ts";
import { visible } from "../../text/visible.ts";
import { useFieldId, usePane, useView } from "../../view.ts";
import { ProblemAlert } from "../problem.tsx";
import { Visible } from "../text/visible.tsx";
import { AskedInput, AskedPlace } from "./asked.tsx";
import { DecideButton, DenyLine } from "./decide.tsx";
import { type Deciding, useDeciding } from "./deciding.ts";

interface PermissionDraft {
  readonly face: "plain" | "edit" | "always";
  readonly edited: string;
  /** Of the suggestions, by their place. */
  readonly chosen: readonly number[];
  readonly message: string;
}

export function PermissionCard({ block }: { block: RequestBlock }) {
  const draft = useDraft(block);
  const { face, message } = draft.value;
  const change = (changes: Partial<PermissionDraft>) => {
    draft.value = { ...draft.peek(), ...changes };
  };
  const deciding = useDeciding(block, face);
  const no = block.defaultToNo;
  const denyLine = (
    <DenyLine
      deciding={deciding}
      label="Deny"
      primary={no}
      hint="What Claude should do instead (optional)"
      message={message}
      onType={(text) => change({ message: text })}
      onDeny={() => deciding.decide(deny(message))}
    />
  );
  return (
    <>
      <Heading block={block} />
      {face === "edit" ? (
        <EditedInput block={block} text={draft.value.edited} change={change} />
      ) : (
        <AskedInput tool={block.tool} input={block.input} />
      )}
      <AskedPlace block={block} />
      {no && denyLine}
      <AllowActions block={block} draft={draft.value} change={change} deciding={deciding} />
      {!no && denyLine}
      {deciding.problem && <ProblemAlert problem={deciding.problem} />}
    </>
  );
}

/** Kept outside of the card, which may be scrolled away and drawn again. */
function useDraft(block: RequestBlock) {
  const { ui } = useView().app;
  const key = actionKey("draft", usePane().executionId, block.controlId);
  // The CLI proposes several ways to go on without being asked: which of them is the user's choice.
  const chosen = block.suggestions.length === 1 && !block.defaultToNo ? [0] : [];
  return ui.kept<PermissionDraft>(key, { face: "plain", edited: "", chosen, message: "" });
}

function Heading({ block }: { block: RequestBlock }) {
  const { tool, title, description } = block;
  return (
    <div class="cw-ask-head">
      <span class="cw-ask-mark">Needs you</span>
      <b>
        <Visible text={title || `Allow ${tool || "this"}?`} as="line" />
      </b>
      {title && tool && (
        <span class="cw-tag">
          <Visible text={tool} as="line" />
        </span>
      )}
      {description && (
        <span class="cw-meta">
          <Visible text={description} as="line" />
        </span>
      )}
    </div>
  );
}

interface PartProps {
  readonly block: RequestBlock;
  readonly draft: PermissionDraft;
  readonly deciding: Deciding;
  change(changes: Partial<PermissionDraft>): void;
}

function AllowActions({ block, draft, deciding, change }: PartProps) {
  const { face } = draft;
  const answer = deciding.answering;
  if (face === "always") return <Always {...{ block, draft, deciding, change }} />;
  const editing = face === "edit";
  const allowNow = () => {
    if (!editing) return deciding.decide(allow());
    const updatedInput = inputOf(block, draft.edited);
    if (updatedInput) deciding.decide(allow({ updatedInput }));
    else deciding.say(problem("This is not a JSON object.", "It was not sent."));
  };
  const startEdit = () => change({ face: "edit", edited: textOf(block) });
  const stopEdit = () => {
    deciding.say(null);
    change({ face: "plain" });
  };
  return (
    <div class="cw-actions">
      <DecideButton
        deciding={deciding}
        primary={!block.defaultToNo}
        label={answer ? "Answering…" : editing ? "Allow with this input" : "Allow once"}
        onDecide={allowNow}
      />
      {!editing && block.suggestions.length > 0 && (
        <DecideButton
          deciding={deciding}
          label="Always allow…"
          onDecide={() => change({ face: "always" })}
        />
      )}
      {!block.inputClipped && (
        <DecideButton
          deciding={deciding}
          label={editing ? "Leave the input as it was" : "Edit input…"}
          onDecide={editing ? stopEdit : startEdit}
        />
      )}
    </div>
  );
}

function Always({ block, draft, deciding, change }: PartProps) {
  const chosen = block.suggestions.filter((_, index) => draft.chosen.includes(index));
  const toggle = (index: number, on: boolean) =>
    change({
      chosen: [...draft.chosen.filter((other) => other !== index), ...(on ? [index] : [])],
    });
  return (
    <fieldset class="cw-ask-always">
      <legend>Allow this call, and from now on</legend>
      {block.suggestions.map((suggestion, index) => (
        <SuggestionChoice
          key={index}
          suggestion={suggestion}
          checked={draft.chosen.includes(index)}
          onCheck={(on) => toggle(index, on)}
        />
      ))}
      <div class="cw-actions">
        <DecideButton
          deciding={deciding}
          primary={!block.defaultToNo}
          label={deciding.answering ? "Answering…" : "Allow and remember"}
          unready={chosen.length === 0}
          onDecide={() => deciding.decide(allow({ updatedPermissions: chosen }))}
        />
        <DecideButton deciding={deciding} label="Back" onDecide={() => change({ face: "plain" })} />
      </div>
    </fieldset>
  );
}

interface SuggestionChoiceProps {
  readonly suggestion: Json;
  readonly checked: boolean;
  onCheck(on: boolean): void;
}

function SuggestionChoice({ suggestion, checked, onCheck }: SuggestionChoiceProps) {
  const { action, items, place } = describeSuggestion(suggestion);
  return (
    <label class="cw-choice">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onCheck(event.currentTarget.checked)}
      />
      <span>
        {action}{" "}
        {items.map((item, index) => (
          <code key={index} class="cw-exact">
            <Visible text={item} />
          </code>
        ))}{" "}
        {place}
      </span>
    </label>
  );
}

// -- edited input ------------------------------------------------------------------------------

interface EditedProps {
  readonly block: RequestBlock;
  readonly text: string;
  change(changes: Partial<PermissionDraft>): void;
}

function EditedInput({ block, text, change }: EditedProps) {
  const id = useFieldId();
  const label = asCommand(block) ? "Command" : "Input (JSON)";
  return (
    <div class="cw-field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        class="cw-code-field"
        rows={Math.min(16, text.split("\n").length + 1)}
        spellcheck={false}
        value={text}
        onInput={(event) => change({ edited: event.currentTarget.value })}
      />
    </div>
  );
}

/** A command with hidden characters is edited as JSON, where they can be seen. */
function asCommand({ tool, input }: RequestBlock): boolean {
  const { command } = input;
  if (tool !== "Bash" || typeof command !== "string") return false;
  return visible(command).every(({ label }) => label === "");
}

function textOf(block: RequestBlock): string {
  if (asCommand(block)) return String(block.input.command);
  return visible(pretty(block.input))
    .map(({ text, label }) => (label === "" ? text : escaped(text)))
    .join("");
}

const escaped = (text: string): string =>
  text
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");

/** Null when it is not what an input must be. */
function inputOf(block: RequestBlock, text: string): Json | null {
  if (!asCommand(block)) return parseObject(text);
  return text.trim() === "" ? null : { ...block.input, command: text };
}
