// The JSON API of the sandbox (/openapi.json).

/** The sandbox said no: the message is its own one line. Status 0: it said nothing. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(method, path, { body, signal } = {}) {
  const options = { method, signal, cache: "no-store" };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  let response, text;
  try {
    response = await fetch(path, options);
    text = await response.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "The sandbox does not answer. Is it still running?");
  }
  let value = null;
  try {
    value = text ? JSON.parse(text) : null;
  } catch {
    throw new ApiError(response.status, `The sandbox answered ${response.status} with what is no JSON.`);
  }
  if (!response.ok) throw new ApiError(response.status, value?.error ?? `The sandbox answered ${response.status}.`);
  return value;
}

export const get = (path, query = {}, signal = undefined) => {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== null && one !== undefined && one !== "") given.append(name, one);
  }
  return ask("GET", given.size ? `${path}?${given}` : path, { signal });
};
export const patch = (path, body) => ask("PATCH", path, { body });
export const post = (path, body) => ask("POST", path, { body });
export const remove = (path) => ask("DELETE", path);

/** What does not change while the sandbox runs; asked for once, and again after it was restarted. */
let known = null;
export function facts() {
  known ??= get("/api/sandbox").catch((error) => {
    known = null;
    throw error;
  });
  return known;
}
export const forgetFacts = () => (known = null);
