// What came to the gateways, also what they refused.
import { facts } from "./api.js";
import { byId, fill, h, number, plural, tell, time } from "./dom.js";
import { exchangeCards } from "./exchange.js";
import { faultTag } from "./fault-words.js";
import { Feed } from "./feed.js";
import { changed, here, link, rewrite, trail } from "./route.js";

const FILTERS = ["provider", "kind"];
const SHOWN = 120; // characters of a reply in the list

let again = () => {};
let restart = () => {};
let fresh = false;

const feed = new Feed({
  name: "requests",
  path: "/api/requests",
  field: "requests",
  id: "number",
  stamp: "arrived_at",
  what: "request",
  filters: FILTERS,
  box: byId("exchanges"),
  build,
  update,
  again: () => again(),
});

const pathOf = (url) => url.split("?")[0];

function build(exchange) {
  const body = h("div", { class: "exchange-body" });
  const details = h(
    "details",
    { toggle: () => toggled(exchange.number, details) },
    h(
      "summary",
      {},
      h("span", { class: "x-time" }, time(exchange.arrived_at)),
      h("span", { class: "x-provider" }, exchange.provider),
      h("span", { class: "x-kind" }, exchange.kind),
      h("span", { class: "x-what" }, h("b", {}, exchange.method), " ", h("bdi", {}, pathOf(exchange.url))),
      h("span", { class: "x-status" }),
      h("span", { class: "x-reply" }, h("bdi", {})),
    ),
    body,
  );
  return h("li", {}, details);
}

function update(row, exchange) {
  row.exchange = exchange;
  fill(row.querySelector(".x-status"), [exchange.status, exchange.fault], () => [
    h("span", {}, exchange.status === null ? "no status" : String(exchange.status)),
    exchange.fault ? faultTag(exchange.fault) : "",
  ]);
  const reply = exchange.reply.slice(0, SHOWN);
  row.querySelector(".x-reply bdi").textContent = reply || "(empty)";
  if (row.firstElementChild.open) fillBody(row);
}

function fillBody(row) {
  const { exchange } = row;
  const permalink = link({ view: "requests", before: exchange.number + 1, open: exchange.number });
  fill(row.querySelector(".exchange-body"), exchange, () => [
    ...exchangeCards(exchange, "h2"),
    h("p", {}, h("a", { href: permalink, "aria-label": `Permalink of request ${number(exchange.number)}` }, "Permalink")),
  ]);
}

function toggled(id, details) {
  if (!details.isConnected) return;
  if (details.open) fillBody(details.parentElement);
  const open = here().get("open");
  if (details.open && open !== String(id)) rewrite(changed(here(), { open: id }), trail());
  if (!details.open && open === String(id)) rewrite(changed(here(), { open: null }), trail());
}

function show(reply) {
  const filtered = FILTERS.some((name) => here().get(name));
  byId("requests-count").textContent = filtered ? `${number(reply.matching)} of ${plural(reply.kept, "request")}` : plural(reply.matching, "request");
  const box = byId("requests-none");
  box.hidden = reply.requests.length > 0;
  const [title, text] = box.children;
  title.textContent = filtered ? "No requests match" : "Nothing yet";
  text.textContent = filtered
    ? "Choose another provider or kind."
    : here().has("before")
      ? "No request as old as this page is kept."
      : "Every request to a gateway is listed here with its reply, whether anything was taken or not. The inbox says how to send one.";
}

byId("requests-filters").addEventListener("change", () => {
  const { elements } = byId("requests-filters");
  rewrite(changed(here(), { ...Object.fromEntries(FILTERS.map((name) => [name, elements[name].value])), before: null, open: null }));
  fresh = true;
  restart();
});
byId("requests-filters").addEventListener("submit", (event) => event.preventDefault());

export const requests = {
  topics: ["messages"],
  title: () => "Requests",
  async show(params, { signal, first, again: look, anew }) {
    again = look;
    restart = anew;
    if (first) {
      const known = await facts();
      const names = known.gateways.map((gateway) => gateway.name);
      const { elements } = byId("requests-filters");
      fill(elements.provider, names, () => [h("option", { value: "" }, "Any"), ...names.map((name) => h("option", {}, name))]);
      for (const name of FILTERS) elements[name].value = params.get(name) ?? "";
    }
    const open = first || fresh;
    fresh = false;
    const reply = await (open ? feed.open(signal) : feed.refresh(signal));
    tell(byId("requests-problem"), "");
    show(reply);
    if (first && params.has("open")) {
      const row = feed.rows.get(Number(params.get("open")));
      if (row) row.firstElementChild.open = true;
    }
    return false;
  },
  keys: {
    j: () => feed.move(1),
    k: () => feed.move(-1),
    ArrowDown: () => feed.holdsFocus() && feed.move(1),
    ArrowUp: () => feed.holdsFocus() && feed.move(-1),
  },
};
