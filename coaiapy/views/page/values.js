/* Values of JSON, folded and coloured. Numbers are shown with the digits that they were written with. */

const LONG_TEXT = 4000;
const LONG_LIST = 100;
const OPEN_DEPTH = 2;

/** A number that JavaScript cannot hold as it was written. */
class Exact {
  constructor(source) {
    this.source = source;
  }
}

/** Return the value of a JSON text, with numbers as they were written. */
function parsed(text) {
  return JSON.parse(text, (key, value, context) => {
    const isOther = typeof value === "number" && context && context.source !== undefined && String(value) !== context.source;
    return isOther ? new Exact(context.source) : value;
  });
}

/** Return an element that shows any value. */
function valueView(value) {
  return make("div", { class: "value" }, typeof value === "string" ? longText(value, "text") : branch(value, 0));
}

function branch(value, depth) {
  if (typeof value === "string") return longText(JSON.stringify(value), "string");
  if (value instanceof Exact) return make("span", { class: "number-value" }, value.source);
  if (typeof value === "number") return make("span", { class: "number-value" }, String(value));
  if (value === null || typeof value !== "object") return make("span", { class: "word" }, String(value));
  const isList = Array.isArray(value);
  const entries = isList ? value.map((one) => [null, one]) : Object.entries(value);
  if (!entries.length) return make("span", { class: "size" }, isList ? "[]" : "{}");
  return folded(entries, isList, depth);
}

function folded(entries, isList, depth) {
  const size = isList ? `[${entries.length}]` : `{${entries.length}}`;
  const inside = make("div", { class: "entries" });
  const element = make("details", null, make("summary", null, make("span", { class: "size" }, size)), inside);
  let shown = 0;
  const fill = () => {
    const more = inside.querySelector(":scope > .more");
    if (more) more.remove();
    for (const [key, value] of entries.slice(shown, shown + LONG_LIST)) inside.append(entry(key, value, depth + 1));
    shown = Math.min(entries.length, shown + LONG_LIST);
    if (shown < entries.length) {
      inside.append(make("button", { class: "more", type: "button", onclick: fill }, `${entries.length - shown} more`));
    }
  };
  element.addEventListener("toggle", () => element.open && !shown && fill());
  if (depth < OPEN_DEPTH) {
    element.open = true;
    fill();
  }
  return element;
}

function entry(key, value, depth) {
  const name = key === null ? [] : [make("span", { class: "key" }, key), ": "];
  const shown = branch(value, depth);
  if (shown.tagName === "DETAILS") {
    shown.firstChild.prepend(...name);
    return shown;
  }
  return make("div", { class: "entry" }, name, shown);
}

/** Return a text, at first its beginning only if it is very long. */
function longText(text, kind) {
  const element = make("span", { class: kind }, text.slice(0, LONG_TEXT));
  if (text.length <= LONG_TEXT) return element;
  const whole = () => {
    element.textContent = text;
    button.remove();
  };
  const button = make("button", { class: "more", type: "button", onclick: whole }, `all ${text.length} characters`);
  return make("span", null, element, " ", button);
}
