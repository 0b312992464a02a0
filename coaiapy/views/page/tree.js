/* The observations of a trace as a tree: which are shown, and what stands beside them. */

const SIGNS = new Map([["ERROR", "✗"], ["WARNING", "!"], ["DEBUG", "·"]]);

class Tree {
  /** `rows` stand in the order of the tree, each with the index of its `parent`, -1 for none. */
  constructor(rows) {
    this.rows = rows;
    this.folded = new Set();
    this.filter = null; // the indexes that are wanted, or null for all
    this.siblings = new Map();
    this.levels = new Array(rows.length);
    this.place = new Array(rows.length);
    rows.forEach((row, index) => {
      const before = this.siblings.get(row.parent) || 0;
      this.siblings.set(row.parent, before + 1);
      this.place[index] = before + 1;
      this.levels[index] = row.parent < 0 ? 1 : this.levels[row.parent] + 1;
    });
    this.update();
  }

  hasChildren(index) {
    return this.siblings.has(index);
  }

  isFolded(index) {
    return this.filter === null && this.folded.has(index);
  }

  /** Find out again which rows are shown: `shown` has their indexes, `at` their places by index. */
  update() {
    const [rows, shown] = [this.rows, []];
    const above = this.filter === null ? null : this.withParents();
    const hidden = new Uint8Array(rows.length);
    for (let index = 0; index < rows.length; index += 1) {
      const parent = rows[index].parent;
      if (parent >= 0 && (hidden[parent] || this.isFolded(parent))) hidden[index] = 1;
      else if (above === null || above.has(index)) shown.push(index);
    }
    this.shown = shown;
    this.at = new Map(shown.map((index, place) => [index, place]));
  }

  withParents() {
    const found = new Set();
    for (let index of this.filter) {
      while (index >= 0 && !found.has(index)) {
        found.add(index);
        index = this.rows[index].parent;
      }
    }
    return found;
  }

  fold(index, isFolded) {
    if (!this.hasChildren(index)) return;
    if (isFolded) this.folded.add(index);
    else this.folded.delete(index);
    this.update();
  }

  foldAll(isFolded) {
    this.folded = new Set(isFolded ? this.siblings.keys() : []);
    this.folded.delete(-1);
    this.update();
  }

  /** Unfold whatever hides a row. */
  reveal(index) {
    for (let above = this.rows[index].parent; above >= 0; above = this.rows[above].parent) this.folded.delete(above);
    this.update();
  }
}

/** Return the square in the colour of a type. */
function dot(type) {
  return make("span", { class: `dot ${typeClass(type)}`, title: type || "", "aria-hidden": "true" });
}

function typeClass(type) {
  return /^[A-Z]{1,20}$/.test(type || "") ? `type-${type}` : "";
}
