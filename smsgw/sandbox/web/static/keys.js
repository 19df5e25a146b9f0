// The keyboard: keys of one letter, which may be switched off, and the list of them.
import { byId, fill, h, remembered } from "./dom.js";

const LIST = [
  [["/"], "Search the inbox"],
  [["j"], "Next row; in a message: the older one"],
  [["k"], "Row before; in a message: the newer one"],
  [["↓", "↑"], "The same in a list that has the focus"],
  [["←", "→"], "In a message: the newer, the older one"],
  [["Enter"], "Open the row"],
  [["Esc"], "Back; out of a field"],
  [["?"], "These keys"],
];

// Where the letters of a layout are others, as in Russian, the place of the key counts.
const PLACES = { KeyJ: "j", KeyK: "k" };

const on = () => remembered.get("keys") !== "off";

// Where there is hardly a keyboard, none of its keys is offered.
const handheld = matchMedia("(max-width: 45rem), (pointer: coarse)");

function offerKey() {
  byId("search").placeholder = on() && !handheld.matches ? "Press / to search" : "";
}

/** Passes keys to the view that is shown: `view()` gives it. `search` goes to the inbox's search from elsewhere. */
export function listenToKeys(view, search) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    const { target } = event;
    const key = event.key > "~" && event.key.length === 1 ? PLACES[event.code] : event.key;
    if (key === undefined) return;
    if (target.matches("input:not([type=checkbox]), textarea, select")) {
      // The browser empties a search field at the first Escape; the second one leaves it.
      if (key === "Escape" && (target.type !== "search" || !target.value)) target.blur();
      return;
    }
    if (key.length === 1 && !on()) return;
    const act = view()?.keys[key] ?? { "?": showKeys, "/": search }[key];
    if (act && act() !== false) event.preventDefault();
  });
  byId("keys-button").addEventListener("click", showKeys);
  byId("keys-on").addEventListener("change", () => {
    remembered.set("keys", byId("keys-on").checked ? "on" : "off");
    offerKey();
  });
  handheld.addEventListener("change", offerKey);
  offerKey();
}

function showKeys() {
  byId("keys-on").checked = on();
  fill(byId("keys-list"), LIST, () =>
    LIST.map(([keys, words]) => h("div", {}, h("dt", {}, keys.map((key) => h("kbd", {}, key))), h("dd", {}, words))),
  );
  byId("keys").showModal();
}
