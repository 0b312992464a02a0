/* One trace: its waterfall with the side pane, what is searched for, the filters and the keys. */

const MOST_PRINTED = 3000;

class TraceView {
  constructor(trace, data) {
    this.trace = trace;
    this.data = data;
    this.types = new Set();
    this.levels = new Set();
    this.tree = new Tree(trace.rows);
    this.axis = new Axis(trace, data.utc, () => this.list.refresh());
    this.list = new RowList(this.tree, this.axis, (index, isDouble) => this.choose(index, isDouble), (index) => this.fold(index));
    this.pane = make("aside", { class: "pane", tabindex: "0" });
  }

  /** Put the trace on the page. */
  show() {
    const head = make(
      "div",
      { class: "columns head", "aria-hidden": "true" },
      make("span", null, "Observation"),
      this.axis.element,
      ...["took", "tokens", "cost"].map((name) => make("span", { class: `number ${name}` }, name)),
    );
    const lacks = (name) => (this.trace.rows.some((row) => row[name]) ? "" : `no-${name}`);
    const waterfall = make("section", { class: `waterfall ${lacks("tokens")} ${lacks("cost")}`, "aria-label": "Waterfall" }, head, this.list.element, this.legend());
    the("main").replaceChildren(waterfall, this.pane);
    head.style.setProperty("--bar", `${this.list.element.offsetWidth - this.list.element.clientWidth}px`);
    showFacts(this.trace.name, this.trace.facts, this.data.utc);
    this.showFilters();
    showPane(this.pane, this.trace.whole, []);
    this.axis.draw();
    this.search(the("search").value);
  }

  legend() {
    const { gaps, rows } = this.trace;
    const timed = rows.filter((row) => row.start !== undefined);
    const named = (word, name) => (name ? [` ${word} `, make("bdi", null, name)] : []); // its direction stays in it
    const idle = gaps.flatMap(([start, end, after, before], index) => [index ? "; " : "", lasting(end - start), ...named("after", after), ...named("before", before)]);
    return make(
      "div",
      { class: "legend" },
      rows.some((row) => row.path) ? make("span", null, make("i"), "critical path") : "",
      timed.some((row) => row.open && row.start !== row.end) ? make("span", null, make("i", { class: "open" }), "no end known") : "",
      timed.some((row) => row.start === row.end) ? make("span", null, make("i", { class: "moment" }), "moment") : "",
      idle.length ? make("span", { id: "idle" }, make("i", { class: "idle" }), make("bdi", null, "nothing worked: ", idle)) : "",
    );
  }

  choose(index, isDouble = false) {
    const row = this.trace.rows[index];
    if (!this.tree.at.has(index)) {
      this.tree.reveal(index);
      this.list.refresh();
    }
    this.list.select(index);
    showPane(this.pane, row, this.factsOf(row));
    if (isDouble) this.enlarge(index);
  }

  factsOf(row) {
    const at = (time) => (row.start === undefined ? "" : moment(this.trace.begin + time, this.data.utc));
    const parent = this.trace.rows[row.parent];
    return [
      ["took", row.took || ""],
      ["from", at(row.start)],
      ["to", row.open || row.start === row.end ? "" : at(row.end)],
      ["since the start", row.start === undefined ? "" : lasting(row.start)],
      ["on the critical path", row.path ? "yes" : ""],
      ["below", parent ? make("button", { class: "parent", type: "button", onclick: () => this.choose(row.parent) }, parent.name) : ""],
    ];
  }

  fold(index) {
    this.tree.fold(index, !this.tree.folded.has(index));
    this.list.refresh();
  }

  /** Show the time of one observation. */
  enlarge(index) {
    const row = this.trace.rows[index];
    if (row && row.start !== undefined) {
      const margin = Math.max(1, (row.end - row.start) * 0.05);
      this.axis.show(row.start - margin, row.end + margin);
    }
  }

  showFilters() {
    const count = (name) => {
      const counts = new Map();
      for (const row of this.trace.rows) counts.set(row[name] || "", (counts.get(row[name] || "") || 0) + 1);
      return [...counts].filter(([value]) => value);
    };
    const button = (chosen, value, number, sign) => {
      const element = make("button", { class: "filter", type: "button", "aria-pressed": "false" }, sign, value, make("span", { class: "count" }, number));
      element.addEventListener("click", () => {
        if (!chosen.delete(value)) chosen.add(value);
        element.setAttribute("aria-pressed", String(chosen.has(value)));
        this.search(the("search").value);
      });
      return element;
    };
    the("filters").replaceChildren(
      ...count("type").map(([value, number]) => button(this.types, value, number, dot(value))),
      ...count("level").map(([value, number]) => button(this.levels, value, number, make("span", { class: "sign" }, SIGNS.get(value) || ""))),
    );
  }

  /** Show only what has a text, and the types and levels that are chosen. */
  search(text) {
    const query = text.trim().toLowerCase();
    const written = JSON.stringify(query).slice(1, -1);
    const accepts = (row) =>
      (!this.types.size || this.types.has(row.type)) &&
      (!this.levels.size || this.levels.has(row.level)) &&
      (!query || row.name.toLowerCase().includes(query) || lowerDetail(row).includes(written));
    const isAll = !query && !this.types.size && !this.levels.size;
    const found = isAll ? null : this.trace.rows.flatMap((row, index) => (accepts(row) ? [index] : []));
    this.tree.filter = found === null ? null : new Set(found);
    this.tree.update();
    this.list.query = query;
    this.list.refresh();
    the("found").textContent = found === null ? "" : `${found.length} of ${this.trace.rows.length}`;
  }

  /** Do what a key says; return whether it says something. */
  key(event) {
    const { shown, at, rows } = this.tree;
    const { chosen } = this.list;
    const place = at.has(chosen) ? at.get(chosen) : -1;
    const to = (next) => shown.length && this.choose(shown[Math.min(shown.length - 1, Math.max(0, next))]);
    const page = Math.max(1, Math.floor(this.list.element.clientHeight / ROW) - 1);
    const acts = {
      ArrowDown: () => to(place + 1),
      ArrowUp: () => to(place - 1),
      PageDown: () => to(place + page),
      PageUp: () => to(place - page),
      Home: () => to(0),
      End: () => to(shown.length - 1),
      ArrowRight: () => (event.shiftKey ? this.axis.move(0.2) : this.tree.isFolded(chosen) ? this.fold(chosen) : this.tree.hasChildren(chosen) && to(place + 1)),
      ArrowLeft: () => (event.shiftKey ? this.axis.move(-0.2) : this.close(chosen)),
      e: () => this.nextError(chosen, 1),
      E: () => this.nextError(chosen, -1),
      "+": () => this.axis.zoom(STEP_OF_ZOOM),
      "-": () => this.axis.zoom(1 / STEP_OF_ZOOM),
      0: () => this.axis.show(0, this.axis.length),
      z: () => this.enlarge(chosen),
      "[": () => this.foldAll(true),
      "]": () => this.foldAll(false),
    };
    if (!Object.prototype.hasOwnProperty.call(acts, event.key) || !rows.length) return false;
    acts[event.key]();
    return true;
  }

  close(index) {
    if (index < 0) return;
    if (this.tree.hasChildren(index) && !this.tree.isFolded(index)) this.fold(index);
    else if (this.tree.rows[index].parent >= 0) this.choose(this.tree.rows[index].parent);
  }

  foldAll(isFolded) {
    this.tree.foldAll(isFolded);
    this.list.refresh();
  }

  nextError(index, step) {
    const { rows } = this.trace;
    for (let passed = 1; passed <= rows.length; passed += 1) {
      const next = (Math.max(index, step > 0 ? -1 : 0) + step * passed + rows.length * 2) % rows.length;
      if (rows[next].level === "ERROR") return this.choose(next);
    }
    return undefined;
  }

  /** Before and after printing: all rows are elements of the page meanwhile. */
  print(isPrinting) {
    this.list.isWhole = isPrinting && this.tree.shown.length <= MOST_PRINTED;
    this.list.refresh();
  }
}

function lowerDetail(row) {
  if (row.lower === undefined) row.lower = row.detail.toLowerCase();
  return row.lower;
}
