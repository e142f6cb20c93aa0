/** The changes of a worktree: the diff that is drawn, and what each button asks for. */
import { describe, expect, test } from "vitest";
import type { DiffAnswer } from "../src/protocol.ts";
import { Changes } from "../src/views/pane/changes.tsx";
import { diffAnswer } from "./difftext.ts";
import { refused } from "./fakes.ts";
import { part } from "./sessionpart.tsx";
import {
  all,
  button,
  change,
  el,
  HOSTILE,
  model,
  nameOf,
  press,
  say,
  tell,
  usePage,
} from "./stage.ts";

usePage();

const diff = (fields: Partial<DiffAnswer> = {}): DiffAnswer =>
  diffAnswer(model.last("claude:get-diff").requestId, fields);

async function opened(fields: Partial<DiffAnswer> = {}, status = "completed"): Promise<void> {
  const own = { status, branch: "claude-widget/a1b2c3d4" } as const;
  await part((row) => <Changes executionId={row.executionId} />, own as never);
  await say(diff(fields));
}
const text = () => el.textContent ?? "";
const asked = () => model.all("claude:settle-worktree");
const files = () => [...el.querySelectorAll("details summary code")].map((one) => one.textContent);
const off = (name: string) => button(name).getAttribute("aria-disabled") === "true";

describe("what has changed", () => {
  test("is told by file, with its diff, and where it comes from", async () => {
    await opened({ commits: 2, notes: ["The project has 1 uncommitted change."] });
    expect(el.querySelector("[role=status]")?.textContent).toBe("2 files changed, +3 −1");
    expect(files()).toEqual(["code.py", "new"]);
    const tables = [...el.querySelectorAll("table")].map((one) => nameOf(one));
    expect(tables).toContain("Changes to code.py: 1 line added, 1 removed");
    expect(text()).toContain("from 0123456789ab · 2 commits by the agent");
    expect(text()).toContain("1 uncommitted change");
  });

  test("says of files that are no text, or beyond what is shown, that they are", async () => {
    const binary = { path: "p.png", kind: "changed", added: 0, removed: 0, note: "is no text" };
    const beyond = { path: "z", kind: "changed", added: 1, removed: 0, note: "" };
    const told = [binary, beyond] as DiffAnswer["files"];
    await opened({ files: told, fileCount: 9, truncated: true, text: "" });
    expect(text()).toContain("Its lines are not shown: it is no text.");
    expect(text()).toContain("It is beyond what is shown here.");
    expect(text()).toContain("And 7 more files.");
  });

  test("is text, whatever a file is called or contains", async () => {
    const name = `\u202e${HOSTILE}`;
    const body = `diff --git a/${name} b/${name}\n@@ -0,0 +1 @@\n+${HOSTILE}\u202e\n`;
    const one = { path: name, kind: "added", added: 1, removed: 0, note: "" } as const;
    await opened({ files: [one], fileCount: 1, text: body, notes: [HOSTILE] });
    expect(el.querySelector("img, script")).toBeNull();
    expect(text()).toContain("U+202E");
    expect(text()).not.toContain("\u202e");
    expect(text()).toContain("+1 −0");
  });

  test("draws only so many files at first, and folds long ones", async () => {
    const many = Array.from({ length: 120 }, (_, index) => ({
      path: `f${index}`,
      kind: "added" as const,
      added: 150,
      removed: 0,
      note: "",
    }));
    await opened({ files: many, fileCount: 120 });
    expect(files()).toHaveLength(50);
    expect(el.querySelectorAll("details[open]")).toHaveLength(1);
    await press("Show more (70 more files)");
    expect(files()).toHaveLength(120);
  });

  test("may be looked at while it runs, again and again, and is not decided on", async () => {
    await opened({ state: "clean", files: [], fileCount: 0, text: "" }, "running");
    expect(text()).toContain("Nothing has changed yet.");
    await press("Refresh");
    await say(diff());
    expect(files()).toHaveLength(2);
    for (const name of ["Apply to project", "Keep branch", "Discard…"])
      expect(off(name)).toBe(true);
    await press("Apply to project");
    expect(asked()).toHaveLength(0);
    await tell(change("run", { status: "completed" }));
    expect(model.all("claude:get-diff")).toHaveLength(3);
    await say(diff());
    expect(off("Apply to project")).toBe(false);
  });
});

describe("what becomes of it", () => {
  const settled = async (state: DiffAnswer["state"], fields: Partial<DiffAnswer> = {}) => {
    const { requestId, action } = model.last("claude:settle-worktree");
    await say({ type: "claude:settle-worktree", requestId, action, branch: "", fileCount: 2 });
    await say(diff({ state, ...fields }));
  };
  const gone = { path: "", text: "", files: [], fileCount: 0 };

  test("is applied to the project, said with when, and the worktree stays", async () => {
    await opened();
    await press("Apply to project");
    expect(model.last("claude:settle-worktree")).toMatchObject({
      executionId: "run",
      action: "apply",
    });
    expect(off("Discard…")).toBe(true);
    await settled("applied", { appliedTime: 1 });
    expect(text()).toContain("Applied to the project");
    expect(off("Discard…")).toBe(false);
  });

  test("is kept on its branch, and how to take it over is said", async () => {
    await opened();
    await press("Keep branch");
    await settled("kept", gone);
    expect(text()).toContain("git merge claude-widget/a1b2c3d4");
    expect(all("button", "Apply to project")).toHaveLength(0);
  });

  test("is discarded only after a question, which is cancelled by the key that is pressed first", async () => {
    await opened({ commits: 1 });
    await press("Discard…");
    const dialog = el.querySelector("dialog") as HTMLDialogElement;
    expect(dialog.textContent).toContain("changes to 2 files and 1 commit");
    expect(document.activeElement?.textContent).toBe("Keep them");
    await press("Keep them");
    expect(asked()).toHaveLength(0);
    await press("Discard…");
    await press("Discard these changes");
    expect(model.last("claude:settle-worktree").action).toBe("discard");
    await settled("discarded", gone);
    expect(text()).toContain("Discarded");
    expect(all("button", "Discard…")).toHaveLength(0);
  });

  test("is refused with the files that do not fit, and all stays as it was", async () => {
    await opened();
    await press("Apply to project");
    const { requestId } = model.last("claude:settle-worktree");
    const message = "The changes cannot be applied to /p:\n  - code\u202e.py: it has changed\n";
    await say(refused(requestId, { kind: "WorktreeConflict", message, hint: "Keep the branch." }));
    await say(diff());
    const alert = el.querySelector("[role=alert]")?.textContent;
    expect(alert).toContain("codeU+202E.py: it has changed");
    expect(alert).toContain("Keep the branch.");
    expect(off("Apply to project")).toBe(false);
  });

  test("has no Apply where nothing has changed", async () => {
    await opened({ state: "clean", files: [], fileCount: 0, text: "" });
    expect(all("button", "Apply to project")).toHaveLength(0);
    expect(button("Discard…")).toBeTruthy();
  });
});

describe("what was recorded", () => {
  const recorded = { recorded: true, branch: "", base: "", path: "" } as const;

  test("is marked as that, and only applied, which is not offered twice", async () => {
    await opened({ ...recorded, mayApply: true });
    expect(text()).toContain("As recorded: nothing ran");
    expect(files()).toEqual(["code.py", "new"]);
    expect(all("button", "Keep branch")).toEqual([]);
    expect(all("button", "Discard…")).toEqual([]);
    await press("Apply to project");
    expect(asked().at(-1)).toMatchObject({ action: "apply" });
    const { requestId } = model.last("claude:settle-worktree");
    const type = "claude:settle-worktree";
    await say({ type, requestId, action: "apply", branch: "", fileCount: 2 });
    await say(diff({ ...recorded, mayApply: true, state: "applied" }));
    expect(el.querySelector("[role=status]")?.textContent).toContain("The project has these");
    expect(off("Apply to project")).toBe(true);
  });

  test("is only looked at where it cannot be applied", async () => {
    await opened({ ...recorded, notes: ["Others changed the folder at the same time."] });
    expect(all("button", "Apply to project")).toEqual([]);
    expect(text()).toContain("Others changed the folder");
    await opened({ ...recorded, state: "clean", files: [], fileCount: 0, text: "" });
    expect(text()).toContain("No changes are recorded.");
  });
});
