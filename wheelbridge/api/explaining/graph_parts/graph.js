// Places were computed before; here they are drawn, moved, searched and explained.
const data = JSON.parse(document.getElementById("data").textContent);
const WIDTH = 220;
const HEIGHT = 36;
const LONG = 26;
const byId = (id) => document.getElementById(id);
const svg = byId("graph");
const world = s("g", { id: "world" });
const view = { x: 0, y: 0, scale: 1 };
const state = { chosen: null, focus: 0, hidden: new Set(), query: "" };
const needs = data.nodes.map(() => []);
const needed = data.nodes.map(() => []);
for (const [owner, target, spec] of data.edges) {
  needs[owner].push([target, spec]);
  needed[target].push([owner, spec]);
}

const short = (text) => (text.length > LONG ? `${text.slice(0, LONG - 1)}…` : text);
const title = (node) => (node.kind === "missing" ? `${node.name}, missing` : `${node.name} ${node.version}, ${node.kind}, from ${node.source}${node.requested ? ", asked for" : ""}`);

const lines = data.edges.map(([owner, target, spec]) => {
  const [from, to] = [data.nodes[owner], data.nodes[target]];
  const [x, y, u, v] = [from.x + WIDTH, from.y + HEIGHT / 2, to.x, to.y + HEIGHT / 2];
  const bend = Math.max(40, Math.abs(u - x) / 2);
  return s("path", { class: "edge", d: `M${x} ${y}C${x + bend} ${y} ${u - bend} ${v} ${u} ${v}` }, s("title", {}, `${from.name} needs ${spec}`));
});
const boxes = data.nodes.map((node, index) =>
  s(
    "g",
    {
      class: `node ${node.kind} ${node.colour >= 0 ? `c${node.colour}` : ""} ${node.requested ? "asked" : ""}`,
      transform: `translate(${node.x} ${node.y})`,
      tabindex: index === 0 ? 0 : -1,
      role: "button",
      "aria-label": title(node),
      onclick: () => choose(index),
      onfocus: () => hold(index),
    },
    s("title", {}, title(node)),
    s("rect", { width: WIDTH, height: HEIGHT, rx: node.kind === "wheel" ? 16 : 3 }),
    s("text", { x: 12, y: 15 }, short(node.name)),
    s("text", { x: 12, y: 29, class: "version" }, short(node.kind === "missing" ? "missing" : `${node.version} · ${node.source}`)),
  ),
);
world.append(...lines, ...boxes);
svg.append(world);

function show() {
  world.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.scale})`);
}

function zoom(factor, x, y) {
  const scale = Math.min(4, Math.max(0.03, view.scale * factor));
  const [u, v] = [x ?? svg.clientWidth / 2, y ?? svg.clientHeight / 2];
  view.x = u - ((u - view.x) * scale) / view.scale;
  view.y = v - ((v - view.y) * scale) / view.scale;
  view.scale = scale;
  show();
}

function fit() {
  const right = Math.max(WIDTH, ...data.nodes.map((node) => node.x + WIDTH));
  const bottom = Math.max(HEIGHT, ...data.nodes.map((node) => node.y + HEIGHT));
  view.scale = Math.min(1.2, (svg.clientWidth - 40) / right, (svg.clientHeight - 80) / bottom);
  view.scale = Math.max(0.03, view.scale);
  view.x = (svg.clientWidth - right * view.scale) / 2;
  view.y = (svg.clientHeight - 40 - bottom * view.scale) / 2;
  show();
}

function bringIn(index) {
  const node = data.nodes[index];
  if (view.scale < 0.6) view.scale = 0.9;
  view.x = svg.clientWidth / 2 - (node.x + WIDTH / 2) * view.scale;
  view.y = svg.clientHeight / 2 - (node.y + HEIGHT / 2) * view.scale;
  show();
}

function hold(index) {
  boxes[state.focus].setAttribute("tabindex", -1);
  state.focus = index;
  boxes[index].setAttribute("tabindex", 0);
}

function seen(index) {
  return !state.hidden.has(data.nodes[index].source) || data.nodes[index].kind === "missing";
}

function paint() {
  const near = new Set();
  if (state.chosen !== null) {
    near.add(state.chosen);
    for (const [other] of [...needs[state.chosen], ...needed[state.chosen]]) near.add(other);
  }
  const query = state.query.toLowerCase();
  data.nodes.forEach((node, index) => {
    const isFar = state.chosen !== null ? !near.has(index) : query !== "" && !node.name.toLowerCase().includes(query);
    boxes[index].classList.toggle("far", isFar);
    boxes[index].classList.toggle("chosen", index === state.chosen);
    boxes[index].classList.toggle("off", !seen(index));
  });
  data.edges.forEach(([owner, target], index) => {
    const isNear = owner === state.chosen || target === state.chosen;
    lines[index].classList.toggle("near", isNear);
    lines[index].classList.toggle("far", (state.chosen !== null || query !== "") && !isNear);
    lines[index].classList.toggle("off", !seen(owner) || !seen(target));
  });
}

function choose(index, isMoved) {
  state.chosen = index;
  if (index !== null) hold(index);
  if (index !== null && isMoved) bringIn(index);
  history.replaceState(null, "", index === null ? location.pathname + location.search : `#${encodeURIComponent(data.nodes[index].name)}`);
  paint();
  tell();
}

const fact = (term, value) => (value ? [h("dt", {}, term), h("dd", {}, value)] : []);
const link = (index) => h("button", { type: "button", class: "link", onclick: () => choose(index, true) }, data.nodes[index].name);
const entries = (pairs) => h("ul", {}, ...pairs.map(([index, spec]) => h("li", {}, link(index), h("span", {}, spec))));

function part(heading, pairs) {
  return pairs.length ? [h("h3", {}, heading), entries(pairs)] : [];
}

function tell() {
  const panel = byId("details");
  if (state.chosen !== null) {
    const node = data.nodes[state.chosen];
    byId("status").textContent = `${node.name} is chosen. Escape lets it go.`;
    panel.replaceChildren(
      h("h2", {}, node.name),
      h(
        "dl",
        {},
        fact("Version", node.version),
        fact("Build", node.build),
        fact("Kind", node.kind),
        fact("Source", node.kind === "missing" ? "" : node.source),
        fact("Variant", node.variant),
        fact("Asked for", node.requested),
        fact("Machine", node.machine.join(", ")),
      ),
      ...part("Needed by", needed[state.chosen]),
      ...part("Needs", needs[state.chosen]),
    );
    return;
  }
  const query = state.query.toLowerCase();
  const found = data.nodes.map((node, index) => index).filter((index) => data.nodes[index].name.toLowerCase().includes(query));
  byId("status").textContent = query ? plural(found.length, "package has that in its name", "packages have that in their names") : `${plural(data.nodes.length, "package", "packages")}, ${plural(data.edges.length, "need", "needs")}`;
  const shown = query ? found : found.filter((index) => data.nodes[index].requested);
  panel.replaceChildren(h("h2", {}, query ? "Found" : "Asked for"), entries(shown.map((index) => [index, data.nodes[index].version])));
}

function legend() {
  const names = data.sources.map((source) => {
    const button = h("button", { type: "button", class: `c${source.colour}`, "aria-pressed": "true" }, `${source.name} (${count(source.count)})`);
    button.addEventListener("click", () => {
      const isShown = state.hidden.has(source.name);
      if (isShown) state.hidden.delete(source.name);
      else state.hidden.add(source.name);
      button.setAttribute("aria-pressed", String(isShown));
      paint();
    });
    return button;
  });
  byId("legend").append(...names, h("span", {}, "round: wheel · square: conda · thick: asked for"));
}

// The nearest package in a direction: what it needs is right of it, what needs it left.
function neighbour(key) {
  const here = data.nodes[state.focus];
  const sideways = key === "ArrowRight" ? needs[state.focus] : key === "ArrowLeft" ? needed[state.focus] : null;
  const below = key === "ArrowDown";
  const candidates = sideways ? sideways.map(([index]) => index) : data.nodes.map((node, index) => index).filter((index) => data.nodes[index].x === here.x && (below ? data.nodes[index].y > here.y : data.nodes[index].y < here.y));
  const away = (index) => Math.abs(data.nodes[index].y - here.y);
  return candidates.filter((index) => index !== state.focus && seen(index)).sort((a, b) => away(a) - away(b))[0];
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isNode = event.target.closest?.(".node");
  if (event.key.startsWith("Arrow")) {
    const next = isNode ? neighbour(event.key) : state.focus;
    if (next !== undefined && data.nodes.length) {
      bringIn(next);
      boxes[next].focus();
    }
  } else if ((event.key === "Enter" || event.key === " ") && isNode) choose(state.focus);
  else if (event.key === "+" || event.key === "=") zoom(1.25);
  else if (event.key === "-") zoom(0.8);
  else if (event.key === "0") fit();
  else return;
  event.preventDefault();
}

function dragging() {
  let from = null;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && !event.target.closest(".node")) {
      from = { x: event.clientX - view.x, y: event.clientY - view.y };
      svg.setPointerCapture(event.pointerId);
      svg.classList.add("dragging");
    }
  });
  svg.addEventListener("pointermove", (event) => {
    if (!from) return;
    view.x = event.clientX - from.x;
    view.y = event.clientY - from.y;
    show();
  });
  const end = () => {
    from = null;
    svg.classList.remove("dragging");
  };
  svg.addEventListener("pointerup", end);
  svg.addEventListener("pointercancel", end);
}

function searching() {
  const query = byId("query");
  query.addEventListener("input", () => {
    state.query = query.value.trim();
    choose(null);
  });
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = state.query.toLowerCase();
    const names = data.nodes.map((node) => node.name.toLowerCase());
    const exact = names.indexOf(wanted);
    const found = exact >= 0 ? exact : names.findIndex((name) => wanted && name.includes(wanted));
    if (found >= 0) choose(found, true);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      query.value = state.query = "";
      choose(null);
    } else if (event.key === "/" && document.activeElement !== query) {
      event.preventDefault();
      query.focus();
    }
  });
}

function theming() {
  const button = byId("theme");
  const label = () => (button.textContent = `Theme: ${storedTheme()}`);
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme ?? "auto") + 1) % THEMES.length];
    storeTheme(next);
    applyTheme(next);
    button.textContent = `Theme: ${next}`;
  });
  label();
}

svg.addEventListener("keydown", onKey);
svg.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    const box = svg.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY / 500), event.clientX - box.left, event.clientY - box.top);
  },
  { passive: false },
);
byId("in").addEventListener("click", () => zoom(1.25));
byId("out").addEventListener("click", () => zoom(0.8));
byId("fit").addEventListener("click", fit);
window.addEventListener("resize", show);
dragging();
searching();
theming();
legend();
fit();
let wanted = "";
try {
  wanted = decodeURIComponent(location.hash.slice(1));
} catch {
  // an address that nobody here wrote
}
const begin = data.nodes.findIndex((node) => node.name === wanted);
choose(begin >= 0 ? begin : null, begin >= 0);
