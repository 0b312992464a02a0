/* A report: tables of figures and of changes, to be sorted, searched and filtered. */

const STATUSES = new Map([
  ["same", "="], ["changed", "~"], ["only in a", "−"], ["only in b", "+"], ["better", "▲"], ["worse", "▼"], ["failed", "✗"],
]);
const CHANGES = new Map([["-", "del"], ["+", "ins"], ["=", "span"]]);

class Report {
  constructor(data) {
    this.data = data;
    this.wanted = new Set();
    this.query = "";
    this.sections = data.sections.map((section) => new ReportTable(section, data.title));
  }

  show() {
    the("main").replaceChildren(
      make("section", { class: "overview report", "aria-label": this.data.title, tabindex: "0" }, this.sections.map((section) => section.element)),
    );
    this.showFilters();
    showFacts(this.data.title, this.data.facts, this.data.utc);
    this.search("");
  }

  showFilters() {
    const counts = new Map();
    for (const section of this.sections) {
      for (const { status } of section.rows) if (status) counts.set(status, (counts.get(status) || 0) + 1);
    }
    const filter = ([status, count]) => {
      const press = () => {
        const isOn = !this.wanted.delete(status);
        if (isOn) this.wanted.add(status);
        button.setAttribute("aria-pressed", String(isOn));
        this.select();
      };
      const button = make("button", { class: "filter", type: "button", "aria-pressed": "false", onclick: press }, sign(status), status, make("span", { class: "count" }, count));
      return button;
    };
    the("filters").replaceChildren(...(counts.size > 1 ? [...counts].map(filter) : []));
  }

  /** Show only the rows in which a text occurs. */
  search(text) {
    this.query = text.trim().toLowerCase();
    this.select();
  }

  select() {
    const isWanted = (row) => (!this.wanted.size || this.wanted.has(row.status)) && (!this.query || row.text.includes(this.query));
    const found = this.sections.map((section) => section.select(isWanted)).reduce((all, one) => all + one, 0);
    const all = this.sections.reduce((sum, section) => sum + section.rows.length, 0);
    the("found").textContent = this.query || this.wanted.size ? `${found} of ${all}` : "";
  }

  key() {
    return false;
  }

  print() {
    // all rows are on the page
  }
}

/** Return the sign of a status, which says the same as its colour. */
function sign(status) {
  return STATUSES.has(status) ? make("span", { class: "sign", "aria-hidden": "true" }, STATUSES.get(status)) : "";
}

class ReportTable {
  constructor({ title, columns, rows, none, note }, of) {
    this.columns = columns;
    this.rows = rows.map((row) => this.row(row));
    this.heads = columns.map(({ name, figure }, place) => {
      const button = make("button", { type: "button", class: "sort", onclick: () => this.sort(place, figure) }, name);
      return make("th", { scope: "col", class: figure && "figure" }, button);
    });
    this.body = make("tbody", null, this.rows.map((row) => row.element));
    this.none = make("p", { class: "none" }, rows.length ? "Nothing is found: change the search or the filters." : none);
    const table = make("table", { "aria-label": title || of }, make("thead", null, make("tr", null, this.heads)), this.body);
    this.element = make("section", null, title && make("h2", null, title), table, this.none, note && make("p", { class: "none" }, note));
  }

  row({ cells, status, level, details }) {
    const shown = cells.map((cell, place) => this.cell(cell, place, status, level));
    const element = make("tr", { class: status && `status-${status.replaceAll(" ", "-")}` }, shown);
    const row = { element, status, keys: cells.map((cell) => (typeof cell === "string" ? cell : cell.sort)) };
    row.text = [...shown.map((one) => one.textContent), ...(details || []).flatMap(sides)].join("\n").toLowerCase();
    if (details && details.length) this.makeFolding(row, shown[0], details);
    return row;
  }

  cell(cell, place, status, level) {
    const { text, share } = typeof cell === "string" ? { text: cell } : cell;
    const element = make("td", { class: this.columns[place].figure && "figure" }, place ? "" : sign(status), make("span", { class: "cell" }, text));
    if (place === 0 && level) element.style.paddingLeft = `${Math.min(DEEPEST, level) * 18}px`;
    if (share) {
      const bar = make("span", { class: "share" });
      bar.style.width = `${100 * share}%`;
      element.append(bar);
    }
    return element;
  }

  /** Let the first cell of a row show what there is to tell of it. */
  makeFolding(row, cell, details) {
    const label = cell.querySelector(".cell");
    const button = make("button", { type: "button", class: "unfold", "aria-expanded": "false" }, label.textContent || "…");
    label.replaceChildren(button);
    button.addEventListener("click", () => {
      const isOpen = !row.below;
      button.setAttribute("aria-expanded", String(isOpen));
      if (isOpen) {
        row.below = make("tr", { class: "details" }, make("td", { colspan: this.columns.length }, details.map(detail)));
        row.element.after(row.below);
      } else {
        row.below.remove();
        row.below = null;
      }
    });
  }

  /** Put the rows in the order of a column: figures from the most, texts from the first. */
  sort(place, isFigure) {
    const head = this.heads[place];
    const before = head.getAttribute("aria-sort");
    const isDown = before ? before === "ascending" : isFigure;
    this.heads.forEach((one) => one.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
    const compare = ({ keys: a }, { keys: b }) => (typeof a[place] === "number" && typeof b[place] === "number" ? a[place] - b[place] : String(a[place]).localeCompare(String(b[place]), undefined, { numeric: true }));
    this.rows.sort((a, b) => (isDown ? compare(b, a) : compare(a, b)));
    this.body.append(...this.rows.flatMap((row) => (row.below ? [row.element, row.below] : [row.element])));
  }

  /** Show the rows that are wanted, and return how many they are. */
  select(isWanted) {
    let count = 0;
    for (const row of this.rows) {
      const isShown = isWanted(row);
      row.element.hidden = !isShown;
      if (row.below) row.below.hidden = !isShown;
      count += isShown ? 1 : 0;
    }
    this.none.hidden = count > 0;
    return count;
  }
}

/** Return the texts of a detail: both, where its words have changed. */
function sides({ text, words }) {
  if (!words) return [text];
  return ["+", "-"].map((other) => words.filter(([kind]) => kind !== other).map(([, part]) => part).join(""));
}

/** Return a value, or a text of which some words are only in one of two. */
function detail({ name, text, words }) {
  const parts = words && words.map(([kind, part]) => make(CHANGES.get(kind) || "span", null, part));
  return make("div", { class: "detail" }, make("h3", null, name), make("div", { class: "plain" }, parts || longText(text, "text")));
}
