// A text drawn as it is cut, with what makes it long.
import { copyButton, h, plural } from "./dom.js";

const LIMITS = { "GSM-7": [160, 153], "UCS-2": [70, 67] };
const MOST_NAMED = 12;

const codePoint = (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

/** The whole card's content: each part a block; below, why it is UCS-2. */
export function drawParts(message) {
  const { parts, encoding, offenders } = message;
  if (!parts.length) return [h("p", { class: "quiet" }, "A message without a text.")];
  const [single, many] = LIMITS[encoding] ?? [0, 0];
  const limit = parts.length === 1 ? single : many;
  const forcing = new Set(offenders);
  const text = parts.map((part) => part.text).join("");
  const unit = encoding === "GSM-7" ? "septet" : "UTF-16 unit";
  const used = parts.reduce((sum, part) => sum + part.units, 0);
  return [
    h("p", { class: "sum" }, `${plural(parts.length, "segment")} of ${encoding}, ${plural(used, unit)}`, copyButton(text, "the text")),
    h("ol", { class: few(text, forcing) ? "parts few" : "parts" }, parts.map((part, index) => drawPart(part, index, parts.length, limit, forcing))),
    offenders.length ? why(offenders) : null,
  ].filter(Boolean);
}

function drawPart(part, index, count, limit, forcing) {
  return h(
    "li",
    {},
    h("div", { class: "part-head" }, h("strong", {}, count === 1 ? "One part" : `Part ${index + 1} of ${count}`), h("span", {}, `${part.units} of ${limit}`), gauge(part.units / limit)),
    h("p", { dir: "auto" }, marked(part.text, forcing)),
  );
}

/** Whether only some characters make it UCS-2, and so are worth finding: in a Russian text nearly all do. */
function few(text, forcing) {
  const characters = [...text];
  return characters.filter((character) => forcing.has(character)).length * 5 < characters.length;
}

/** How full a part is; the words beside it say the same. Attributes of SVG need no style. */
function gauge(share) {
  const svg = (tag, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const drawn = svg("svg", { viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true", class: "gauge" });
  drawn.append(svg("rect", { width: "100", height: "4", class: "room" }), svg("rect", { width: String(Math.min(share, 1) * 100), height: "4", class: "used" }));
  return drawn;
}

/** The text with runs of characters that force UCS-2 marked. */
function marked(text, forcing) {
  if (!forcing.size) return [text];
  const runs = [];
  for (const character of text) {
    const forces = forcing.has(character);
    const last = runs.at(-1);
    if (last?.forces === forces) last.text += character;
    else runs.push({ text: character, forces });
  }
  return runs.map((run) => (run.forces ? h("mark", {}, run.text) : run.text));
}

function why(offenders) {
  const named = offenders.slice(0, MOST_NAMED);
  const more = offenders.length - named.length;
  return h(
    "div",
    { class: "offenders" },
    h("p", {}, `UCS-2 because of ${plural(offenders.length, "character")} that GSM-7 does not have${more ? `; the first ${named.length}` : ""}:`),
    h("ul", {}, named.map((character) => h("li", {}, h("bdi", {}, /[\p{C}\p{Z}\p{M}]/u.test(character) ? "·" : character), h("code", {}, codePoint(character))))),
  );
}
