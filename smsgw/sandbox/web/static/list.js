// The inbox: what all gateways took, the newest first.
import { facts } from "./api.js";
import { badge, byId, code, fill, h, number, plural, tell, time } from "./dom.js";
import { faultTag } from "./fault-words.js";
import { Feed } from "./feed.js";
import { gatewayTable, tryCommand } from "./gateways.js";
import { changed, here, link, rewrite, trail } from "./route.js";

const FILTERS = ["text", "number", "provider", "state"];
const DEBOUNCE = 200; // milliseconds

let again = () => {};
let restart = () => {};
let opened = null; // the message that was looked at last: coming back, the focus is on its row

const feed = new Feed({
  name: "inbox",
  path: "/api/messages",
  field: "messages",
  id: "id",
  stamp: "taken_at",
  what: "message",
  filters: FILTERS,
  box: byId("messages").tBodies[0],
  build,
  update,
  again: () => again(),
});

const cell = (name, ...content) => h("td", { role: "cell", class: `c-${name}` }, ...content);

function build(message) {
  const anchor = h("a", { href: "/", dir: "auto" }, message.text || "(no text)");
  const row = h(
    "tr",
    { role: "row" },
    cell("time", time(message.taken_at)),
    cell("provider", message.provider),
    cell("sender", h("bdi", { title: message.sender }, message.sender)),
    cell("recipient", h("bdi", {}, message.recipient)),
    cell("text", anchor),
    cell("size", h("span", {}, plural(message.segments, "part")), " ", h("span", { class: "quiet" }, message.encoding)),
    cell("state"),
  );
  return row;
}

function update(row, message) {
  const anchor = row.querySelector("a");
  anchor.setAttribute("href", link(changed(here(), { message: message.id })));
  anchor.trail = trail();
  const fault = message.fault ?? null;
  fill(row.lastElementChild, [message.state, fault], () => [badge(message.state), ...(fault === null ? [] : [" ", faultTag(fault)])]);
}

export const opens = (id) => (opened = id);

function show(reply) {
  const filtered = FILTERS.some((name) => here().get(name));
  const none = !reply.messages.length;
  const emptyAll = none && !filtered && !here().has("before");
  byId("nothing").hidden = !emptyAll;
  byId("unmatched").hidden = !none || emptyAll;
  byId("filters").hidden = emptyAll;
  const matching = plural(reply.matching, "message");
  byId("inbox-count").textContent = emptyAll ? "" : filtered ? `${number(reply.matching)} of ${plural(reply.kept, "message")}` : matching;
  if (none && !emptyAll) byId("unmatched-why").textContent = why(reply);
}

function why(reply) {
  const given = FILTERS.filter((name) => here().get(name)).map((name) => `${name} “${here().get(name)}”`);
  const kept = `${plural(reply.kept, "message is", "messages are")} kept`;
  return given.length ? `${kept}, none with ${given.join(" and ")}.` : `${kept}, none of them as old as this page.`;
}

async function prepare() {
  const known = await facts();
  for (const [name, values] of [["provider", known.gateways.map((gateway) => gateway.name)], ["state", known.states]]) {
    const select = byId("filters").elements[name];
    fill(select, values, () => [h("option", { value: "" }, "Any"), ...values.map((value) => h("option", {}, value))]);
  }
  fill(byId("try"), known, () => code(tryCommand(known), "the commands"));
  fill(byId("try-gateways"), known, () => gatewayTable(known));
}

function showFilters() {
  for (const name of FILTERS) {
    const field = byId("filters").elements[name];
    if (field === document.activeElement && field.value.trim() === (here().get(name) ?? "")) continue;
    field.value = here().get(name) ?? "";
  }
}

let timer = 0;
function filter(delay) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const form = byId("filters");
    const params = new URLSearchParams(FILTERS.map((name) => [name, form.elements[name].value.trim()]));
    if (link(params) === link(here())) return;
    rewrite(params);
    fresh = true;
    restart();
  }, delay);
}

let fresh = false;

byId("filters").addEventListener("input", (event) => filter(event.target.tagName === "SELECT" ? 0 : DEBOUNCE));
byId("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  filter(0);
});
byId("clear-filters").addEventListener("click", () => {
  byId("filters").reset();
  for (const field of byId("filters").elements) field.value = "";
  filter(0);
  byId("search").focus();
});

export const inbox = {
  topics: ["messages"],
  title: () => "Inbox",
  async show(params, { signal, first, again: look, anew }) {
    again = look;
    restart = anew;
    if (first) {
      clearTimeout(timer);
      await prepare();
      showFilters();
    }
    const open = first || fresh;
    fresh = false;
    let reply;
    try {
      reply = await (open ? feed.open(signal) : feed.refresh(signal));
    } catch (error) {
      fresh = open && !first;
      throw error;
    }
    tell(byId("inbox-problem"), "");
    show(reply);
    if (first && opened !== null) {
      const row = feed.rows.get(opened);
      feed.linkOf(row)?.focus({ preventScroll: true });
      row?.scrollIntoView({ block: "center" });
      opened = null;
      return Boolean(row);
    }
    return false;
  },
  keys: {
    "/": () => byId("search").focus(),
    j: () => feed.move(1),
    k: () => feed.move(-1),
    ArrowDown: () => feed.holdsFocus() && feed.move(1),
    ArrowUp: () => feed.holdsFocus() && feed.move(-1),
  },
};
