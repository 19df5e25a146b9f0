// What the phone with one number would show, and what is written in its name.
import { get, patch, post, remove } from "./api.js";
import { byId, fill, h, plural, say, tell } from "./dom.js";
import { back, go, link } from "./route.js";
import { showEntries } from "./talk.js";

const RECENT = 100; // messages among which numbers are looked for

let again = () => {};
let shown = null;
let receiverChosen = false;

async function attempt(what) {
  try {
    const value = await what();
    tell(byId("phone-problem"), "");
    return value ?? true;
  } catch (error) {
    tell(byId("phone-problem"), error.message);
    return null;
  }
}

/** What becomes of a message that the application does not acknowledge. */
function repeats({ incoming_url: url, incoming_repeat: seconds }) {
  return url === null ? "It waits for a URL to go to." : `Repeated every ${plural(seconds, "second")} until it is acknowledged.`;
}

async function stop(id) {
  if ((await attempt(() => remove(`/api/incoming/${id}`))) === null) return;
  byId("talk").focus({ preventScroll: true }); // the button that had the focus goes
  again();
}

function showTalk(conversation, settings) {
  const talk = byId("talk");
  const anew = shown !== conversation.number;
  const atEnd = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 40;
  shown = conversation.number;
  showEntries(talk.firstElementChild, conversation.entries, repeats(settings), stop);
  if (anew || atEnd) talk.scrollTop = talk.scrollHeight;
  const lastSender = conversation.entries.findLast((entry) => entry.direction === "out")?.message.sender ?? "";
  const lastReceiver = conversation.entries.findLast((entry) => entry.direction === "in")?.incoming.receiver;
  const field = byId("compose-receiver");
  if (anew) receiverChosen = false;
  if (!receiverChosen && document.activeElement !== field) field.value = lastReceiver ?? (lastSender || "1234");
}

async function showRecent(signal) {
  const { messages } = await get("/api/messages", { limit: RECENT }, signal);
  const numbers = [...new Set(messages.map((message) => message.recipient))].slice(0, 12);
  fill(byId("phone-recent"), [numbers, shown, location.search], () =>
    numbers.length
      ? numbers.map((number) => h("li", {}, h("a", { href: link({ view: "phone", number }), "aria-current": number === shown ? "true" : null }, h("bdi", {}, number))))
      : h("li", { class: "quiet" }, "nobody yet"),
  );
}

function showForm(settings) {
  byId("incoming-url-form").hidden = settings.incoming_url !== null;
  byId("compose").hidden = settings.incoming_url === null;
  byId("compose-url").textContent = settings.incoming_url ?? "";
}

byId("compose-receiver").addEventListener("input", () => (receiverChosen = true));

byId("phone-choose").addEventListener("submit", (event) => {
  event.preventDefault();
  go(link({ view: "phone", number: byId("phone-number").value.trim() }));
});

byId("incoming-url-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const settings = await attempt(() => patch("/api/settings", { incoming_url: byId("phone-url").value.trim() }));
  if (settings === null) return;
  showForm(settings);
  byId("compose-text").focus();
});

byId("compose").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = byId("compose-text");
  const wanted = { sender: shown, receiver: byId("compose-receiver").value.trim(), text: text.value, prefix: byId("compose-prefix").value };
  if ((await attempt(() => post("/api/incoming", wanted))) === null) return;
  text.value = "";
  text.focus();
  say("Written");
  byId("talk").scrollTop = byId("talk").scrollHeight;
  again();
});

byId("compose-text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    byId("compose").requestSubmit();
  }
});

export const phone = {
  topics: ["messages", "incoming", "settings"],
  title: (params) => (params.get("number") ? `Phone ${params.get("number").slice(0, 40)}` : "Phone"),
  async show(params, { signal, first, again: look }) {
    again = look;
    const number = params.get("number");
    byId("handset").hidden = !number;
    byId("phone-none").hidden = Boolean(number);
    if (first) {
      shown = null;
      tell(byId("phone-problem"), "");
      byId("phone-number").value = number ?? "";
    }
    if (number) {
      if (first) byId("handset-title").textContent = number;
      const conversation = await get(`/api/conversations/${encodeURIComponent(number)}`, {}, signal);
      const settings = await get("/api/settings", {}, signal);
      showForm(settings);
      byId("handset-title").textContent = conversation.number || number;
      showTalk(conversation, settings);
    }
    await showRecent(signal);
  },
  keys: { Escape: back },
};
