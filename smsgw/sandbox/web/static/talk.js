// A conversation as its phone shows it. An entry stays the same element while it is brought up to date: what is open
// in it, and the focus, stay.
import { badge, fill, h, plural, time } from "./dom.js";
import { link } from "./route.js";

const rows = new Map(); // elements by what they show

/** The entries, oldest first. `repeats` says when what waits comes again; `stop(id)` ends that. */
export function showEntries(box, entries, repeats, stop) {
  const wanted = new Map(entries.map((entry) => [keyOf(entry), entry]));
  for (const key of rows.keys()) if (!wanted.has(key)) rows.delete(key);
  for (const [key, entry] of wanted) {
    if (!rows.has(key)) rows.set(key, h("li", { class: entry.direction === "out" ? "from-gateway" : "from-phone" }));
    if (entry.direction === "out") showOutgoing(rows.get(key), entry.message);
    else showIncoming(rows.get(key), entry.incoming, repeats, stop);
  }
  const shown = [...wanted.keys()].map((key) => rows.get(key));
  if (!shown.length) shown.push(h("li", { class: "quiet none" }, "Nothing was sent to this number, and nothing was written as it."));
  for (const child of [...box.children]) if (!shown.includes(child)) child.remove();
  for (const [index, row] of shown.entries()) {
    if (box.children[index] !== row) box.insertBefore(row, box.children[index] ?? null);
  }
}

// A sandbox that was restarted counts from one again: the time belongs to it.
const keyOf = (entry) => JSON.stringify([entry.direction, entry.at, (entry.message ?? entry.incoming).id]);

function showOutgoing(row, message) {
  fill(row, message, () => [
    h("div", { class: "meta" }, h("b", {}, h("bdi", {}, message.sender || message.provider)), ` by ${message.provider}`),
    h("p", { class: "bubble", dir: "auto" }, message.text),
    h("div", { class: "meta" }, time(message.taken_at), " ", badge(message.state), " ", h("a", { href: link({ message: message.id }) }, "Details")),
  ]);
}

function showIncoming(row, written, repeats, stop) {
  fill(row, written.id, () => [
    h("div", { class: "meta" }, "to ", h("bdi", {}, written.receiver), written.prefix ? [", prefix ", h("bdi", {}, written.prefix)] : null),
    h("p", { class: "bubble", dir: "auto" }, written.text),
    h("div", { class: "meta" }),
    h("div", { class: "meta" }),
    attempts(),
  ]);
  const [, , state, waits, tries] = row.children;
  fill(state, written.state, () => [time(written.written_at), " ", badge(written.state)]);
  waits.hidden = written.state !== "waiting";
  fill(waits, [waits.hidden, repeats], () =>
    waits.hidden ? [] : [h("span", {}, repeats), h("button", { type: "button", click: () => stop(written.id) }, "Stop repeating")],
  );
  tries.hidden = !written.attempts.length;
  fill(tries.firstElementChild, [written.attempt_count, written.attempts.at(-1)?.error], () => summary(written));
  fill(tries.lastElementChild, written.attempts, () => written.attempts.toReversed().map(tried));
}

function attempts() {
  const details = h("details", { class: "attempts", toggle: () => details.open && details.scrollIntoView({ block: "nearest" }) }, h("summary"), h("ol"));
  return details;
}

/** How many attempts there were, and what the last one lacked. */
function summary({ attempts, attempt_count: count }) {
  const shown = count > attempts.length ? `, of which the last ${attempts.length} are kept` : "";
  const why = attempts.at(-1)?.error;
  return [`${plural(count, "attempt")}${shown}`, why ? ["; the last one: ", h("bdi", {}, why)] : []].flat();
}

/** One attempt: what the application answered, and why that was not enough. */
function tried({ at, status, reply, error }) {
  const words = [status === null ? "" : `HTTP ${status}`, reply ? `it replied “${reply}”` : "", error ?? "acknowledged"];
  return h("li", {}, time(at), " ", h("bdi", {}, words.filter(Boolean).join("; ")));
}
