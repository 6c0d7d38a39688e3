// Whole tables: filtered, in pages; what is filtered stands in the address.
const PAGE_SIZE = 50;

function listState(query) {
  const given = new URLSearchParams(query);
  return { q: given.get("q") ?? "", only: given.get("only") ?? "", page: Math.max(1, Number.parseInt(given.get("page") ?? "1", 10) || 1) };
}

function listAddress(route, { q, only, page }) {
  const given = new URLSearchParams();
  if (q) given.set("q", q);
  if (only) given.set("only", only);
  if (page > 1) given.set("page", String(page));
  const query = given.toString();
  return `#${route}${query ? `?${query}` : ""}`;
}

function pager(route, state, pages) {
  if (pages < 2) return null;
  const step = (page, words, rel) =>
    page >= 1 && page <= pages ? h("a", { class: "button", rel, href: listAddress(route, { ...state, page }) }, words) : h("span", { class: "button off", "aria-hidden": "true" }, words);
  return h("nav", { class: "pager", "aria-label": "Pages" }, step(state.page - 1, "← Previous", "prev"), h("span", {}, `Page ${state.page} of ${pages}`), step(state.page + 1, "Next →", "next"));
}

// route, title, intro, rows, text(row), show(row), choices: [[value, words, test]], file: the table that would have them
function listView({ route, title, intro, rows, text, show, choices = [], absent = null }, query) {
  const state = listState(query);
  const head = h("header", { class: "heading" }, h("h1", { tabindex: "-1" }, title), h("p", { class: "intro" }, intro));
  if (absent) return h("article", {}, head, unusual(absent));
  const texts = rows.map((row) => fold(text(row)));
  const status = h("p", { class: "status", role: "status", "aria-live": "polite" });
  const body = h("ul", { class: "rows paged" });
  const foot = h("div", {});
  const draw = () => {
    const key = fold(state.q.trim());
    const test = choices.find(([value]) => value === state.only)?.[2] ?? (() => true);
    const found = rows.filter((row, place) => texts[place].includes(key) && test(row));
    const pages = Math.max(1, Math.ceil(found.length / PAGE_SIZE));
    state.page = Math.min(state.page, pages);
    const start = (state.page - 1) * PAGE_SIZE;
    const shown = found.slice(start, start + PAGE_SIZE);
    status.textContent = found.length === rows.length ? `${count(rows.length)} in all` : `${count(found.length)} of ${count(rows.length)}`;
    if (found.length > shown.length && shown.length) status.textContent += `, shown are ${count(start + 1)} to ${count(start + shown.length)}`;
    body.replaceChildren(...shown.map((row) => h("li", {}, show(row))));
    foot.replaceChildren(...[pager(route, state, pages)].filter(Boolean));
  };
  const change = (changes) => {
    Object.assign(state, changes, { page: 1 });
    draw();
    replaceAddress(listAddress(route, state));
  };
  const field = h("input", { type: "search", id: "filter", value: state.q, autocomplete: "off", spellcheck: "false", oninput: (event) => change({ q: event.target.value }) });
  const select = h("select", { id: "only", onchange: (event) => change({ only: event.target.value }) }, [["", "all"], ...choices].map(([value, words]) => h("option", { value, selected: value === state.only }, words)));
  draw();
  return h("article", {}, head,
    h("div", { class: "filters" },
      h("span", { class: "control" }, h("label", { for: "filter" }, "Filter"), field),
      choices.length ? h("span", { class: "control" }, h("label", { for: "only" }, "Show"), select) : null),
    status, body, foot);
}

function absence(name, file) {
  return isMissing(name) ? `These tables have no file ${file}.` : null;
}

function ambiguousView(query) {
  return listView({
    route: "ambiguous",
    title: "Ambiguous names",
    intro: "Projects that several conda packages might be, or one that nobody is sure of. Nothing is taken for them until somebody decides.",
    rows: ambiguous(),
    text: ([name, answer]) => `${name} ${answer.candidates.join(" ")}`,
    choices: [
      ["one", "one candidate", ([, { candidates }]) => candidates.length === 1],
      ["several", "several candidates", ([, { candidates }]) => candidates.length > 1],
      ["claimed", "claimed by another project", ([, { rival }]) => Boolean(rival)],
    ],
    show: ([name, { candidates, rival }]) => h("div", { class: "pair" }, nameLink("pypi", name), h("div", {}, chips(candidates.map((one) => nameLink("conda", one))), rival ? h("p", { class: "muted" }, `claimed for another project by “${rival}”`) : null)),
  }, query);
}

function curatedView(query) {
  const rows = layers().filter(({ name }) => name.startsWith("curated")).flatMap((layer) => [...layer.rows.values()].map((row) => ({ ...row, layer })));
  const relations = Object.keys(raw.words.relations).filter((relation) => rows.some((row) => row.relation === relation));
  return listView({
    route: "curated",
    title: "Curated rows",
    intro: "What people decided, each row with its reason and evidence. These rows beat the generated table.",
    rows,
    text: (row) => `${row.pypi} ${row.conda ?? ""} ${row.relation} ${row.reason ?? ""}`,
    choices: relations.map((relation) => [relation, relation, (row) => row.relation === relation]),
    show: (row) => h("div", { class: "pair" }, nameLink("pypi", row.pypi), h("div", {},
      h("p", {}, row.conda ? nameLink("conda", row.conda) : h("span", { class: "muted" }, "nothing"), " ", relationBadge(row.relation ?? "ambiguous"), " ", row.role ? roleBadge(row.role) : null, row.layer.channel === CHANNEL ? null : [" ", code(row.layer.channel)]),
      row.reason ? h("p", { class: "muted" }, row.reason) : null)),
  }, query);
}

function bundlersView(query) {
  return listView({
    route: "bundlers",
    title: "Bundlers",
    intro: "Conda packages that carry the dist-infos of projects which are not theirs.",
    rows: documentRows("bundlers"),
    absent: absence("bundlers", "names/bundlers.yaml"),
    text: (row) => JSON.stringify(row),
    show: (row) => h("div", { class: "pair" }, nameLink("conda", String(row.conda)), facts(bundlerFacts(row))),
  }, query);
}

function wantedView(query) {
  return listView({
    route: "wanted",
    title: "Most wanted",
    intro: "Projects that are asked for most and have no answer yet.",
    rows: raw.wanted ?? [],
    absent: raw.wanted ? null : "Nobody counted what is asked for.",
    text: ([name]) => name,
    show: ([name, times]) => h("div", { class: "pair" }, nameLink("pypi", name), h("span", { class: "muted" }, plural(times, "time", "times"))),
  }, query);
}

function wheelsView(query) {
  return listView({
    route: "wheels",
    title: "Wheels that need native libraries",
    intro: "They load a library that they do not carry, and their metadata does not say so.",
    rows: documentRows("wheels"),
    absent: absence("wheels", "wheels/conda-forge.yaml"),
    text: (row) => JSON.stringify(row),
    show: (row) => h("div", { class: "pair" }, nameLink("pypi", String(row.pypi)), h("div", {},
      h("p", {}, wheelNeeds(row), h("span", { class: "muted" }, " on ", platforms(row.when), row.pypi_range ? [", versions ", code(row.pypi_range)] : null)),
      row.reason ? h("p", { class: "muted" }, linkify(row.reason)) : null)),
  }, query);
}

function sonamesView(query) {
  return listView({
    route: "sonames",
    title: "Shared libraries",
    intro: "Which conda package has a library that a binary asks for by its soname.",
    rows: [...sonames()],
    absent: absence("sonames", "sonames/conda-forge.yaml"),
    text: ([name, rows]) => `${name} ${JSON.stringify(rows)}`,
    choices: [
      ["package", "in a package", ([, rows]) => rows.some((row) => row.conda)],
      ["system", "in no package", ([, rows]) => rows.some((row) => !row.conda)],
      ["several", "in several packages", ([, rows]) => new Set(rows.map((row) => row.conda)).size > 1],
    ],
    show: ([name, rows]) => h("div", { class: "pair" }, nameLink("soname", name), h("div", {}, rows.map((row) => [
      h("p", {}, packageOrNone(row), h("span", { class: "muted" }, " on ", platforms(row.when))),
      row.reason ? h("p", { class: "muted" }, linkify(row.reason)) : null,
    ]))),
  }, query);
}
