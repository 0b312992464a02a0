/* The rows of a waterfall. Only those in sight are elements of the page, however many there are. */

const ROW = 28;
const SPARE = 8;
// Deeper levels are not indented further, and have the number of the level.
const DEEPEST = 10;

class RowList {
  /** `choose` is called with the index of a row that is chosen, `fold` with that of one to fold. */
  constructor(tree, axis, choose, fold) {
    Object.assign(this, { tree, axis, choose, fold, query: "", chosen: -1, drawn: new Map(), isWhole: false });
    this.height = make("div", { role: "presentation" });
    this.none = make("p", { class: "none" });
    this.behind = make("div", { class: "behind columns", "aria-hidden": "true" }, axis.behind);
    this.element = make(
      "div",
      { class: "list", id: "list", role: "tree", tabindex: "0", "aria-label": "Observations", onscroll: () => this.drawSoon() },
      this.behind,
      this.height,
      this.none,
    );
    this.element.addEventListener("focus", () => this.chosen < 0 && this.element.matches(":focus-visible") && this.tree.shown.length && choose(this.tree.shown[0]));
    this.element.addEventListener("click", (event) => this.clicked(event));
    this.element.addEventListener("dblclick", (event) => this.clicked(event, true));
    this.element.addEventListener("wheel", (event) => this.turned(event), { passive: false });
  }

  /** Draw everything again. */
  refresh() {
    const height = `${this.tree.shown.length * ROW}px`;
    this.height.style.height = height;
    this.behind.style.height = `max(100%, ${height})`;
    const nothing = this.tree.rows.length ? "Nothing is found: change the search or the filters." : "This trace has no observations.";
    this.none.textContent = this.tree.shown.length ? "" : nothing;
    for (const element of this.drawn.values()) element.remove();
    this.drawn.clear();
    this.draw();
  }

  drawSoon() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => {
      this.isWaiting = false;
      this.draw();
    });
  }

  draw() {
    const { shown } = this.tree;
    const top = this.isWhole ? 0 : Math.floor(this.element.scrollTop / ROW) - SPARE;
    const end = this.isWhole ? shown.length : top + Math.ceil(this.element.clientHeight / ROW) + 2 * SPARE;
    let wanted = new Set(shown.slice(Math.max(0, top), end));
    const place = this.tree.at.get(this.chosen);
    if (place >= end) wanted.add(this.chosen);
    if (place < top) wanted = new Set([this.chosen, ...wanted]);
    for (const [index, element] of this.drawn) {
      if (!wanted.has(index)) {
        element.remove();
        this.drawn.delete(index);
      }
    }
    let before = null; // a screen reader reads the rows in the order in which they are elements
    for (const index of [...wanted].reverse()) {
      const element = this.drawn.get(index) || this.rowAt(index);
      if (element.nextSibling !== before || !element.parentNode) this.height.insertBefore(element, before);
      before = element;
    }
  }

  rowAt(index) {
    const { tree } = this;
    const row = tree.rows[index];
    const isChosen = index === this.chosen;
    const level = SIGNS.has(row.level) ? `level-${row.level}` : "";
    const isBeside = tree.filter !== null && !tree.filter.has(index);
    const element = make(
      "div",
      {
        class: `row columns ${typeClass(row.type)} ${level} ${isChosen ? "chosen" : ""} ${isBeside ? "beside" : ""}`,
        id: `row-${index}`,
        role: "treeitem",
        "aria-level": tree.levels[index],
        "aria-posinset": tree.place[index],
        "aria-setsize": tree.siblings.get(row.parent),
        "aria-selected": String(isChosen),
        "aria-expanded": tree.hasChildren(index) ? String(!tree.isFolded(index)) : undefined,
        "data-index": index,
      },
      make("span", { class: "unseen" }, spoken(row)),
      this.nameOf(row, index),
      make("div", { class: "chart", "aria-hidden": "true" }, this.barOf(row)),
      ...["took", "tokens", "cost"].map((name) => make("span", { class: `number ${name}`, "aria-hidden": "true" }, row[name] || "")),
    );
    element.style.transform = `translateY(${tree.at.get(index) * ROW}px)`;
    this.drawn.set(index, element);
    return element;
  }

  nameOf(row, index) {
    const isFolded = this.tree.isFolded(index);
    const level = this.tree.levels[index];
    const element = make(
      "div",
      { class: "name", title: row.name, "aria-hidden": "true" },
      make("span", { class: "fold" }, this.tree.hasChildren(index) ? (isFolded ? "▶" : "▼") : ""),
      level > DEEPEST ? make("span", { class: "deep" }, level) : "",
      dot(row.type),
      SIGNS.has(row.level) ? make("span", { class: "sign" }, SIGNS.get(row.level)) : "",
      make("span", { class: "label" }, marked(row.name, this.query)),
      row.model ? make("span", { class: "model" }, row.model) : "",
    );
    element.style.setProperty("--level", Math.min(DEEPEST, level) - 1);
    return element;
  }

  barOf(row) {
    if (row.start === undefined) return [];
    const isMoment = row.start === row.end;
    const bar = make("div", { class: `bar ${isMoment ? "moment" : ""} ${row.open && !isMoment ? "open" : ""}` });
    const put = (element, start, end) => {
      const [left, right] = [this.axis.place(start), this.axis.place(end)].map((one) => Math.min(105, Math.max(-5, one)));
      element.style.left = `${left}%`;
      if (end > start) element.style.width = `${right - left}%`;
      return element;
    };
    if (row.end < this.axis.from) return [make("span", { class: "edge" }, "‹")];
    if (row.start > this.axis.to) return [make("span", { class: "edge after" }, "›")];
    return [put(bar, row.start, row.end), row.path ? put(make("div", { class: "path" }), ...row.path) : ""];
  }

  /** Choose a row, and bring it into sight. */
  select(index) {
    for (const one of [this.chosen, index]) {
      const element = this.drawn.get(one);
      if (element) element.remove();
      this.drawn.delete(one);
    }
    this.chosen = index;
    const top = this.tree.at.get(index) * ROW;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + ROW > scrollTop + clientHeight) this.element.scrollTop = top + ROW - clientHeight;
    this.draw();
    this.element.setAttribute("aria-activedescendant", `row-${index}`);
  }

  clicked(event, isDouble = false) {
    const row = event.target.closest(".row");
    if (!row) return;
    const index = Number(row.dataset.index);
    if (event.target.classList.contains("fold")) this.fold(index);
    else this.choose(index, isDouble);
  }

  turned(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const box = this.axis.element.getBoundingClientRect();
    this.axis.zoom(event.deltaY < 0 ? STEP_OF_ZOOM : 1 / STEP_OF_ZOOM, Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
  }
}

/** Return what a screen reader says of a row. */
function spoken(row) {
  const said = [
    row.type, row.name, row.model, SIGNS.has(row.level) && `level ${row.level.toLowerCase()}`,
    row.start !== undefined && `from ${lasting(row.start)}`, row.took && `for ${row.took}`,
    row.tokens && `${row.tokens} ${row.tokens === "1" ? "token" : "tokens"}`, row.cost, row.path && "on the critical path",
  ];
  return said.filter(Boolean).join(", ");
}
