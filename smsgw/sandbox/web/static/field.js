// A field that takes effect at once, and says beside itself what the sandbox thinks of its value.
import { h, say } from "./dom.js";

let serial = 0;

/**
 * control  the input; `read()` gives its value or throws an Error with one line for people
 * send     passes the value on; what it rejects with is shown
 * write    puts a value into the control
 * The result has `elements`: the control's error, to be placed; and `show(value)`, which leaves what is being typed.
 */
export function field({ control, read, write, send, name }) {
  const error = h("p", { class: "problem", id: `problem-${(serial += 1)}`, role: "alert", hidden: true });
  let dirty = false;
  let shown;
  control.addEventListener("input", () => (dirty = true));
  control.addEventListener("change", commit);
  control.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && dirty) {
      event.stopPropagation();
      refuse("");
      dirty = false;
      write(shown);
    }
  });

  async function commit() {
    try {
      await send(read());
      dirty = false;
      refuse("");
      say(`${name}: set`);
    } catch (problem) {
      refuse(problem.message);
    }
  }

  function refuse(why) {
    error.textContent = why;
    error.hidden = !why;
    if (why) {
      control.setAttribute("aria-invalid", "true");
      control.setAttribute("aria-describedby", [control.dataset.hint, error.id].filter(Boolean).join(" "));
    } else {
      control.removeAttribute("aria-invalid");
      if (control.dataset.hint) control.setAttribute("aria-describedby", control.dataset.hint);
      else control.removeAttribute("aria-describedby");
    }
  }

  return {
    error,
    show(value) {
      const typing = dirty && control === document.activeElement;
      const refused = control.hasAttribute("aria-invalid");
      shown = value;
      if (!typing && !refused) write(value);
    },
  };
}

/** Reads a number field, an empty one as 0; a number that does not fit is not sent: `why` says what would. */
export function readNumber(control, { fits = () => true, why = "" } = {}) {
  if (control.validity.badInput) throw new Error("This is no number.");
  const value = Number(control.value);
  if (!fits(value)) throw new Error(why);
  return value;
}
