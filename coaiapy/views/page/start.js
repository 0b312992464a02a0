/* Where the page begins: the data, which trace is shown, and what is on every page. */

const SEARCH_PAUSE = 120;

/** Show the title of the page and the pairs below it. */
function showFacts(title, facts, utc) {
  document.title = title;
  the("title").textContent = title;
  const shown = facts.filter(([, value]) => value !== "" && value !== null);
  const value = (name, text) => (name === "started" ? moment(text, utc) : String(text));
  the("facts").replaceChildren(
    ...shown.map(([name, text]) => make("div", null, make("dt", null, name), make("dd", { class: name === "errors" && "error" }, name === "errors" ? `✗ ${text}` : value(name, text)))),
  );
}

function begin() {
  const data = JSON.parse(the("data").textContent);
  const isReport = data.kind === "report";
  const isList = data.kind !== "trace" && !isReport;
  let view = null;

  const route = () => {
    const index = isList ? /^#\d+$/.test(location.hash) ? Number(location.hash.slice(1)) : -1 : 0;
    const trace = isReport ? null : data.traces[index];
    the("back").hidden = !isList || !trace;
    the("zoom").hidden = !trace;
    the("keys").hidden = isReport;
    the("search").value = "";
    view = isReport ? new Report(data) : trace ? new TraceView(trace, data) : new Overview(data);
    view.show();
  };

  let waiting = 0;
  the("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => view.search(the("search").value), SEARCH_PAUSE);
  });
  const press = (id, key) => the(id).addEventListener("click", () => view.key({ key }));
  press("in", "+");
  press("out", "-");
  press("fit", "0");
  the("keys").addEventListener("click", () => the("help").showModal());
  the("theme").addEventListener("click", () => {
    const isDark = getComputedStyle(document.documentElement).colorScheme === "dark" || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.theme = isDark ? "light" : "dark";
  });
  document.addEventListener("keydown", (event) => typed(event, view));
  addEventListener("hashchange", route);
  addEventListener("resize", () => view.axis && (view.axis.draw(), view.list.refresh()));
  addEventListener("beforeprint", () => view.print(true));
  addEventListener("afterprint", () => view.print(false));
  route();
}

function typed(event, view) {
  const field = the("search");
  if (event.ctrlKey || event.metaKey || event.altKey || the("help").open) return;
  if (event.key === "Escape" && document.activeElement === field) {
    if (field.value) {
      field.value = "";
      view.search("");
    } else {
      field.blur();
    }
  } else if (document.activeElement === field) {
    return;
  } else if (event.key === "/") {
    field.focus();
  } else if (event.key === "?" && !the("keys").hidden) {
    the("help").showModal();
  } else if (event.target.closest(".pane, button, summary, a, .overview") && event.key.length > 1) {
    return; // such keys move there, as they do on every page
  } else if (!view.key(event)) {
    return;
  }
  event.preventDefault();
}

begin();
