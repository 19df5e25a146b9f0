// Elements, texts and times. A message is hostile input: it enters the page as text nodes only.

/** An element. Attributes that are functions listen; true, false and null switch an attribute on or leave it out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Text, or nothing and hidden. */
export function tell(element, text) {
  element.textContent = text ?? "";
  element.hidden = !text;
}

/** Builds the content anew only if its value is another: what a reader has selected or opened stays. */
export function fill(element, value, build) {
  const key = JSON.stringify(value);
  if (element.filledWith === key) return;
  element.filledWith = key;
  element.replaceChildren(...[build(value)].flat());
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long", hourCycle: "h23" });

/** A local time; the day only if it is not today, all of it as the title. */
export function time(stamp) {
  const moment = new Date(stamp);
  const today = moment.toDateString() === new Date().toDateString();
  const shown = today ? clock.format(moment) : `${day.format(moment)}, ${clock.format(moment)}`;
  return h("time", { datetime: stamp, title: full.format(moment) }, shown);
}

/** A state as a word with a mark before it. */
export function badge(state) {
  return h("span", { class: "badge", "data-state": state }, state);
}

export const number = (value) => new Intl.NumberFormat("en").format(value).replaceAll(",", "\u202f");
export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/** A button that copies, and says that it has. */
export function copyButton(text, what) {
  const button = h("button", { type: "button", class: "copy", "aria-label": `Copy ${what}`, click: copy }, "Copy");
  async function copy() {
    button.textContent = (await copied(text)) ? "Copied" : "Not allowed";
    say(`${what}: ${button.textContent}`);
    setTimeout(() => (button.textContent = "Copy"), 1500);
  }
  return button;
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without https, and not on loopback, there is only the old way.
    const field = h("textarea", { readonly: true, class: "unseen" }, text);
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

/** A block of code with its button. */
export function code(text, what, attributes = {}) {
  return h("div", { class: "code" }, h("pre", { tabindex: "0", role: "group", "aria-label": what, ...attributes }, text), copyButton(text, what));
}

/** Says something to a screen reader; what comes quickly after another is said together with it. */
let waiting = [];
let timer = 0;
export function say(text) {
  if (!waiting.includes(text)) waiting.push(text);
  clearTimeout(timer);
  timer = setTimeout(() => {
    byId("said").textContent = waiting.join(". ");
    waiting = [];
  }, 400);
}

/** What a person chose for this browser; nothing where it keeps nothing. */
export const remembered = {
  get(name) {
    try {
      return localStorage.getItem(`smsgw.${name}`);
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(`smsgw.${name}`, value);
    } catch {
      // It lasts as long as the page, then.
    }
  },
};
