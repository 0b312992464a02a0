/* A list of traces: those of a session, or those that a command has found. */

class Overview {
  constructor(data) {
    this.data = data;
  }

  show() {
    const longest = Math.max(1, ...this.data.traces.map((trace) => trace.length));
    const titles = ["Name", "Started", "Duration", "", "Observations", "Errors", "Tokens", "Cost", "Id"];
    const head = titles.map((title) => make("th", { scope: "col", class: /^(Obs|Err|Tok|Cos|Dur)/.test(title) && "figure" }, title || make("span", { class: "unseen" }, "Duration as a bar")));
    this.rows = this.data.traces.map((trace, index) => this.row(trace, index, longest));
    const table = make("table", { "aria-label": "Traces" }, make("thead", null, make("tr", null, head)), make("tbody", null, this.rows));
    the("main").replaceChildren(make("section", { class: "overview", "aria-label": "Traces", tabindex: "0" }, table));
    the("filters").replaceChildren();
    showFacts(this.data.title, this.data.facts, this.data.utc);
    this.search(the("search").value);
  }

  row(trace, index, longest) {
    const { figures } = trace;
    const bar = make("span");
    bar.style.width = `${(100 * trace.length) / longest}%`;
    const number = (value) => make("td", { class: "figure" }, value || "");
    return make(
      "tr",
      null,
      make("td", null, make("a", { href: `#${index}` }, trace.name)),
      make("td", { class: "when" }, moment(trace.timestamp, this.data.utc)),
      number(trace.length ? lasting(trace.length) : ""),
      make("td", { class: "length" }, make("div", null, bar)),
      number(String(trace.rows.length)),
      make("td", { class: "figure error" }, figures.errors ? `✗ ${figures.errors}` : ""),
      number(figures.tokens),
      number(figures.cost),
      make("td", { class: "id" }, trace.id),
    );
  }

  /** Show only the traces in which a text occurs. */
  search(text) {
    const query = text.trim().toLowerCase();
    const written = JSON.stringify(query).slice(1, -1);
    const has = (row) => lowerDetail(row).includes(written);
    let count = 0;
    this.data.traces.forEach((trace, index) => {
      const isFound = !query || trace.name.toLowerCase().includes(query) || has(trace.whole) || trace.rows.some(has);
      this.rows[index].hidden = !isFound;
      count += isFound ? 1 : 0;
    });
    the("found").textContent = query ? `${count} of ${this.rows.length}` : "";
  }

  key() {
    return false;
  }

  print() {
    // the whole list is on the page
  }
}
