"use strict";
/* Everything on this page comes from strangers: elements are made here, and texts become text nodes. */

/** Return an element. Listeners are named as in `onclick`; a missing or false attribute is left out. */
function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children.flat()) {
    if (child !== undefined && child !== null && child !== false) element.append(child);
  }
  return element;
}

/** Return the element of the page with this id. */
function the(id) {
  return document.getElementById(id);
}

/** Return an address that may be linked to, or null: only of the web, whatever is said. */
function safeLink(text) {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch (error) {
    return null;
  }
}

/** Return a link out of the page, or its text where it is no address. */
function link(address, ...children) {
  const href = safeLink(address);
  if (href === null) return make("span", null, ...children);
  return make("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** Return parts of a text, with what is searched for marked. */
function marked(text, query) {
  if (!query) return [text];
  const parts = [];
  const lower = text.toLowerCase();
  let from = 0;
  for (let at = lower.indexOf(query); at >= 0 && lower.length === text.length; at = lower.indexOf(query, from)) {
    parts.push(text.slice(from, at), make("mark", null, text.slice(at, at + query.length)));
    from = at + query.length;
  }
  return parts.concat(text.slice(from));
}
