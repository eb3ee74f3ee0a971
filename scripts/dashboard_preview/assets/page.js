// Draws the dashboard from the two blocks of data in the page, and again when a filter is set.
"use strict";
(() => {
  const dashboard = JSON.parse(document.getElementById("dashboard").textContent);
  const widgets = new Map(dashboard.widgets.map((widget) => [widget.name, widget]));
  const filters = new Map(dashboard.filters.map((filter) => [filter.name, { ...filter, chosen: asked(filter) }]));
  const MOST_TABLE_ROWS = 1000;
  const NEEDS_WAREHOUSE = "needs the warehouse";
  const HOW_TO_ASK = "preview-dashboard --filter NAME=VALUE asks it";
  let datasets = {};

  // ---- rows -------------------------------------------------------------------------------------

  /** The datasets: {name: {length, columns: {name: index => value}}}. */
  async function readDatasets() {
    const read = {};
    for (const [name, packed] of Object.entries(JSON.parse(document.getElementById("rows").textContent))) {
      const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      const dataset = (read[name] = await new Response(stream).json());
      for (const [name, column] of Object.entries(dataset.columns)) {
        const { words, codes, values } = column;
        dataset.columns[name] = words ? (row) => words[codes[row]] : (row) => values[row];
      }
    }
    return read;
  }

  /** What was chosen when the warehouse was asked, as `chosen` has it: days, a set of values, null. */
  function asked(filter) {
    return filter.range || !filter.asked ? filter.asked : new Set(filter.asked);
  }

  /** Whether the filter is set as it was when the warehouse was asked. */
  function isAsAsked(filter) {
    const kept = (chosen) => JSON.stringify(chosen instanceof Set ? [...chosen].sort() : chosen);
    return kept(filter.chosen) === kept(asked(filter));
  }

  const changed = (widget, bound) =>
    widget.filters.some((name) => {
      const filter = filters.get(name);
      return !isAsAsked(filter) && filter[bound].some(([dataset]) => dataset === widget.dataset);
    });

  /** Whether only the warehouse can count the widget: a parameter of its query is not as it was. */
  const needsWarehouse = (widget) => changed(widget, "parameters");

  /** The tests a row of the widget's dataset must pass: one for each filter that is set. */
  function conditions(widget) {
    const made = [];
    for (const name of widget.filters) {
      const { chosen, targets } = filters.get(name);
      const target = chosen && targets.find(([dataset]) => dataset === widget.dataset);
      if (!target) continue;
      const value = datasets[widget.dataset].columns[target[1]];
      if (chosen instanceof Set) {
        made.push((row) => chosen.has(value(row)));
      } else {
        made.push((row) => {
          const day = value(row)?.slice(0, 10);
          return day && (!chosen.from || day >= chosen.from) && (!chosen.to || day <= chosen.to);
        });
      }
    }
    return made;
  }

  /** The widget's rows under the filters: as long as these are as asked, those of the warehouse. */
  function rowsOf(widget) {
    if (needsWarehouse(widget)) return [];
    if (!changed(widget, "targets") || !datasets[widget.dataset].complete) return widget.rows;
    const tests = conditions(widget);
    const { length, columns } = datasets[widget.dataset];
    const passing = [];
    for (let row = 0; row < length; row++) if (tests.every((test) => test(row))) passing.push(row);
    const dimensions = widget.fields.filter((field) => !field.measure);
    const read = dimensions.map(({ tree }) => (row) => truncate(columns[tree.column](row), tree.unit));
    if (widget.disaggregated) {
      return passing.map((row) => named(dimensions, read.map((each) => each(row))));
    }
    return aggregate(passing, dimensions, read, widget.fields.filter((field) => field.measure), columns);
  }

  function aggregate(passing, dimensions, read, measures, columns) {
    const groups = new Map();
    const start = (values) => ({ values, states: measures.map(({ tree }) => counting(tree, columns)) });
    if (!dimensions.length) groups.set("", start([]));
    for (const row of passing) {
      const values = read.map((each) => each(row));
      const key = values.join("\u0000");
      let group = groups.get(key);
      if (!group) groups.set(key, (group = start(values)));
      for (const state of group.states) state.add(row);
    }
    const ordered = [...groups.keys()].sort().map((key) => groups.get(key));
    return ordered.map(({ values, states }) => ({
      ...named(dimensions, values),
      ...named(measures, states.map((state) => state.result())),
    }));
  }

  const named = (fields, values) => Object.fromEntries(fields.map(({ name }, place) => [name, values[place]]));

  /** What a measure's tree comes to over the rows that are added, as SQL has it: NULL is left out. */
  function counting(tree, columns) {
    if (tree.op === "literal") return { add() {}, result: () => tree.value };
    if (tree.args) {
      const parts = tree.args.map((each) => counting(each, columns));
      return {
        add: (row) => parts.forEach((part) => part.add(row)),
        result: () => operators[tree.op](...parts.map((part) => part.result())),
      };
    }
    let count = 0;
    if (tree.op === "rows") return { add: () => count++, result: () => count };
    const value = columns[tree.column];
    if (tree.op === "distinct") {
      const seen = new Set();
      return { add: (row) => value(row) !== null && seen.add(value(row)), result: () => seen.size };
    }
    let kept = null;
    const keep = {
      sum: (each) => kept + each,
      avg: (each) => kept + each,
      min: (each) => (kept === null || each < kept ? each : kept),
      max: (each) => (kept === null || each > kept ? each : kept),
      count: () => kept,
    }[tree.op];
    return {
      add(row) {
        const each = value(row);
        if (each === null) return;
        count++;
        kept = keep(each);
      },
      result: () => (tree.op === "count" ? count : tree.op === "avg" && count ? kept / count : kept),
    };
  }

  const known = (made) => (a, b) => (a === null || b === null ? null : made(a, b));
  const operators = {
    "+": known((a, b) => a + b),
    "-": known((a, b) => a - b),
    "*": known((a, b) => a * b),
    "/": known((a, b) => (b === 0 ? null : a / b)),
    nullif: (a, b) => (a === b ? null : a),
  };

  function truncate(value, unit) {
    if (!unit || value === null) return value;
    if (unit === "year") return `${value.slice(0, 4)}-01-01`;
    if (unit === "month") return `${value.slice(0, 7)}-01`;
    return unit === "day" ? value.slice(0, 10) : `${value.slice(0, 13)}:00:00Z`;
  }

  // ---- tiles ------------------------------------------------------------------------------------

  function shown(value, { format: { percent, places, exact }, missing }) {
    if (value === null || value === undefined) return missing;
    if (typeof value === "number") {
      return new Intl.NumberFormat("en-US", {
        style: percent ? "percent" : "decimal",
        minimumFractionDigits: exact ? places : 0,
        maximumFractionDigits: places,
      }).format(value);
    }
    return /^\d{4}-\d\d-\d\dT[\d:]{8}Z$/.test(value) ? value.replace("T", " ").slice(0, 16) : String(value);
  }

  const embedding = { actions: false, renderer: "svg", defaultStyle: false };
  const drawings = [];

  const tile = (name) => document.querySelector(`[data-widget="${CSS.escape(name)}"]`);

  const draw = {
    counter(widget, rows, element) {
      const unknown = needsWarehouse(widget);
      const text = unknown ? NEEDS_WAREHOUSE : shown(rows[0]?.[widget.value.field], widget.value);
      const place = element.querySelector(".value");
      place.textContent = text;
      place.classList.toggle("long", text.length > 8);
      place.classList.toggle("unknown", unknown);
      place.title = unknown ? HOW_TO_ASK : "";
    },

    table(widget, rows, element) {
      const { by, descending } = widget.sorted ?? {};
      const sorted = by ? [...rows].sort((a, b) => compare(a[by], b[by]) * (descending ? -1 : 1)) : rows;
      const head = widget.columns.map((column) => {
        const button = made("button", column.title);
        button.type = "button";
        button.onclick = () => {
          widget.sorted = { by: column.field, descending: by === column.field && !descending };
          draw.table(widget, rowsOf(widget), element);
        };
        const cell = made("th", button);
        cell.scope = "col";
        if (column.number) cell.className = "number";
        if (by === column.field) cell.ariaSort = descending ? "descending" : "ascending";
        return cell;
      });
      const body = sorted.slice(0, MOST_TABLE_ROWS).map((row) =>
        made("tr", ...widget.columns.map((column) => {
          const cell = made("td", shown(row[column.field], column));
          cell.classList.toggle("number", column.number);
          cell.classList.toggle("missing", row[column.field] === null);
          return cell;
        })));
      const table = made("table", made("thead", made("tr", ...head)), made("tbody", ...body));
      const more = sorted.length - body.length;
      const place = element.querySelector(".body");
      place.replaceChildren(table, ...(more > 0 ? [note(`and ${more} more`)] : []));
      place.onscroll = () => showMore(element);
      showMore(element);
    },

    chart(widget, rows, element) {
      const place = element.querySelector(".vega");
      element.querySelector(".empty").hidden = rows.length > 0 || needsWarehouse(widget);
      place.style.visibility = rows.length ? "" : "hidden";
      // Nothing to draw; a hidden page, without a place to draw on; or Vega is at it already.
      if (!rows.length || !place.clientWidth || widget.drawing) return;
      if (widget.view) {
        widget.view.data("rows", copies(rows)).run();
        return;
      }
      const size = { width: place.clientWidth, height: place.clientHeight };
      const spec = { ...widget.spec, ...size, data: { name: "rows", values: copies(rows) } };
      const config = dashboard.config[scheme()];
      widget.drawing = vegaEmbed(place, spec, { ...embedding, config, tooltip: showTip }).then(({ view }) => {
        widget.view = view;
        widget.drawing = null;
        draw.chart(widget, rowsOf(widget), element);
        fit(widget, place);
      });
      drawings.push(widget.drawing);
    },
  };
  for (const kind of dashboard.charts) draw[kind] = draw.chart;

  /** Marks a table that has more columns to the right than are seen. */
  function showMore(element) {
    const { scrollWidth, scrollLeft, clientWidth } = element.querySelector(".body");
    element.classList.toggle("more", scrollWidth - scrollLeft > clientWidth + 1);
  }

  const copies = (rows) => rows.map((row) => ({ ...row })); // Vega marks the rows it is given

  const compare = (a, b) =>
    a === b ? 0 : a === null ? -1 : b === null ? 1 : a < b ? -1 : 1;

  function made(name, ...children) {
    const element = document.createElement(name);
    element.append(...children);
    return element;
  }

  function note(text) {
    const element = made("p", text);
    element.className = "note";
    return element;
  }

  function showTip(_handler, event, _item, value) {
    const tip = document.getElementById("tip");
    tip.hidden = !value;
    if (!value) return;
    tip.replaceChildren(...Object.entries(value).flatMap(([name, text]) => [made("span", name), made("b", text)]));
    const { width, height } = tip.getBoundingClientRect();
    const x = event.clientX + 14 + width > innerWidth ? event.clientX - width - 14 : event.clientX + 14;
    tip.style.left = `${Math.max(4, x)}px`;
    tip.style.top = `${Math.max(4, event.clientY - height - 10)}px`;
  }

  function drawAll({ anew = false } = {}) {
    for (const widget of widgets.values()) {
      if (anew) forget(widget);
      const element = tile(widget.name);
      draw[widget.kind](widget, rowsOf(widget), element);
      element.querySelector(".note.warning")?.remove();
      const warning = warningOf(widget);
      if (warning) {
        const line = note(warning);
        line.classList.add("warning");
        element.append(line);
      }
      element.dataset.drawn = "true";
    }
    const chosen = [...filters.values()].some((filter) => filter.chosen);
    document.querySelector(".reset").hidden = !chosen;
  }

  function warningOf(widget) {
    if (needsWarehouse(widget)) return widget.value ? "" : `This ${NEEDS_WAREHOUSE}: ${HOW_TO_ASK}.`;
    const unfiltered = !datasets[widget.dataset]?.complete && changed(widget, "targets");
    return unfiltered ? "Not filtered: too many rows for a page." : "";
  }

  function forget(widget) {
    widget.view?.finalize();
    widget.view = null;
  }

  function fit({ view }, place) {
    const { clientWidth: width, clientHeight: height } = place;
    if (!view || !width || (view.width() === width && view.height() === height)) return;
    view.width(width).height(height).run();
  }

  // ---- filters ----------------------------------------------------------------------------------

  function offered(filter) {
    const values = new Set(filter.range ? [] : filter.asked);
    for (const [name, column] of filter.targets) {
      const dataset = datasets[name];
      for (let row = 0; row < (dataset?.length ?? 0); row++) values.add(dataset.columns[column](row));
    }
    values.delete(null);
    return [...values].sort(compare);
  }

  function buildFilters() {
    for (const filter of filters.values()) {
      const element = tile(filter.name);
      const values = offered(filter);
      filter.clear = (filter.range ? buildRange : buildChoice)(filter, element, values);
      element.classList.toggle("active", Boolean(filter.chosen));
      element.dataset.drawn = "true";
    }
  }

  function choose(filter, element, chosen) {
    filter.chosen = chosen;
    element.classList.toggle("active", Boolean(chosen));
    drawAll();
  }

  function buildRange(filter, element, values) {
    const days = values.map((value) => value.slice(0, 10));
    const [from, to] = ["From", "To"].map((label) => {
      const input = made("input");
      input.type = "date";
      input.ariaLabel = `${filter.title}: ${label}`;
      input.min = days[0] ?? "";
      input.max = days.at(-1) ?? "";
      return input;
    });
    const reset = () => {
      from.value = days[0] ?? "";
      to.value = days.at(-1) ?? "";
    };
    const late = note("The first day is after the last.");
    late.hidden = true;
    const changed = () => {
      late.hidden = !from.value || !to.value || from.value <= to.value;
      const all = (!from.value || from.value <= days[0]) && (!to.value || to.value >= days.at(-1));
      choose(filter, element, all ? null : { from: from.value, to: to.value });
    };
    from.onchange = to.onchange = changed;
    reset();
    from.value = filter.chosen?.from || from.value;
    to.value = filter.chosen?.to || to.value;
    const range = made("div", from, "–", to);
    range.className = "range";
    element.querySelector(".body").replaceChildren(range, late);
    return () => {
      reset();
      late.hidden = true;
      choose(filter, element, null);
    };
  }

  function buildChoice(filter, element, values) {
    const label = made("span", "All");
    const boxes = values.map((value) => {
      const box = made("input");
      box.type = filter.single ? "radio" : "checkbox";
      box.name = filter.name;
      box.value = value;
      box.checked = filter.chosen?.has(value) ?? false;
      return box;
    });
    const pickedValues = () => values.filter((_, place) => boxes[place].checked);
    const say = (picked) => (label.textContent = picked.length ? picked.join(", ") : "All");
    say(pickedValues());
    const changed = () => {
      const picked = pickedValues();
      say(picked);
      choose(filter, element, picked.length ? new Set(picked) : null);
    };
    for (const box of boxes) box.onchange = changed;
    const options = made("div", ...boxes.map((box, place) => made("label", box, String(values[place]))));
    options.className = "options";
    const summary = made("summary", label);
    summary.ariaLabel = filter.title;
    const details = made("details", summary, options);
    element.querySelector(".body").replaceChildren(details);
    document.addEventListener("click", (event) => {
      if (!details.contains(event.target)) details.open = false;
    });
    return () => {
      for (const box of boxes) box.checked = false;
      changed();
    };
  }

  // ---- pages and schemes ------------------------------------------------------------------------

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const scheme = () => document.documentElement.dataset.scheme ?? (dark.matches ? "dark" : "light");

  function openPage(name) {
    for (const page of document.querySelectorAll(".page")) page.hidden = page.id !== name;
    for (const tab of document.querySelectorAll(".tabs button")) {
      tab.ariaSelected = String(tab.dataset.page === name);
    }
    drawAll();
  }

  function start() {
    for (const tab of document.querySelectorAll(".tabs button")) {
      tab.onclick = () => {
        history.replaceState(null, "", `#${tab.dataset.page}`);
        openPage(tab.dataset.page);
      };
    }
    document.querySelector(".reset").onclick = () => {
      for (const filter of filters.values()) if (filter.chosen) filter.clear();
    };
    document.querySelector(".scheme").onclick = () => {
      document.documentElement.dataset.scheme = scheme() === "dark" ? "light" : "dark";
      drawAll({ anew: true });
    };
    dark.addEventListener("change", () => drawAll({ anew: true }));
    const resized = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        fit(widgets.get(target.closest(".tile").dataset.widget), target);
      }
    });
    for (const place of document.querySelectorAll(".vega")) resized.observe(place);
    const widened = new ResizeObserver((entries) => {
      for (const { target } of entries) showMore(target.closest(".tile"));
    });
    for (const place of document.querySelectorAll(".table .body")) widened.observe(place);
    const first = document.querySelector(".page").id;
    const asked = location.hash.slice(1);
    openPage(document.getElementById(asked)?.matches(".page") ? asked : first);
  }

  // For tests.
  window.preview = {
    rows: (name) => rowsOf(widgets.get(name)),
    ready: readDatasets().then((read) => {
      datasets = read;
      buildFilters();
      start();
    }),
    drawn: () => Promise.all(drawings),
  };
})();
