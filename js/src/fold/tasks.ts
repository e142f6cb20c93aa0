/**
 * Background tasks and subagents.
 *
 * The rule: a task is shown on the call that started it, or alone where none did or the call shows
 * another one. `background_tasks_changed` names all that live: one that it no longer names is over.
 */

import { asList, asNumber, asObject, asText, type Json } from "../json.ts";
import type { BlockFold } from "./blockfold.ts";
import type { Task, TaskBlock, ToolBlock } from "./blocks.ts";

const STATUSES: Readonly<Record<string, Task["status"]>> = {
  pending: "pending",
  running: "running",
  paused: "paused",
  completed: "completed",
  failed: "failed",
  killed: "stopped",
  stopped: "stopped",
};
const LIVE: ReadonlySet<Task["status"]> = new Set(["pending", "running", "paused"]);

const statusOf = (value: unknown): Task["status"] | undefined => {
  const said = asText(value);
  return Object.hasOwn(STATUSES, said) ? STATUSES[said] : undefined;
};

export function foldTaskStarted(fold: BlockFold, frame: Json): void {
  const id = asText(frame.task_id);
  const call = asText(frame.tool_use_id);
  const known = taskOf(fold, id);
  const task = { ...(known ?? newTask(id)), ...changesOf(frame) };
  const block = fold.get(fold.memory.tasks.get(id));
  if (block?.kind === "task" && call !== "" && block.parent !== call) {
    moveTask(fold, block, call, task);
  } else if (known) putTask(fold, task);
  else addTask(fold, task, call, asText(frame.parent_task_id));
}

/** `task_progress`: what it does now, which the frame has in place of a description. */
export function foldTaskProgress(fold: BlockFold, frame: Json): void {
  const known = taskOf(fold, asText(frame.task_id));
  const summary = asText(frame.summary) || asText(frame.description);
  if (known) putTask(fold, { ...known, ...changesOf({ ...frame, description: "", summary }) });
}

/** `task_updated`: some fields have changed. */
export function foldTaskUpdated(fold: BlockFold, frame: Json): void {
  const known = taskOf(fold, asText(frame.task_id));
  if (known) putTask(fold, { ...known, ...changesOf(asObject(frame.patch)) });
}

/** `task_notification`: it ended; a task of an earlier execution may be told of here first. */
export function foldTaskNotification(fold: BlockFold, frame: Json): void {
  const id = asText(frame.task_id);
  const status = statusOf(frame.status) ?? "completed";
  const known = taskOf(fold, id);
  const task = { ...(known ?? newTask(id)), ...changesOf(frame), status };
  if (known) putTask(fold, task);
  else addTask(fold, task, asText(frame.tool_use_id), "");
}

/** `background_tasks_changed`: all that live. */
export function foldTaskList(fold: BlockFold, frame: Json): void {
  const { listedTasks } = fold.memory;
  const entries = asList(frame.tasks).map(asObject);
  const live = new Set(entries.map((entry) => asText(entry.task_id)));
  for (const id of listedTasks) if (!live.has(id)) stop(fold, id);
  listedTasks.clear();
  for (const entry of entries) {
    const id = asText(entry.task_id);
    listedTasks.add(id);
    const known = taskOf(fold, id);
    if (!known) addTask(fold, { ...newTask(id), ...changesOf(entry) }, "", "");
  }
}

/** The execution ended: no task lives. */
export function endTasks(fold: BlockFold): void {
  for (const id of fold.memory.tasks.keys()) stop(fold, id);
}

function stop(fold: BlockFold, id: string): void {
  const task = taskOf(fold, id);
  if (task && LIVE.has(task.status)) putTask(fold, { ...task, status: "stopped" });
}

function newTask(id: string): Task {
  return {
    id,
    type: "",
    description: "",
    status: "running",
    summary: "",
    lastTool: "",
    tokens: null,
    toolCount: null,
  };
}

/** The fields that a frame has something to say about. */
function changesOf(frame: Json): Partial<Task> {
  const usage = asObject(frame.usage);
  const said: { [name in keyof Task]?: Task[name] | null | undefined | "" } = {
    type: asText(frame.task_type),
    description: asText(frame.description),
    status: statusOf(frame.status),
    summary: asText(frame.summary) || asText(frame.error),
    lastTool: asText(frame.last_tool_name),
    tokens: asNumber(usage.total_tokens),
    toolCount: asNumber(usage.tool_uses),
  };
  const told = Object.entries(said).filter(([, value]) => (value ?? "") !== "");
  return Object.fromEntries(told) as Partial<Task>;
}

function taskOf(fold: BlockFold, id: string): Task | undefined {
  const block = fold.get(fold.memory.tasks.get(id));
  return block?.kind === "task" || block?.kind === "tool" ? (block.task ?? undefined) : undefined;
}

function putTask(fold: BlockFold, task: Task): void {
  const block = fold.get(fold.memory.tasks.get(task.id));
  if (block?.kind === "task" || block?.kind === "tool") fold.put({ ...block, task });
}

function addTask(fold: BlockFold, task: Task, call: string, parentTask: string): void {
  const { memory } = fold;
  const tool = fold.tool(call);
  if (tool?.task === null) {
    memory.tasks.set(task.id, tool.key);
    return fold.put({ ...tool, task });
  }
  const around = fold.get(memory.tasks.get(parentTask));
  const parent = call || (around?.kind === "tool" ? around.id : (around?.parent ?? null));
  const key = fold.newKey("task");
  memory.tasks.set(task.id, key);
  if (!tool && call !== "") memory.taskOfCall.set(call, task.id);
  fold.put({ kind: "task", key, parent, task });
}

/** It was listed before it was told which call had started it. */
function moveTask(fold: BlockFold, block: TaskBlock, call: string, task: Task): void {
  fold.remove(block.key);
  fold.memory.tasks.delete(task.id);
  addTask(fold, task, call, "");
}

/** The call of a task that was told of before it. */
export function takeTask(fold: BlockFold, tool: ToolBlock): void {
  const id = fold.memory.taskOfCall.get(tool.id);
  const block = fold.get(id === undefined ? undefined : fold.memory.tasks.get(id));
  fold.memory.taskOfCall.delete(tool.id);
  if (block?.kind === "task") moveTask(fold, block, tool.id, block.task);
}
