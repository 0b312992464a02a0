/* The time axis: which part of the time is shown, and its ticks. */

const LEAST_SHOWN = 0.01;
const STEP_OF_ZOOM = 1.6;

class Axis {
  /** `changed` is called whenever another part of the time is shown. */
  constructor(trace, utc, changed) {
    this.trace = trace;
    this.utc = utc;
    this.changed = changed;
    this.length = Math.max(1, trace.length);
    this.element = make("div", { class: "axis", "aria-hidden": "true" });
    this.behind = make("div", null);
    this.from = 0;
    this.to = this.length;
    this.listen();
  }

  /** Return the place of a time on the axis, in percent. */
  place(time) {
    return (100 * (time - this.from)) / (this.to - this.from);
  }

  show(from, to) {
    const length = Math.min(Math.max(to - from, LEAST_SHOWN), this.length);
    this.from = Math.min(Math.max(0, from), this.length - length);
    this.to = this.from + length;
    this.draw();
    this.changed();
  }

  /** Show less time (a factor above 1) or more, around a place between 0 and 1. */
  zoom(factor, around = 0.5) {
    const middle = this.from + around * (this.to - this.from);
    const length = (this.to - this.from) / factor;
    this.show(middle - around * length, middle + (1 - around) * length);
  }

  move(part) {
    const step = part * (this.to - this.from);
    this.show(this.from + step, this.to + step);
  }

  draw() {
    const step = stepOf(this.to - this.from, Math.floor((this.element.clientWidth || 600) / 90));
    this.element.replaceChildren();
    this.behind.replaceChildren();
    if (!this.trace.length) return;
    for (const [start, end] of this.trace.gaps) this.put(this.behind, "idle", start, end);
    for (let at = Math.ceil(this.from / step) * step; at <= this.to; at += step) {
      const label = at ? lasting(at) : "0";
      const room = ((100 - this.place(at)) / 100) * this.element.clientWidth;
      this.put(this.element, "tick", at).textContent = room > 8 * label.length ? label : "";
      this.put(this.behind, "grid", at);
    }
  }

  put(parent, kind, start, end) {
    const element = make("div", { class: kind });
    element.style.left = `${this.place(start)}%`;
    if (end !== undefined) element.style.width = `${this.place(end) - this.place(start)}%`;
    parent.append(element);
    return element;
  }

  listen() {
    let begun = null;
    const mark = make("div", { class: "drag" });
    const part = (event) => {
      const box = this.element.getBoundingClientRect();
      return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    };
    const timeAt = (place) => this.from + place * (this.to - this.from);
    this.element.addEventListener("pointerdown", (event) => {
      begun = part(event);
      this.element.setPointerCapture(event.pointerId);
      mark.style.width = "0";
      this.element.append(mark);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (begun === null) return;
      mark.style.left = `${100 * Math.min(begun, part(event))}%`;
      mark.style.width = `${100 * Math.abs(part(event) - begun)}%`;
    });
    this.element.addEventListener("pointerup", (event) => {
      const [first, last] = [begun, part(event)].sort((a, b) => a - b);
      begun = null;
      mark.remove();
      if (last - first > 0.01) this.show(timeAt(first), timeAt(last));
    });
  }
}
