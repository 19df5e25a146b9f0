// The page of the sandbox: which view is shown, and when it looks again.
import { forgetFacts } from "./api.js";
import { byId, remembered, tell } from "./dom.js";
import { faults } from "./faults.js";
import { listenToKeys } from "./keys.js";
import { inbox } from "./list.js";
import { listen } from "./live.js";
import { message } from "./message.js";
import { phone } from "./phone.js";
import { requests } from "./requests.js";
import { changed, follow, go, here, rewrite, trail, viewOf } from "./route.js";
import { settings } from "./settings.js";
import { showOn } from "./strip.js";

const VIEWS = { inbox, message, phone, faults, requests, settings };
const RETRY = 2000; // milliseconds

let name = null;
let visit = new AbortController(); // ends with the view: replies that come too late are not looked at
let busy = false;
let stale = false; // something changed while a request was under way
let first = true;
let heard = {};
let unseen = 0; // messages that came while nobody looked

const view = () => VIEWS[name];

/** Goes to the view that the URL names. */
function enter(how) {
  visit.abort();
  visit = new AbortController();
  const wanted = viewOf(here());
  name = Object.hasOwn(VIEWS, wanted) ? wanted : "inbox";
  // A view that there is not is not left standing in the URL.
  if (name === "inbox" && here().has("view")) rewrite(changed(here(), { view: null }), trail());
  first = true;
  busy = false;
  for (const other of Object.keys(VIEWS)) byId(other).hidden = other !== name;
  for (const anchor of document.querySelectorAll("[data-view]")) {
    if (anchor.dataset.view === (name === "message" ? "inbox" : name)) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
  title();
  if (how !== "load") scrollTo({ top: 0, behavior: "instant" });
  look(how);
}

/** Brings what is shown up to date: one request at a time, and one more if there was news meanwhile. */
async function look(how) {
  if (busy) {
    stale = true;
    return;
  }
  const { signal } = visit;
  busy = true;
  stale = false;
  const wasFirst = first;
  try {
    const placed = await view().show(here(), { signal, first, again: look, anew });
    if (signal.aborted) return;
    first = false;
    // Whoever follows a link hears where they are; at the first sight of the page the browser says it.
    if (wasFirst && how !== "load" && how !== undefined && !placed) byId(`${name}-title`).focus({ preventScroll: true });
  } catch (error) {
    if (signal.aborted || error.name === "AbortError") return;
    if (first || error.status !== 0) tell(byId(`${name}-problem`), error.message);
    if (first && error.status === 0) setTimeout(() => !signal.aborted && look(how), RETRY);
  }
  busy = false;
  if (stale) look();
}

/** Looks again for something else: what is under way is not waited for. */
function anew() {
  visit.abort();
  visit = new AbortController();
  busy = false;
  look();
}

function title() {
  const count = unseen ? `(${unseen}) ` : "";
  document.title = `${count}${view().title(here())} · smsgw sandbox`;
}

function news(told, fresh) {
  showOn(told.on);
  if (document.hidden && heard.last !== undefined && told.last > heard.last) {
    unseen += told.last - heard.last;
    title();
  }
  if (fresh) forgetFacts();
  const changed = fresh || view().topics.some((topic) => told[topic] !== heard[topic]);
  heard = told;
  if (changed) look();
}

function theme() {
  const select = byId("theme");
  select.value = remembered.get("theme") ?? "system";
  select.addEventListener("change", () => {
    remembered.set("theme", select.value);
    if (select.value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = select.value;
  });
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unseen = 0;
  title();
});

history.scrollRestoration = "manual";
theme();
follow(enter);
listenToKeys(view, () => {
  go("/");
  byId("search").focus();
});
enter("load");
listen(news, () => name !== "inbox");
