// Addresses, keys, and what is on the screen.
const VIEWS = [
  ["coverage", "Coverage", () => coverageView()],
  ["ambiguous", "Ambiguous", (path, query) => ambiguousView(query)],
  ["curated", "Curated", (path, query) => curatedView(query)],
  ["bundlers", "Bundlers", (path, query) => bundlersView(query)],
  ["external", "External", (path, query) => externalListView(query)],
  ["wheels", "Wheels", (path, query) => wheelsView(query)],
  ["sonames", "Sonames", (path, query) => sonamesView(query)],
  ["variants", "Variants", (path) => variantsView(path)],
  ["wanted", "Wanted", (path, query) => wantedView(query)],
  ["guide", "Guide", () => guideView()],
];
const NAMES = { pypi: projectView, conda: packageView, dep: externalView, soname: sonameView };
const page = Object.fromEntries(["query", "search", "kinds", "status", "main", "nav", "foot", "theme", "hero"].map((id) => [id, document.getElementById(id)]));
const state = { kind: null, shown: SHOWN, opened: null, moved: false, places: new Map(), at: "", writing: 0 };

function readAddress() {
  const [path, query = ""] = location.hash.slice(1).split("?", 2);
  const [view, ...rest] = path.split("/");
  let name = rest.join("/");
  try {
    name = decodeURIComponent(name);
  } catch {
    // an address that was cut in the middle of a character: as it stands
  }
  return { view, name, query };
}

// The page's own addresses may change while somebody types; each view is one step of the browser's history.
function writeAddress(how, hash) {
  try {
    history[how](null, "", hash || "#");
  } catch {
    // a browser counts how often that is done; the view is right all the same
  }
  state.at = location.hash;
}

const replaceAddress = (hash) => writeAddress("replaceState", hash);

function findAddress(text) {
  return `#find/${encodeURIComponent(text)}${state.kind ? `?kind=${state.kind}` : ""}`;
}

function summary(kind, name) {
  if (kind === "pypi") {
    const answer = answerFor(name);
    if (!answer) return "only on another channel";
    if (answer.candidates) return ["ambiguous: ", answer.candidates.slice(0, 3).join(", "), answer.candidates.length > 3 ? " …" : ""];
    return [answer.row.conda ? `→ ${answer.row.conda}` : "→ nothing", ` · ${answer.row.relation} · ${CONFIDENCE_OF.get(answer.row.confidence) ?? ""}`];
  }
  if (kind === "conda") {
    const found = mentions().get(name) ?? [];
    const identity = found.find(({ how }) => how === "identity");
    if (identity) return `← ${identity.project}`;
    const others = found.filter(({ how }) => how !== "rejected").map(({ project }) => project);
    const used = (uses().get(name) ?? []).map(({ row }) => row.id ?? row.soname ?? row.runtime).filter(Boolean);
    return others.length || used.length ? `for ${[...new Set([...others, ...used])].slice(0, 3).join(", ")}` : "no project";
  }
  if (kind === "dep") {
    const held = externalIds().get(name.toLowerCase());
    const specs = [...new Set(held.rows.flatMap(externalSpecs).map(packageOf))];
    return specs.length ? `→ ${specs.slice(0, 4).join(", ")}` : externalRelation(held);
  }
  return `→ ${[...new Set((sonames().get(name) ?? []).flatMap((row) => list(row.conda)))].join(", ") || "nothing"}`;
}

// The name with what was searched for in it marked, where it is there letter by letter.
function marked(name, text) {
  const { wanted } = parseQuery(text);
  const at = wanted ? fold(name).indexOf(fold(wanted)) : -1;
  if (at < 0 || fold(name).length !== name.length) return name;
  const end = at + fold(wanted).length;
  return [name.slice(0, at), h("mark", {}, name.slice(at, end)), name.slice(end)];
}

function resultItem({ kind, name }, text) {
  return h("li", {}, h("a", { class: "result", href: address(kind, name) },
    kind === "pypi" && !state.kind && !parseQuery(text).kind && twins().has(name) ? bothBadge() : kindBadge(kind), h("span", { class: "what" }, marked(name, text)), h("span", { class: "says" }, summary(kind, name))));
}

function findView(text) {
  const began = performance.now();
  const found = searchNames(text, state.kind);
  const took = performance.now() - began;
  page.main.dataset.took = took.toFixed(2);
  const shown = found.slice(0, state.shown);
  const asked = parseQuery(text).wanted;
  say(!asked ? "" : found.length ? `${plural(found.length, "name", "names")}${found.length > shown.length ? `, the first ${count(shown.length)} are shown` : ""}` : `No name has “${asked}” in it.`);
  const more = found.length > shown.length ? h("button", { type: "button", class: "button", onclick: () => showMore(text, shown.length) }, "Show more") : null;
  return h("section", { "aria-label": "Results" }, h("h1", { class: "hidden", tabindex: "-1" }, "Results"), h("ol", { class: "results" }, shown.map((one) => resultItem(one, text))), more,
    asked && !found.length ? h("p", { class: "muted" }, "The tables speak of what somebody has seen or decided. A name that is not there has no answer.") : null);
}

function showMore(text, before) {
  state.shown += 200;
  page.main.replaceChildren(findView(text));
  page.main.querySelectorAll(".result")[before]?.focus();
}

function tile(number, words, href) {
  return h("li", {}, h("a", { href }, h("b", {}, count(number)), h("span", {}, words)));
}

function startView() {
  const { counts } = raw;
  const examples = [["pypi", "numpy"], ["pypi", "tzdata"], ["pypi", "pyarrow"], ["conda", "pytorch"], ["dep", "dep:virtual/interface/blas"], ["soname", "libodbc.so.2"]];
  const there = { pypi: (name) => answerFor(name), conda: (name) => packages().has(name), dep: (name) => externalIds().has(name), soname: (name) => sonames().has(name) };
  const tiles = [
    [counts.projects - counts.ambiguous, "projects with an answer", "#coverage"],
    [counts.layers.curated ?? 0, "decided by people", "#curated"],
    [counts.ambiguous, "ambiguous names", "#ambiguous"],
    [counts.packages, "conda packages known", "#coverage"],
    [isMissing("external") ? 0 : documentRows("external").length, "external ids", "#external"],
    [new Set(documentRows("sonames").map((row) => row.soname)).size, "sonames", "#sonames"],
  ];
  return h("article", { class: "start" }, h("h1", { class: "hidden", tabindex: "-1" }, "Names between PyPI and conda"),
    h("p", { class: "try" }, "For example ", commas(examples.filter(([kind, name]) => there[kind](name)).map(([kind, name]) => nameLink(kind, name, kind === "conda" ? `conda:${name}` : name)))),
    h("ul", { class: "tiles" }, tiles.filter(([number]) => number).map((one) => tile(...one))),
    section("What the answers are", wholeBar(partsOfAll()), h("p", { class: "muted" }, "What these words mean stands in the ", h("a", { href: "#guide" }, "guide"), ".")));
}

function guideView() {
  const { words, history: past } = raw;
  const missing = [["bundlers", "names/bundlers.yaml"], ["external", "external/conda-forge.yaml"], ["registry", "external/registry.yaml"], ["wheels", "wheels/conda-forge.yaml"], ["sonames", "sonames/conda-forge.yaml"], ["providers", "variants/providers.yaml"], ["runtimes", "variants/runtimes.yaml"]].filter(([name]) => isMissing(name));
  const keys = [["/", "to the search"], ["↓ ↑", "through the results"], ["Home End", "to the first and the last result"], ["Enter", "opens a result"], ["Esc", "clears the search"]];
  return h("article", {},
    h("header", { class: "heading" }, h("h1", { tabindex: "-1" }, "How to read an answer"), h("p", { class: "intro" }, "A row ties a project to a conda package, says what kind of tie that is, and how it is known.")),
    section("Relations", h("dl", { class: "facts words" }, Object.entries(words.relations).map(([name, { means, role }]) => h("div", {}, h("dt", {}, relationBadge(name)), h("dd", {}, means, " ", roleBadge(role)))))),
    section("In a solve", h("dl", { class: "facts words" }, Object.entries(words.roles).map(([name, means]) => h("div", {}, h("dt", {}, roleBadge(name)), h("dd", {}, means))))),
    section("Confidence", h("dl", { class: "facts words" }, words.confidences.map(([name, , means]) => h("div", {}, h("dt", {}, confidenceMeter(name)), h("dd", {}, means))))),
    section("Keys", h("dl", { class: "facts words" }, keys.map(([key, what]) => h("div", {}, h("dt", {}, key.split(" ").map((one) => [h("kbd", {}, one), " "])), h("dd", {}, what))))),
    section("These tables", h("ul", { class: "plainlist" },
      raw.revision[0] ? h("li", {}, "As of ", h("time", { datetime: raw.revision[1] }, raw.revision[1]), ", commit ", code(raw.revision[0].slice(0, 9)), ": ", raw.revision[2]) : null,
      past.missing ? h("li", {}, `Rows have no history here: ${past.missing}.`) : h("li", {}, "Rows tell when they were added and changed, as git recorded it", past.shallow ? "; the checkout is shallow, so it is cut off at its beginning." : "."),
      missing.map(([, file]) => h("li", {}, "Not there: ", code(file))))));
}

const say = (text) => { page.status.textContent = text; };

function viewOf({ view, name, query }) {
  if (view === "find") return findView(name);
  if (Object.hasOwn(NAMES, view) && name) return NAMES[view](name);
  const found = VIEWS.find(([known]) => known === view);
  if (found) return found[2](name, query);
  return view ? h("article", {}, h("h1", { tabindex: "-1" }, "No such page"), h("p", { class: "lead" }, "The address leads nowhere. Search a name, or take one of the tables above.")) : startView();
}

function readKind(query) {
  const kind = new URLSearchParams(query).get("kind");
  return KIND_WORD.has(kind) ? kind : null;
}

function fillQuery({ view, name }) {
  if (document.activeElement === page.query && view === "find" && parseQuery(page.query.value).wanted === parseQuery(name).wanted) return;
  page.query.value = view === "find" ? name : Object.hasOwn(NAMES, view) ? (view === "dep" ? `dep:${name}` : name) : "";
}

function render() {
  const where = readAddress();
  if (where.view === "find") state.kind = readKind(where.query);
  if (where.view !== "find") say("");
  fillQuery(where);
  showKinds();
  document.body.dataset.view = where.view || "start";
  page.hero.hidden = Boolean(where.view);
  page.main.replaceChildren(viewOf(where));
  showPlace(where);
  state.at = location.hash;
}

function showPlace({ view, name }) {
  for (const link of page.nav.querySelectorAll("a")) {
    if (link.getAttribute("href") === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const title = view === "find" ? `“${name}”` : Object.hasOwn(NAMES, view) ? `${name} (${KIND_WORD.get(view)})` : VIEWS.find(([known]) => known === view)?.[1];
  document.title = title ? `${title} | wheelbridge tables` : "Names between PyPI and conda | wheelbridge tables";
}

// After a step: to the top where a link was followed, back to the old place where the browser went back.
function settle() {
  const anchor = page.main.querySelector("[data-anchor]")?.dataset.anchor;
  const target = anchor ? document.getElementById(anchor) : null;
  if (state.moved) {
    window.scrollTo(0, 0);
    target?.scrollIntoView();
    (target?.querySelector("h3") ?? page.main.querySelector("h1"))?.focus({ preventScroll: true });
  } else {
    window.scrollTo(0, state.places.get(location.hash) ?? 0);
    const opened = [...page.main.querySelectorAll("a")].find((link) => link.getAttribute("href") === state.opened);
    (opened ?? page.main.querySelector("h1"))?.focus({ preventScroll: true });
  }
  state.moved = false;
  state.scroll = window.scrollY;
}

function step() {
  if (location.hash === state.at) return;
  flushTyping.cancel();
  state.places.set(state.at, state.scroll ?? 0);
  state.opened = state.at || "#";
  state.shown = SHOWN;
  render();
  settle();
}

// While somebody types, the address follows a little later; going on before that writes it first.
const flushTyping = () => {
  if (!state.writing) return;
  flushTyping.cancel();
  const text = page.query.value.trim();
  const hash = text ? findAddress(text) : "";
  if (readAddress().view === "find") replaceAddress(hash);
  else if (location.hash !== hash) writeAddress("pushState", hash);
  state.at = location.hash;
  showPlace({ view: text ? "find" : "", name: text });
};
flushTyping.cancel = () => {
  clearTimeout(state.writing);
  state.writing = 0;
};

function typed() {
  const text = page.query.value.trim();
  state.shown = SHOWN;
  clearTimeout(state.writing);
  state.writing = setTimeout(flushTyping, 250);
  document.body.dataset.view = text ? "find" : "start";
  page.hero.hidden = Boolean(text);
  showKinds();
  if (!text) say("");
  page.main.replaceChildren(text ? findView(text) : startView());
}

function showKinds() {
  for (const input of page.kinds.querySelectorAll("input")) input.checked = input.value === (state.kind ?? "");
}

function clearSearch() {
  page.query.value = "";
  state.kind = null;
  typed();
  flushTyping();
  page.query.focus();
}

function moveIn(results, key) {
  const at = results.indexOf(document.activeElement);
  if (key === "Home") return results[0];
  if (key === "End") return results.at(-1);
  if (key === "ArrowDown") return results[Math.min(at + 1, results.length - 1)];
  return at > 0 ? results[at - 1] : page.query;
}

function keyPressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const inField = event.target.matches("input:not([type=radio]), select, textarea");
  const results = [...page.main.querySelectorAll(".result")];
  const inResults = results.includes(document.activeElement);
  const inQuery = document.activeElement === page.query;
  if (event.key === "/" && !inField) {
    event.preventDefault();
    page.query.focus();
    page.query.select();
  } else if (event.key === "Escape" && (inQuery || inResults)) {
    event.preventDefault();
    clearSearch();
  } else if ((inQuery && event.key === "ArrowDown") || (inResults && ["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key))) {
    const next = moveIn(results, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}

function showTheme() {
  page.theme.textContent = `Theme: ${storedTheme()}`;
}

function nextTheme() {
  const theme = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme ?? "auto") + 1) % THEMES.length];
  storeTheme(theme);
  applyTheme(theme);
  page.theme.textContent = `Theme: ${theme}`;
}

function kindInput([value, words]) {
  return h("label", {}, h("input", { type: "radio", name: "kind", value, checked: value === "" }), h("span", {}, words));
}

function setUp() {
  history.scrollRestoration = "manual";
  page.nav.append(h("ul", {}, VIEWS.filter(([view]) => view !== "wanted" || raw.wanted).map(([view, words]) => h("li", {}, h("a", { href: `#${view}` }, words)))));
  page.kinds.append(...[["", "all"], ...KINDS].map(kindInput));
  page.foot.append(h("p", {}, raw.revision[0] ? ["Tables of ", h("time", { datetime: raw.revision[1] }, raw.revision[1]), ", commit ", code(raw.revision[0].slice(0, 9))] : "Tables without a recorded version", ", for the channel ", code(CHANNEL), "."));
  page.kinds.addEventListener("change", (event) => {
    state.kind = event.target.value || null;
    if (page.query.value.trim()) typed();
  });
  page.query.addEventListener("input", typed);
  page.search.addEventListener("submit", (event) => {
    event.preventDefault();
    flushTyping();
    page.main.querySelector(".result")?.click();
  });
  page.theme.addEventListener("click", nextTheme);
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    page.main.focus();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("a[href^='#']")) return;
    flushTyping();
    state.moved = true;
    state.scroll = window.scrollY;
  }, true);
  document.addEventListener("keydown", keyPressed);
  window.addEventListener("scroll", () => { if (location.hash === state.at) state.scroll = window.scrollY; }, { passive: true });
  window.addEventListener("hashchange", step);
  showTheme();
  render();
  // What a search needs is decoded while nobody waits for it.
  (window.requestIdleCallback ?? setTimeout)(() => { searchIndex(); mentions(); });
}

setUp();
