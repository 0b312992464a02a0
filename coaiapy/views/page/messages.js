/* Conversations: messages of the usual APIs, and media in them. */

const ROLES = new Map([
  ["human", "user"], ["ai", "assistant"], ["model", "assistant"], ["function", "tool"], ["developer", "system"],
]);
const MEDIA = /@@@langfuseMedia:([^@]{1,600})@@@/;
const PICTURE = /^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+$/;

/** Return the messages in a value, or null if it is something else. */
function messagesIn(value) {
  if (isObject(value)) {
    if (Array.isArray(value.messages)) return messagesIn(value.messages);
    if (Array.isArray(value.choices)) return messagesIn(value.choices.map((choice) => choice && choice.message));
    return isMessage(value) ? [value] : null;
  }
  return Array.isArray(value) && value.length && value.every(isMessage) ? value : null;
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isMessage(value) {
  const hasContent = isObject(value) && ["content", "tool_calls", "parts", "function_call"].some((name) => name in value);
  return hasContent && typeof (value.role || value.type) === "string";
}

/** Return an element that shows messages one after the other. */
function conversation(messages) {
  return make("div", null, messages.map(turn));
}

function turn(message) {
  const said = message.role || message.type;
  const role = ROLES.get(said) || said;
  const kind = ["user", "assistant", "system", "tool"].includes(role) ? role : "";
  const title = typeof message.name === "string" ? `${said} · ${message.name}` : said;
  const content = message.content !== undefined ? message.content : message.parts;
  const calls = [].concat(message.tool_calls || [], message.function_call || []);
  return make("section", { class: `turn ${kind}` }, make("h4", null, title), contents(content), calls.map(call));
}

function contents(content) {
  if (content === undefined || content === null) return [];
  if (typeof content === "string") return [withMedia(content)];
  return Array.isArray(content) ? content.map(part) : [valueView(content)];
}

function part(value) {
  if (typeof value === "string") return withMedia(value);
  if (!isObject(value)) return valueView(value);
  if (typeof value.text === "string") return withMedia(value.text);
  const address = isObject(value.image_url) ? value.image_url.url : value.image_url;
  if (typeof address === "string") return media(address);
  if (value.type === "tool_use") return call({ function: { name: value.name, arguments: value.input } });
  return valueView(value);
}

function call(value) {
  const what = isObject(value) && isObject(value.function) ? value.function : value;
  if (!isObject(what)) return valueView(value);
  let given = what.arguments !== undefined ? what.arguments : what.args;
  try {
    given = typeof given === "string" ? parsed(given) : given;
  } catch (error) {
    // the text is shown as it is
  }
  return make("div", null, make("h4", null, `calls ${String(what.name)}`), given === undefined ? [] : valueView(given));
}

/** Return a text as Markdown, with the media that it refers to. */
function withMedia(text) {
  const found = MEDIA.exec(text);
  if (!found) return PICTURE.test(text) ? media(text) : prose(text);
  const [before, after] = [text.slice(0, found.index), text.slice(found.index + found[0].length)];
  return make("div", null, before.trim() && prose(before), reference(found[1]), after.trim() && withMedia(after));
}

/** Return a picture that the page contains, or a link to a file on the web; nothing is loaded. */
function media(address) {
  if (MEDIA.test(address)) return withMedia(address);
  if (PICTURE.test(address)) return make("img", { class: "picture", src: address, alt: "a picture of the message" });
  return make("p", null, make("span", { class: "media" }, link(address, address.slice(0, 200))));
}

/** Return what names a file that the server keeps, with the command that loads it. */
function reference(text) {
  const fields = new Map(text.split("|").map((one) => [one.split("=")[0], one.slice(one.indexOf("=") + 1)]));
  const id = fields.get("id") || "";
  return make("p", null, make("span", { class: "media" }, fields.get("type") || "a file", " · coaia fuse media download ", id));
}
