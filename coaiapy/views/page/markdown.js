/* The usual Markdown of messages, made of elements: no text becomes markup of the page. */

const LONGEST_PROSE = 60000;
const INLINE = /(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)|\*\*(?=\S)([\s\S]*?\S)\*\*|\*(?=\S)([^*\n]*?\S)\*|\[([^\]\n]{1,500})\]\(([^()\s]{1,2000})\)|(https?:\/\/[^\s<>"'`)\]]{1,2000})/;

/** Return an element that shows a text as Markdown. */
function prose(text) {
  if (text.length > LONGEST_PROSE) return make("div", { class: "plain" }, longText(text, "text"));
  return make("div", { class: "prose" }, blocks(text.replace(/\r\n?/g, "\n").split("\n"), 0));
}

function blocks(lines, depth) {
  const found = [];
  let at = 0;
  while (at < lines.length) {
    const block = KINDS.find((kind) => kind.begins.test(lines[at]) && (depth < 8 || !kind.nests));
    if (!lines[at].trim()) {
      at += 1;
    } else if (block) {
      const end = block.end(lines, at);
      found.push(block.make(lines.slice(at, end), depth));
      at = end;
    } else {
      const start = at;
      while (at < lines.length && lines[at].trim() && (at === start || !KINDS.some((kind) => kind.begins.test(lines[at])))) at += 1;
      found.push(make("p", null, inlineLines(lines.slice(start, at))));
    }
  }
  return found;
}

/** Return the index behind the lines from `at` on that go on in some way. */
function while_(lines, at, goesOn) {
  let end = at + 1;
  while (end < lines.length && goesOn(lines[end])) end += 1;
  return end;
}

const KINDS = [
  {
    begins: /^ {0,3}(```|~~~)/,
    end(lines, at) {
      const fence = lines[at].trim().slice(0, 3);
      const end = while_(lines, at, (line) => !line.trim().startsWith(fence));
      return Math.min(lines.length, end + 1);
    },
    make(lines) {
      const isClosed = lines.length > 1 && /^ {0,3}(```|~~~)\s*$/.test(lines[lines.length - 1]);
      return make("pre", { tabindex: "0" }, make("code", null, lines.slice(1, isClosed ? -1 : undefined).join("\n")));
    },
  },
  {
    begins: /^#{1,6}\s/,
    end: (lines, at) => at + 1,
    make: ([line]) => make("h5", null, inline(line.replace(/^#+\s+|\s+#+\s*$/g, ""))),
  },
  {
    begins: /^ {0,3}([-*_])(\s*\1){2,}\s*$/,
    end: (lines, at) => at + 1,
    make: () => make("hr"),
  },
  {
    begins: /^ {0,3}>/,
    nests: true,
    end: (lines, at) => while_(lines, at, (line) => /^ {0,3}>/.test(line)),
    make: (lines, depth) => make("blockquote", null, blocks(lines.map((line) => line.replace(/^ {0,3}> ?/, "")), depth + 1)),
  },
  {
    begins: /^\s*([-*+]|\d{1,9}[.)])\s/,
    nests: true,
    end: (lines, at) => while_(lines, at, (line) => /^\s*([-*+]|\d{1,9}[.)])\s|^\s+\S/.test(line)),
    make: list,
  },
  {
    begins: /^\s*\|.*\|\s*$/,
    end: (lines, at) => while_(lines, at, (line) => /^\s*\|.*\|\s*$/.test(line)),
    make: table,
  },
];

function list(lines, depth) {
  const margin = /^\s*/.exec(lines[0])[0].length;
  const items = [];
  for (const line of lines) {
    const begins = /^(\s*)([-*+]|\d{1,9}[.)])\s+/.exec(line);
    if (begins && begins[1].length <= margin) items.push([line.slice(begins[0].length)]);
    else items[items.length - 1].push(line.slice(Math.min(margin + 2, /^\s*/.exec(line)[0].length)));
  }
  const isNumbered = /^\s*\d/.test(lines[0]);
  const start = isNumbered ? parseInt(lines[0].trim(), 10) : undefined;
  return make(isNumbered ? "ol" : "ul", { start }, items.map((item) => make("li", null, item.length === 1 ? inline(item[0]) : blocks(item, depth + 1))));
}

function table(lines) {
  const rows = lines.filter((line) => !/^[\s|:-]+$/.test(line)).map((line) => line.trim().slice(1, -1).split("|"));
  const row = (cells, name) => make("tr", null, cells.map((cell) => make(name, null, inline(cell.trim()))));
  return make("table", null, rows.map((cells, index) => row(cells, index === 0 && rows.length > 1 ? "th" : "td")));
}

function inlineLines(lines) {
  return lines.flatMap((line, index) => (index ? [make("br"), ...inline(line)] : inline(line)));
}

/** Return the parts of a line: texts, code, emphasis and links to the web. */
function inline(text, depth = 0) {
  const parts = [];
  let rest = text;
  while (rest && depth < 6 && parts.length < 2000) {
    const found = INLINE.exec(rest);
    if (!found) break;
    const [whole, , code, strong, weak, label, address, bare] = found;
    parts.push(rest.slice(0, found.index));
    if (code !== undefined) parts.push(make("code", null, code));
    else if (strong !== undefined) parts.push(make("strong", null, inline(strong, depth + 1)));
    else if (weak !== undefined) parts.push(make("em", null, inline(weak, depth + 1)));
    else if (label !== undefined) parts.push(safeLink(address) ? link(address, label) : whole);
    else parts.push(link(bare, bare));
    rest = rest.slice(found.index + whole.length);
  }
  return parts.concat(rest);
}
