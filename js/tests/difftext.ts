/** Changes as a kernel tells of them, for tests of what draws them. */
import type { DiffAnswer } from "../src/protocol.ts";

/** A unified diff of two files, in one of which a line looks like a head. */
export const TEXT = `diff --git a/code.py b/code.py
--- a/code.py
+++ b/code.py
@@ -1,3 +1,3 @@
 one
-two
+TWO
 three
diff --git a/new b/new
new file mode 100644
--- /dev/null
+++ b/new
@@ -0,0 +1,2 @@
+n
++ diff --git a/x b/x
\\ No newline at end of file
`;

/** The kernel's answer that tells of it. */
export const diffAnswer = (requestId: string, fields: Partial<DiffAnswer> = {}): DiffAnswer => ({
  type: "claude:get-diff",
  requestId,
  state: "changed",
  branch: "claude-widget/a1b2c3d4",
  base: "0123456789abcdef",
  path: "/state/worktrees/run/project",
  appliedTime: null,
  files: [
    { path: "code.py", kind: "changed", added: 1, removed: 1, note: "" },
    { path: "new", kind: "added", added: 2, removed: 0, note: "" },
  ],
  fileCount: 2,
  added: 3,
  removed: 1,
  commits: 0,
  text: TEXT,
  truncated: false,
  notes: [],
  recorded: false,
  mayApply: false,
  ...fields,
});
