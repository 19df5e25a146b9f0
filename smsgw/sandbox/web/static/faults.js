// The fault panel: one gateway at a time, every fault that it has.
import { get, patch, remove } from "./api.js";
import { byId, fill, h, say, tell } from "./dom.js";
import { DELAY, REFUSALS, REFUSE, STOP_LIST, SWITCHES, WIRE_FAULTS } from "./fault-words.js";
import { field, readNumber } from "./field.js";
import { changed, link } from "./route.js";
import { showOn } from "./strip.js";

let drawn = null; // the gateway whose fields stand in the panel
let fields = []; // [field, faults => value]
let now = {}; // the faults of that gateway as last heard
let off = null; // the button that switches them all off

function take(state) {
  showOn(state.on);
  now = state.gateways[drawn] ?? now;
  for (const [one, pick] of fields) one.show(pick(now));
  off.disabled = !(drawn in state.on);
  showGateways(state);
}

const change = async (wanted) => take(await patch(`/api/faults/${encodeURIComponent(drawn)}`, wanted));

/** A fault's words and its controls; `more` is what only this panel has to say. */
function row(fault, controls, more = []) {
  return h(
    "div",
    { class: "fault" },
    h("div", { class: "fault-words" }, h("h3", { id: `fault-${fault.name}` }, fault.label, h("code", {}, fault.name)), h("p", { id: `plain-${fault.name}` }, fault.plain, more)),
    h("div", { class: "fault-fields" }, controls),
  );
}

/** One control with its words and its error, bound to a key of the API. */
function bound({ fault, control, label, read, write, pick, make }) {
  control.dataset.hint = `plain-${fault.name}`;
  control.setAttribute("aria-describedby", control.dataset.hint);
  const one = field({ control, read, write, name: fault.label, send: (value) => change(make(value)) });
  fields.push([one, pick]);
  return h("div", { class: "fault-field" }, label(control), one.error);
}

function count(fault) {
  const unit = fault.name === "unavailable" ? "requests" : "sends";
  const control = h("input", { type: "number", min: "0", step: "1", inputmode: "numeric", autocomplete: "off", "aria-label": `${fault.label}: the next so many ${unit}` });
  return bound({
    fault,
    control,
    label: (input) => h("label", { class: "unit" }, h("span", {}, "next"), input, h("span", {}, unit)),
    read: () => readNumber(control, { fits: (value) => Number.isInteger(value) && value >= 0, why: "A whole number, 0 or more." }),
    write: (value) => (control.value = value),
    pick: (faults) => faults[fault.name],
    make: (value) => ({ [fault.name]: value }),
  });
}

const percent = (share) => Number((share * 100).toFixed(6));

/** Whether so many % are a share that the others of the gateway leave room for. */
function leavesRoom(fault, value) {
  const others = Object.entries(now.share).filter(([name]) => name !== fault.name);
  return value >= 0 && others.reduce((sum, [, share]) => sum + share, value / 100) <= 1 + 1e-9;
}

function share(fault) {
  const control = h("input", { type: "number", min: "0", max: "100", step: "any", inputmode: "decimal", autocomplete: "off", "aria-label": `${fault.label}: percent of sends` });
  return bound({
    fault,
    control,
    label: (input) => h("label", { class: "unit" }, h("span", {}, "or"), input, h("span", {}, "% of sends")),
    read: () => readNumber(control, { fits: (value) => leavesRoom(fault, value), why: "0 to 100 %, and all of a gateway together at most 100 %." }) / 100,
    write: (value) => (control.value = value),
    pick: (faults) => percent(faults.share[fault.name] ?? 0),
    make: (value) => {
      const shares = { ...now.share, [fault.name]: Number(value.toFixed(8)) };
      if (!value) delete shares[fault.name];
      return { share: shares };
    },
  });
}

function toggle(fault) {
  const control = h("input", { type: "checkbox", role: "switch", "aria-labelledby": `fault-${fault.name}` });
  return bound({
    fault,
    control,
    label: (input) => h("label", { class: "switch" }, input, h("span", { "aria-hidden": "true" })),
    read: () => control.checked,
    write: (value) => (control.checked = value),
    pick: (faults) => faults[fault.name],
    make: (value) => ({ [fault.name]: value }),
  });
}

function delay() {
  const control = h("input", { type: "number", min: "0", step: "any", inputmode: "decimal", autocomplete: "off", "aria-label": `${DELAY.label}: seconds` });
  return bound({
    fault: DELAY,
    control,
    label: (input) => h("label", { class: "unit" }, input, h("span", {}, "seconds")),
    read: () => readNumber(control, { fits: (value) => value >= 0, why: "0 seconds or more." }),
    write: (value) => (control.value = value),
    pick: (faults) => faults.delay,
    make: (value) => ({ delay: value }),
  });
}

function words(fault, control, { read, write, pick }) {
  return bound({ fault, control, label: (input) => input, read, write, pick, make: (value) => ({ [fault.name]: value }) });
}

function refuseWith() {
  const control = h("input", { autocomplete: "off", spellcheck: "false", maxlength: "200", "aria-labelledby": "fault-refuse_with", placeholder: "not refused" });
  return words(REFUSE, control, {
    read: () => control.value || null,
    write: (value) => (control.value = value),
    pick: (faults) => faults.refuse_with ?? "",
  });
}

/** What the gateway would say, where it is known. */
function refusal(gateway) {
  const [words, example] = Object.hasOwn(REFUSALS, gateway) ? REFUSALS[gateway] : [];
  return words ? [" ", words, example ? [h("code", {}, example), "."] : []].flat() : [];
}

function stopList() {
  const control = h("textarea", { rows: "2", autocomplete: "off", spellcheck: "false", "aria-labelledby": "fault-stop_list", placeholder: "no number" });
  return words(STOP_LIST, control, {
    read: () => control.value.split(/[\s,;]+/).filter(Boolean),
    write: (value) => (control.value = value),
    pick: (faults) => faults.stop_list.join("\n"),
  });
}

function draw(gateway, faults) {
  drawn = gateway;
  fields = [];
  off = h("button", { type: "button", click: switchOff }, `Switch off all of ${gateway}`);
  byId("faults-panel").replaceChildren(
    h("div", { class: "card-head" }, h("h2", {}, gateway), off),
    ...WIRE_FAULTS.filter(({ name }) => name in faults).map((fault) => row(fault, [count(fault), share(fault)])),
    ...SWITCHES.filter(({ name }) => name in faults).map((fault) => row(fault, toggle(fault))),
    row(DELAY, delay()),
    row(REFUSE, refuseWith(), refusal(gateway)),
    row(STOP_LIST, stopList(), " Commas, spaces or lines part them; Enter begins a line, and they apply when you leave the field."),
  );
}

async function switchOff() {
  try {
    take(await remove(`/api/faults/${encodeURIComponent(drawn)}`));
    say(`No faults at ${drawn}`);
    byId("faults-panel").querySelector("input").focus();
  } catch (error) {
    tell(byId("faults-problem"), error.message);
  }
}

function showGateways(state) {
  fill(byId("faults-gateways"), [Object.keys(state.gateways), state.on, drawn], () =>
    Object.keys(state.gateways).map((name) =>
      h(
        "a",
        { href: link(changed(new URLSearchParams("view=faults"), { gateway: name })), "aria-current": name === drawn ? "true" : null },
        name,
        name in state.on ? h("span", { class: "on" }, `${state.on[name].length} on`) : null,
      ),
    ),
  );
}

export const faults = {
  topics: ["faults"],
  title: (params) => (params.get("gateway") ? `Faults of ${params.get("gateway").slice(0, 40)}` : "Faults"),
  async show(params, { signal, first }) {
    const state = await get("/api/faults", {}, signal);
    const names = Object.keys(state.gateways);
    const wanted = params.get("gateway");
    const gateway = names.includes(wanted) ? wanted : names[0];
    tell(byId("faults-problem"), wanted && wanted !== gateway ? `There is no gateway “${wanted.slice(0, 100)}”; this is ${gateway}.` : "");
    if (first || drawn !== gateway) draw(gateway, state.gateways[gateway]);
    take(state);
  },
  keys: {},
};
