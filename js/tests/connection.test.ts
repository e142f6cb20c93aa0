/** Requests over a comm: answered, refused, late, lost, and a kernel that is gone. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BUSY_AFTER, Connection, HIDDEN_PING, PING_EVERY } from "../src/connection.ts";
import { MAX_PAGE_MESSAGE, type PageMessage } from "../src/protocol.ts";
import { FakeModel, refused, welcome } from "./fakes.ts";

let model: FakeModel;
let abort: AbortController;
let connection: Connection;

beforeEach(() => {
  vi.useFakeTimers();
  model = new FakeModel();
  abort = new AbortController();
  connection = new Connection(model, abort.signal);
});
afterEach(() => {
  abort.abort();
  vi.useRealTimers();
});

const done = (message: PageMessage) =>
  connection.receive({ type: "claude:done", requestId: message.requestId });
const pong = (message: PageMessage) =>
  connection.receive({
    type: "claude:pong",
    requestId: message.requestId,
    now: 0,
    closedPanes: [],
    sequence: 0,
  });
const kill = () => connection.request({ type: "claude:kill-execution", executionId: "a" });

describe("a request", () => {
  test("resolves with its answer, and makes the connection", async () => {
    const answer = kill();
    expect(connection.state.value).toBe("connecting");
    done(model.last("claude:kill-execution"));
    await expect(answer).resolves.toMatchObject({ type: "claude:done" });
    expect(connection.state.value).toBe("connected");
  });

  test("rejects with the kernel's words when it is refused", async () => {
    const answer = kill();
    const { requestId } = model.last("claude:kill-execution");
    connection.receive(
      refused(requestId, { kind: "NotFound", message: "No such execution.", hint: "Look again." }),
    );
    await expect(answer).rejects.toMatchObject({
      message: "No such execution.",
      hint: "Look again.",
      answered: true,
    });
    expect(connection.state.value).toBe("connected");
  });

  test("is not sent when it is larger than the server would carry", async () => {
    const query = "x".repeat(MAX_PAGE_MESSAGE);
    await expect(connection.request({ type: "claude:execute", query })).rejects.toThrow(
      /too large/,
    );
    const wide = "€".repeat(MAX_PAGE_MESSAGE / 3);
    await expect(connection.request({ type: "claude:execute", query: wide })).rejects.toThrow(
      /8\.0 MB of at most 8 MB/,
    );
    expect(model.sent).toEqual([]);
  });

  test("of just under the limit is sent", () => {
    connection.request({ type: "claude:execute", query: "x".repeat(5_000_000) }).catch(() => {});
    expect(model.sent).toHaveLength(1);
  });

  test("shows the kernel as busy while it is unanswered, and not before", async () => {
    const answer = kill();
    vi.advanceTimersByTime(BUSY_AFTER - 1);
    expect(connection.state.value).toBe("connecting");
    vi.advanceTimersByTime(1);
    expect(connection.state.value).toBe("busy");
    done(model.last("claude:kill-execution"));
    await answer;
    expect(connection.state.value).toBe("connected");
  });

  test("is repeated under its own id when a later one was answered and it was not", () => {
    kill().catch(() => {});
    const first = model.last("claude:kill-execution");
    vi.advanceTimersByTime(4000);
    connection.request({ type: "claude:ping" }).catch(() => {});
    pong(model.last("claude:ping"));
    expect(model.all("claude:kill-execution")).toEqual([first, first]);
  });

  test("is not repeated while the kernel says nothing at all", () => {
    kill().catch(() => {});
    vi.advanceTimersByTime(600_000);
    expect(model.sent).toHaveLength(1);
  });

  test("may be given the id of an earlier attempt", () => {
    connection.request({ type: "claude:ping" }, "mine").catch(() => {});
    expect(model.sent[0]).toEqual({ type: "claude:ping", requestId: "mine" });
  });
});

describe("a kernel that is gone", () => {
  test("makes send throw: disconnected, and everything asked is rejected", async () => {
    const waiting = kill();
    const lost = expect(waiting).rejects.toMatchObject({ kind: "Disconnected", answered: false });
    model.gone = true;
    await expect(kill()).rejects.toThrow(/Run the cell again/);
    await lost;
    expect(connection.state.value).toBe("disconnected");
  });

  test("stays disconnected when timers of earlier requests run out", () => {
    kill().catch(() => {});
    model.gone = true;
    kill().catch(() => {});
    vi.advanceTimersByTime(10_000);
    expect(connection.state.value).toBe("disconnected");
  });

  test("is noticed at once where the host says so", () => {
    model.gone = true;
    model.emit("comm_live_update");
    expect(connection.state.value).toBe("disconnected");
  });

  test("that is back is greeted", async () => {
    const onReturn = vi.fn();
    connection.onReturn = onReturn;
    model.gone = true;
    await kill().catch(() => {});
    model.gone = false;
    const answer = kill();
    done(model.last("claude:kill-execution"));
    await answer;
    expect(connection.state.value).toBe("connected");
    expect(onReturn).toHaveBeenCalledTimes(1);
  });

  test("that was greeted already is not greeted again", async () => {
    const onReturn = vi.fn();
    connection.onReturn = onReturn;
    model.gone = true;
    await kill().catch(() => {});
    model.gone = false;
    const answer = connection.request({ type: "claude:hello" });
    connection.receive(welcome(model.last("claude:hello").requestId));
    await answer;
    expect(onReturn).not.toHaveBeenCalled();
  });
});

describe("the heartbeat", () => {
  test("beats only while something is shown", () => {
    vi.advanceTimersByTime(60_000);
    expect(model.sent).toEqual([]);
    const rest = connection.watch();
    vi.advanceTimersByTime(PING_EVERY);
    expect(model.all("claude:ping")).toHaveLength(1);
    rest();
    vi.advanceTimersByTime(60_000);
    expect(model.all("claude:ping").length).toBeLessThanOrEqual(2);
  });

  test("is slow while the page is hidden, and quick again when it is seen", () => {
    const seen = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    const answer = () => {
      const { requestId } = model.last("claude:ping");
      connection.receive({
        type: "claude:pong",
        requestId,
        now: 0,
        sequence: 0,
        closedPanes: [],
      });
    };
    connection.watch();
    vi.advanceTimersByTime(PING_EVERY);
    answer();
    expect(model.all("claude:ping")).toHaveLength(1);
    vi.advanceTimersByTime(HIDDEN_PING - 1);
    expect(model.all("claude:ping")).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(model.all("claude:ping"), "the kernel counts it as there").toHaveLength(2);
    answer();
    seen.mockReturnValue("visible");
    document.dispatchEvent(new Event("visibilitychange"));
    expect(model.all("claude:ping")).toHaveLength(3);
    answer();
    vi.advanceTimersByTime(PING_EVERY);
    expect(model.all("claude:ping")).toHaveLength(4);
  });

  test("notices a restart by its second send at the latest", () => {
    connection.watch();
    vi.advanceTimersByTime(PING_EVERY);
    model.gone = true;
    vi.advanceTimersByTime(BUSY_AFTER);
    expect(connection.state.value).toBe("disconnected");
  });

  test("does not pile up on a busy kernel, and asks for what was missed after it", () => {
    const onReturn = vi.fn();
    connection.onReturn = onReturn;
    connection.watch();
    vi.advanceTimersByTime(600_000);
    const pings = model.all("claude:ping");
    expect(pings.length).toBeLessThan(30);
    expect(new Set(pings.map(({ requestId }) => requestId)).size).toBe(1);
    expect(connection.state.value).toBe("busy");
    pong(model.last("claude:ping"));
    expect(connection.state.value).toBe("connected");
    expect(onReturn).toHaveBeenCalledTimes(1);
  });

  test("ends with the signal, and leaves no listener and no timer", () => {
    connection.watch();
    abort.abort();
    vi.advanceTimersByTime(60_000);
    expect(model.sent).toEqual([]);
    expect(model.count()).toBe(0);
  });
});
