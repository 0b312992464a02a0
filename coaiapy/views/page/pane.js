/* The side pane: everything about one observation, or about the trace. */

const PROSE = ["input", "output"];
const APART = new Set([
  ...PROSE, "metadata", "usageDetails", "costDetails", "statusMessage", "scores", "name",
  "startTime", "endTime", "timestamp", "parentObservationId", "traceId",
]);

/** Fill the pane with the record of a row; `facts` are pairs that stand above its fields. */
function showPane(pane, row, facts) {
  const body = parsed(row.detail);
  const level = row.level || "DEFAULT";
  pane.setAttribute("aria-label", `Details of ${row.name}`);
  pane.replaceChildren(
    make("h2", null, row.type ? dot(row.type) : "", row.name),
    body.statusMessage ? make("p", { class: `message ${SIGNS.has(level) ? level : "DEFAULT"}` }, `${SIGNS.get(level) || ""} ${body.statusMessage}`.trim()) : "",
    fieldList([...facts, ...Object.entries(body).filter(([name]) => !APART.has(name))]),
    figures(body),
    ...PROSE.filter((name) => name in body).map((name) => content(name, body[name])),
    isEmpty(body.metadata) ? "" : section("metadata", valueView(body.metadata)),
    isEmpty(body.scores) ? "" : section("scores", scoreTable(body.scores)),
  );
  pane.scrollTop = 0;
}

function isEmpty(value) {
  if (value instanceof Exact || value instanceof Node) return false;
  return value === undefined || value === null || (typeof value === "object" && !Object.keys(value).length);
}

function fieldList(pairs) {
  const says = ([name, value]) => value !== "" && !isEmpty(value) && !(name === "level" && value === "DEFAULT");
  const shown = pairs.filter(says);
  return make("dl", { class: "fields" }, shown.flatMap(([name, value]) => [make("dt", null, name), make("dd", null, shortValue(value))]));
}

function shortValue(value) {
  if (value instanceof Node) return value;
  if (value instanceof Exact) return value.source;
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return value.join(", ");
  return typeof value === "object" ? valueView(value) : String(value);
}

function section(name, ...children) {
  return make("section", { "aria-label": name }, make("h3", null, name), ...children);
}

/** Return usage and cost in one table, a row for each kind of unit. */
function figures(body) {
  const [usage, cost] = [body.usageDetails || {}, body.costDetails || {}];
  const names = [...new Set([...Object.keys(usage), ...Object.keys(cost)])].sort((a, b) => (a === "total") - (b === "total"));
  if (!names.length) return "";
  const cell = (text) => make("td", { class: "figure" }, text);
  const dollars = (value) => `$${/^\d+(\.\d)?$/.test(value) ? Number(value).toFixed(2) : shortValue(value)}`;
  const units = (value) => (value === undefined ? "" : shortValue(value));
  const rows = names.map((name) => make("tr", null, make("th", { scope: "row" }, name), cell(units(usage[name])), cell(name in cost ? dollars(cost[name]) : "")));
  const head = [make("span", { class: "unseen" }, "kind"), "units", "cost"].map((name, index) => make("th", { scope: "col", class: index > 0 && "figure" }, name));
  return section("usage and cost", make("table", { "aria-label": "Usage and cost" }, make("thead", null, make("tr", null, head)), make("tbody", null, rows)));
}

function scoreTable(scores) {
  const rows = scores.map((score) => make("tr", null, make("th", { scope: "row" }, String(score.name)), make("td", null, shortValue(score.value)), make("td", null, score.comment ? String(score.comment) : "")));
  return make("table", { "aria-label": "Scores" }, make("tbody", null, rows));
}

/** Return an input or output: messages as a conversation, a text as Markdown; a button shows it as it is. */
function content(name, value) {
  const messages = messagesIn(value);
  const isNice = messages !== null || typeof value === "string";
  const holder = make("div", null, isNice ? nice(value, messages) : valueView(value));
  const toggle = make("button", {
    type: "button",
    "aria-pressed": "false",
    onclick: () => {
      const isRaw = toggle.getAttribute("aria-pressed") === "false";
      toggle.setAttribute("aria-pressed", String(isRaw));
      holder.replaceChildren(isRaw ? valueView(value) : nice(value, messages));
    },
  }, "as written");
  const found = section(name, holder);
  if (isNice) found.firstChild.append(toggle);
  return found;
}

function nice(value, messages) {
  return messages ? conversation(messages) : make("div", { class: "turn" }, withMedia(value));
}
