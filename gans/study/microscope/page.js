"use strict";
// The page's state is the chosen sample, tab and thing; every choice draws what depends on it again.
const data = JSON.parse(document.getElementById("data").textContent);
const chosen = { sample: 0, update: 0, kind: null, index: 0, chain: 0 };
const $ = (id) => document.getElementById(id);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.onclick = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}
const number = (x) => (x === null || x === undefined ? "" : x === 0 ? "0" : Math.abs(x) >= 1e5 || Math.abs(x) < 1e-3 ? x.toExponential(2) : Number(x.toPrecision(4)).toString());
const percent = (x) => `${(100 * x).toFixed(1)}%`;
const shape = (s) => `(${s.join(", ")}${s.length === 1 ? "," : ""})`;
const values = () => data.updates[chosen.update].values;

// -- pictures ------------------------------------------------------------------------------------------------
function gray(x) { return [x, x, x].map((v) => Math.round(255 * v)); }
function diverging(x) { // -1 blue, 0 white, 1 red
  const t = Math.min(1, Math.abs(x)), far = x < 0 ? [33, 102, 172] : [178, 24, 43];
  return far.map((c) => Math.round(255 + t * (c - 255)));
}
function canvasOf(picture, row, signed) {
  const [rows, tiles, h, w] = picture.shape, bytes = atob(picture.bytes);
  const across = h === 1 ? 1 : Math.min(tiles, 4), down = Math.ceil(tiles / across), gap = tiles > 1 ? 1 : 0;
  const canvas = make("canvas", { width: across * (w + gap) - gap, height: down * (h + gap) - gap });
  const zoom = Math.max(1, Math.floor(Math.min(180 / canvas.width, h === 1 ? 14 : 180 / canvas.height)));
  canvas.style.width = `${zoom * canvas.width}px`;
  const context = canvas.getContext("2d"), r = Math.min(row, rows - 1), most = Math.max(Math.abs(picture.low), Math.abs(picture.high)) || 1;
  for (let t = 0; t < tiles; t++) {
    const image = context.createImageData(w, h);
    for (let i = 0; i < h * w; i++) {
      const share = bytes.charCodeAt((r * tiles + t) * h * w + i) / 255;
      const color = signed ? diverging((picture.low + share * (picture.high - picture.low)) / most) : gray(share);
      image.data.set([...color, 255], 4 * i);
    }
    context.putImageData(image, (t % across) * (w + gap), Math.floor(t / across) * (h + gap));
  }
  return canvas;
}
function figureOf(index, words, signed, row = chosen.sample) {
  const value = values()[index];
  if (!value || !value.picture) return null;
  const range = `${number(value.picture.low)} to ${number(value.picture.high)}`;
  return make("figure", {}, canvasOf(value.picture, row, signed), make("figcaption", {}, `${words}, ${range}`));
}
function weightFigures(index, words, signed) {
  const value = values()[index];
  if (!value || !value.picture) return null;
  const box = make("div", { class: "pair" });
  for (let row = 0; row < Math.min(value.picture.shape[0], 6); row++) box.append(canvasOf(value.picture, row, signed));
  return make("figure", {}, box, make("figcaption", {}, `${words}, ${number(value.low)} to ${number(value.high)}`));
}
function histogramOf(index, words) {
  const found = values()[index] && values()[index].histogram;
  if (!found || !found.counts.length) return null;
  const most = Math.max(...found.counts), w = 180, h = 46, step = w / found.counts.length;
  const bars = found.counts.map((n, i) => `<rect x="${i * step}" y="${h - (h * n) / most}" width="${step - 1}" height="${(h * n) / most}" fill="currentColor"/>`);
  const box = make("figure");
  box.innerHTML = `<svg width="${w}" height="${h}" role="img" aria-label="histogram">${bars.join("")}</svg>`;
  box.append(make("figcaption", {}, `${words}: ${number(found.low)} to ${number(found.high)}`));
  return box;
}

// -- the panel -----------------------------------------------------------------------------------------------
function statistics(index) {
  const v = values()[index];
  const words = [`${shape(v.shape)}, mean ${number(v.mean)}, standard deviation ${number(v.std)}, norm ${number(v.norm)}`];
  if (v.zeros) words.push(`${percent(v.zeros)} exact zeros`);
  if (v.saturated) words.push(`${percent(v.saturated)} saturated`);
  if (v.wrong) words.push(`${v.wrong} not finite`);
  return words.join(", ");
}
function gradientOf(index) {
  const found = Object.values((values()[index] || { gradients: {} }).gradients);
  return found.length ? found[found.length - 1] : null;
}
function checkRow(check) {
  if (!check) return null;
  const right = check.error <= 1e-6;
  return make("p", { class: right ? "gets" : "wrong" },
    `engine ${check.engine.toExponential(6)}, finite difference ${check.numeric.toExponential(6)}${check.near ? " of the next ops alone" : ""}, relative error ${check.error.toExponential(1)}`);
}
function byHandRow(p) {
  if (!p.by_hand) return null;
  return make("p", { class: p.by_hand.difference <= 1e-6 ? "gets" : "wrong" },
    `by hand |∇| ${number(p.by_hand.norm)}, relative difference ${p.by_hand.difference.toExponential(1)}`);
}
function nodePanel(node) {
  const update = data.updates[chosen.update], g = gradientOf(node.value), panel = [make("h2", {}, node.title)];
  if (node.order) panel.push(make("p", { class: "back" }, `derivative rules of order ${node.order}, differentiated again`));
  if (values()[node.value]) {
    panel.push(make("p", {}, "Makes ", statistics(node.value)));
    panel.push(make("div", { class: "pair" }, figureOf(node.value, "values", false), g === null ? null : figureOf(g, "gradient", true)));
    panel.push(make("div", { class: "pair" }, histogramOf(node.value, "values"), g === null ? null : histogramOf(g, "gradient")));
    panel.push(checkRow(values()[node.value].check));
  }
  const used = update.parameters.filter((p, i) => node.calls.some((c) => update.calls[c].inputs.includes(p.value)));
  if (used.length) {
    panel.push(make("h3", {}, "Parameters"));
    for (const p of used) panel.push(make("button", { onclick: () => choose("parameter", update.parameters.indexOf(p)) }, p.name), " ");
  }
  if (node.calls.length) panel.push(make("h3", {}, "Ops"));
  for (const c of node.calls.map((i) => update.calls[i])) {
    panel.push(make("p", {}, make("b", {}, c.op), ` ${c.shapes.join(", ")} → ${c.shape}`), make("p", { class: "quiet" }, c.formula),
      make("p", { class: "quiet" }, `${c.kernels.join(", ") || "NumPy"}, ${number(c.microseconds)} µs; ${c.place}`), make("p", {}, make("code", {}, c.line)));
  }
  if (node.pulls.length) panel.push(make("h3", {}, "Derivative rules"));
  for (const pull of node.pulls.map((i) => update.pulls[i])) panel.push(...ruleLines(pull));
  if (!node.pulls.length && node.calls.length) panel.push(make("p", { class: "quiet" }, "No gradient comes here."));
  return panel;
}
function ruleLines(pull) {
  const lines = Object.entries(pull.rules).map(([position, rule]) => make("p", {}, make("code", {}, rule || "(its source is not there)"),
    ` for ${pull.to[position]}: |g| ${number(values()[pull.g].norm)} → `, make("b", { class: "back" }, number(values()[pull.sent[position]].norm))));
  const zero = pull.zero.length ? [make("p", { class: "quiet" }, `inputs ${pull.zero.join(", ")}: the derivative is zero`)] : [];
  return [make("p", { class: "quiet" }, `${pull.op}, order ${pull.order}${data.updates[chosen.update].walks[pull.walk].extra ? ", thrown away elsewhere" : ""}`), ...lines, ...zero];
}
const MARKS = { "gets a gradient": "gets", "would get one, thrown away": "thrown", "never reached": "never" };
function parameterPanel(p) {
  const update = data.updates[chosen.update], g = p.gradient ?? p.thrown;
  const panel = [make("h2", {}, p.name), make("p", { class: MARKS[p.mark] }, p.mark), make("p", {}, statistics(p.value))];
  if (p.update !== null) panel.push(make("p", {}, `The update changes it by ${percent(p.update)} of its size.`));
  panel.push(checkRow(p.check), byHandRow(p), weightFigures(p.value, "weights", true), g === null ? null : weightFigures(g, "gradient", true),
    make("div", { class: "pair" }, histogramOf(p.value, "weights"), g === null ? null : histogramOf(g, "gradient")));
  const chains = update.chains[p.value] || [];
  if (!chains.length) return panel;
  panel.push(make("h3", {}, "The chain rule, from the loss to this parameter"));
  const chain = chains[Math.min(chosen.chain, chains.length - 1)];
  if (chains.length > 1) {
    panel.push(make("p", {}, ...chains.flatMap((c, i) => [make("button", { "aria-pressed": i === Math.min(chosen.chain, chains.length - 1), onclick: () => { chosen.chain = i; draw(); } },
      `way ${i + 1}, |∇| ${number(c.norm)}`), " "])), make("p", { class: "quiet" }, "Each use of the parameter adds its own gradient; these are the uses."));
  }
  panel.push(chainList(update, chain));
  return panel;
}
function chainList(update, chain) {
  const list = make("ol", { class: "chain" });
  const output = update.walks[chain.walk].output;
  list.append(make("li", {}, `the loss, ${number(values()[output] ? values()[output].mean : null)}: its gradient by itself is 1`));
  for (const [index, position] of chain.links) {
    const pull = update.pulls[index], sent = values()[pull.sent[position]], row = sent.rows && sent.rows[chosen.sample];
    const item = make("li", pull.order > 1 ? { class: "second" } : {});
    item.append(make("div", {}, make("b", {}, pull.op), pull.module ? ` in ${pull.module}` : "", pull.order > 1 ? make("span", { class: "back" }, ` order ${pull.order}`) : null),
      make("code", {}, pull.rules[position] || ""), make("div", {}, `|g| ${number(values()[pull.g].norm)} → ${pull.to[position]}: `, make("b", { class: "back" }, number(sent.norm))));
    if (row) item.append(make("div", { class: "quiet" }, `sample ${chosen.sample}: ${row.first.map(number).join(", ")}${row.first.length === 3 ? ", …" : ""}, norm ${number(row.norm)}`));
    list.append(item);
  }
  return list;
}

// -- the parts of the page -----------------------------------------------------------------------------------
function choose(kind, index, update = chosen.update) {
  Object.assign(chosen, { kind, index, update, chain: 0 });
  draw();
  if (window.innerWidth <= 900) $("panel").scrollIntoView(); // below the graphs there
}
function draw() {
  const update = data.updates[chosen.update];
  const panel = chosen.kind === "node" ? nodePanel(update.nodes[chosen.index]) : chosen.kind === "parameter" ? parameterPanel(update.parameters[chosen.index])
    : [make("p", { class: "quiet" }, "Click a box of a graph or a parameter. Orange numbers are norms of gradients.")];
  $("panel").replaceChildren(...panel.filter(Boolean));
  document.querySelectorAll("[data-node]").forEach((g) => g.classList.toggle("chosen",
    chosen.kind === "node" && Number(g.dataset.node) === chosen.index && Number(g.closest(".update").dataset.update) === chosen.update));
  document.querySelectorAll("#samples button").forEach((b, i) => b.setAttribute("aria-pressed", i === chosen.sample));
  drawStations();
}
function drawStations() {
  const before = chosen.update;
  const parts = data.updates.map((update, u) => {
    chosen.update = u;
    const ways = update.ways.map((way) => make("section", {},
      make("h3", { style: "padding: 0 24px" }, `back to ${way.name}${way.order > 1 ? ", through gradients of gradients" : ""}`),
      make("div", { class: "stations" }, ...way.stations.map(station))));
    return make("section", {}, make("h2", { style: "padding: 16px 24px 0" }, `Update ${u + 1}, ${update.name}: sample ${chosen.sample}, from the loss back`), ...ways);
  });
  chosen.update = before;
  $("follow").replaceChildren(...parts);
}
function station(s) {
  const row = values()[s.gradient].rows[chosen.sample];
  return make("div", { class: "station" }, make("b", {}, s.name), make("div", { class: "quiet" }, shape(values()[s.value].shape)),
    figureOf(s.value, "values", false), figureOf(s.gradient, "gradient", true), row ? make("div", {}, `|∇| of the sample ${number(row.norm)}`) : null);
}
function stopsOf(update) {
  if (!update.stops.length) return null;
  const items = update.stops.map((stop) => make("li", {}, make("b", {}, stop.reason), `: ${stop.words}. `,
    make("span", { class: "quiet" }, stop.places.slice(0, 4).join("; ") + (stop.places.length > 4 ? `; and ${stop.places.length - 4} more` : ""))));
  return make("div", { class: "stops" }, make("h3", {}, "Where gradients stop"), make("ul", {}, ...items));
}
function opsTable(update, u) {
  const most = Math.max(...update.timeline.map((op) => op.microseconds));
  const rows = update.timeline.map((op, i) => {
    const what = op.rules_of === null ? op.module : `rule of ${op.rules_of}${op.extra ? ", not asked for" : ""}`;
    const row = make("tr", { tabindex: "0", class: op.order ? "back" : "" }, make("td", { class: "n" }, String(i + 1)), make("td", {}, make("b", {}, op.op)), make("td", {}, what),
      make("td", {}, op.shape), make("td", { class: "n" }, number(op.norm)),
      make("td", {}, make("span", { class: "bar", style: `width: ${Math.max(1, Math.round((80 * op.microseconds) / most))}px` }), ` ${number(op.microseconds)} µs`));
    row.addEventListener("click", () => pickOp(row, op, u));
    row.addEventListener("keydown", (event) => {
      const next = event.key === "ArrowDown" ? row.nextElementSibling : event.key === "ArrowUp" ? row.previousElementSibling : null;
      if (next && next.tabIndex === 0) { event.preventDefault(); next.focus(); next.click(); }
      if (event.key === "Enter") row.click();
    });
    return row;
  });
  return make("section", {}, make("h2", {}, `Update ${u + 1}: ${update.name}`), make("p", { class: "quiet" }, "Arrow keys step from op to op. Orange: derivative rules."),
    make("table", {}, make("tr", {}, ...["", "op", "in", "makes", "norm", "time"].map((h) => make("th", {}, h))), ...rows));
}
function pickOp(row, op, u) {
  document.querySelectorAll("#ops tr.chosen").forEach((other) => other.classList.remove("chosen"));
  row.classList.add("chosen");
  if (op.node !== null) choose("node", op.node, u);
}
function parameterTable(update, u) {
  const checked = update.parameters.some((p) => p.check);
  const head = ["parameter", "", "|w|", "|∇|", "change", ...(checked ? ["error"] : [])];
  const rows = update.parameters.map((p, i) => {
    chosen.update = u;
    const g = p.gradient ?? p.thrown;
    return make("tr", {}, make("td", {}, make("button", { onclick: () => choose("parameter", i, u) }, p.name)), make("td", { class: MARKS[p.mark] }, p.mark),
      make("td", { class: "n" }, number(p.norm)), make("td", { class: `n ${p.thrown === null ? "" : "thrown"}` }, g === null ? "" : number(values()[g].norm)),
      make("td", { class: "n" }, p.update === null ? "" : percent(p.update)), checked ? make("td", { class: "n" }, p.check ? p.check.error.toExponential(1) : "") : null);
  });
  return make("table", {}, make("tr", {}, ...head.map((h) => make("th", {}, h))), ...rows);
}
function start() {
  data.updates.forEach((update, u) => {
    const numbers = Object.entries(update.numbers).map(([name, x]) => `${name} ${number(x)}`).join(", ");
    const section = make("section", { class: "update", "data-update": u }, make("h2", {}, `Update ${u + 1}: ${update.name}`), make("p", { class: "quiet" }, numbers));
    const graph = make("div", { class: "graph" });
    graph.innerHTML = update.svg;
    graph.querySelectorAll("[data-node]").forEach((g) => {
      const pick = () => choose("node", Number(g.dataset.node), u);
      g.setAttribute("tabindex", "0"); g.setAttribute("role", "button");
      g.addEventListener("click", pick);
      g.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pick(); } });
    });
    section.append(graph, make("h3", {}, "Parameters"), parameterTable(update, u));
    const stops = stopsOf(update);
    if (stops) section.append(stops);
    $("ops").append(opsTable(update, u));
    $("updates").append(section);
  });
  chosen.update = 0;
  for (let i = 0; i < data.samples; i++) $("samples").append(make("button", { onclick: () => { chosen.sample = i; draw(); } }, String(i)));
  const tabs = ["graphs", "follow", "ops"];
  for (const tab of tabs) $(`to-${tab}`).onclick = () => {
    for (const other of tabs) { $(other).hidden = other !== tab; $(`to-${other}`).setAttribute("aria-pressed", other === tab); }
  };
  draw();
}
start();
