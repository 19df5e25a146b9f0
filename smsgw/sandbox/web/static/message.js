// One message: all that is known of it, as it was cut, and its way.
import { get } from "./api.js";
import { badge, byId, copyButton, fill, h, number, tell, time } from "./dom.js";
import { exchangeCards } from "./exchange.js";
import { opens } from "./list.js";
import { changed, go, here, link, trail } from "./route.js";
import { drawParts } from "./segments.js";

const FILTERS = ["text", "number", "provider", "state"];
const NEAR = 50;
const nearby = { newer: null, older: null };

const toList = () => link(changed(here(), { message: null }));
const toMessage = (id) => link(changed(here(), { message: id }));

function filters() {
  const params = here();
  return Object.fromEntries(FILTERS.map((name) => [name, params.get(name)]));
}

async function older(id, signal) {
  const { messages } = await get("/api/messages", { ...filters(), before: id, limit: 1 }, signal);
  return messages[0]?.id ?? null;
}

/** The next newer one that matches. Lists begin with the newest, so it is looked for in windows that grow. */
async function newer(id, signal) {
  const newest = (await get("/api/messages", { ...filters(), limit: 1 }, signal)).messages[0]?.id ?? 0;
  for (let from = id, width = NEAR; from < newest; ) {
    const reply = await get("/api/messages", { ...filters(), after: from, before: from + width + 1, limit: 500 }, signal);
    if (reply.next !== null) {
      width = 500; // too many at once: as many numbers as one reply may hold
    } else if (reply.messages.length) {
      return reply.messages.at(-1).id;
    } else {
      from += width;
      width *= 4;
    }
  }
  return null;
}

function showNearby() {
  const step = (words, id, key) =>
    id === null
      ? h("span", { class: "step off" }, words)
      : h("a", { class: "step", href: toMessage(id), title: `Key: ${key}` }, words);
  fill(byId("message-nearby"), [nearby, location.search], () => {
    const steps = [step("Newer", nearby.newer, "k"), step("Older", nearby.older, "j")];
    for (const one of steps) one.trail = trail();
    return steps;
  });
}

function facts(message) {
  const options = Object.entries(message.options).map(([name, value]) => [name, h("bdi", {}, value)]);
  return [
    ["Provider", message.provider],
    ["Recipient", h("a", { href: link({ view: "phone", number: message.recipient }), title: "What this phone shows" }, h("bdi", {}, message.recipient))],
    ["Sender", message.sender ? h("bdi", {}, message.sender) : h("span", { class: "quiet" }, "none was asked for")],
    ["Taken", time(message.taken_at)],
    ["Encoding", message.encoding],
    ["Segments", String(message.segments)],
    ["Gateway’s ID", h("span", { class: "with-copy" }, h("code", {}, message.message_id), copyButton(message.message_id, "the gateway’s ID"))],
    ["ID in the API", String(message.id)],
    ["Request", h("a", { href: link({ view: "requests", before: message.request + 1, open: message.request }) }, `No. ${message.request}`)],
    ...options,
  ];
}

function show(message) {
  const { exchange, way, parts } = message;
  byId("message-title").replaceChildren("To ", h("bdi", {}, message.recipient));
  fill(byId("message-state"), message.state, badge);
  fill(byId("message-parts"), [parts, message.encoding, message.offenders], () => drawParts(message));
  fill(byId("message-way"), way, () => way.map(step));
  fill(byId("message-known"), [message.id, message.options, location.search], () => facts(message).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  fill(byId("message-exchange"), [message.id, exchange], () =>
    exchange ? exchangeCards(exchange) : h("p", { class: "card quiet" }, "The request that brought it is no longer kept."),
  );
  byId("message-body").hidden = false;
}

function showNone(why) {
  byId("message-body").hidden = true;
  byId("message-title").textContent = "No such message";
  fill(byId("message-state"), null, () => []);
  tell(byId("message-problem"), why);
}

function step({ state, word, at, reached }) {
  return h(
    "li",
    { class: reached ? "reached" : "expected" },
    h("div", {}, badge(state), h("span", { class: "quiet" }, reached ? "" : "expected")),
    h("div", {}, h("span", { class: "quiet" }, "The gateway says "), h("code", {}, word === "" ? "nothing" : word)),
    h("div", {}, time(at)),
  );
}

function leave(id) {
  opens(id);
  go(toList(), trail());
}

const current = () => Number(here().get("message"));

export const message = {
  topics: ["messages"],
  title: (params) => `Message ${params.get("message").slice(0, 20)}`,
  async show(params, { signal, first }) {
    const id = params.get("message");
    if (first) {
      Object.assign(nearby, { newer: null, older: null });
      byId("message-back").setAttribute("href", toList());
      byId("message-back").trail = trail();
      showNearby();
      opens(Number(id));
    }
    if (!/^[0-9]{1,15}$/.test(id)) {
      showNone(`The ID of a message is a number: “${id.slice(0, 100)}” is none.`);
      return;
    }
    try {
      show(await get(`/api/messages/${id}`, {}, signal));
      tell(byId("message-problem"), "");
    } catch (error) {
      byId("message-body").hidden ||= first; // what stands there is another one
      if (error.status !== 404) throw error;
      showNone(`Message ${number(Number(id))} is not kept: it was forgotten, or there never was one.`);
    }
    if (first) nearby.older = await older(Number(id), signal);
    nearby.newer ??= await newer(Number(id), signal);
    showNearby();
  },
  keys: {
    j: () => nearby.older !== null && go(toMessage(nearby.older), trail()),
    k: () => nearby.newer !== null && go(toMessage(nearby.newer), trail()),
    ArrowRight: () => nearby.older !== null && go(toMessage(nearby.older), trail()),
    ArrowLeft: () => nearby.newer !== null && go(toMessage(nearby.newer), trail()),
    Escape: () => leave(current()),
  },
};
