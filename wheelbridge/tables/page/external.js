// External dependencies (PEP 725), shared libraries, variant rules.
const PARTS = ["build", "host", "run"];

function externalRelation({ rows, registry }) {
  if (rows.length) return rows[0].relation ?? "library";
  return registry && list(registry.provides).some((target) => !String(target).startsWith("dep:virtual/")) ? "alias" : "unmapped";
}

const isMapped = ({ rows }) => rows.some((row) => list(row.alternatives).length);

function specLines(one) {
  return PARTS.filter((part) => list(one[part]).length).map((part) => [part, list(one[part])]);
}

function alternativeCard(one) {
  const recipe = one.recipe ? specLines(one.recipe) : [];
  const lines = specLines(one);
  return h("div", { class: "card" },
    h("h3", {}, String(one.name ?? "default"), h("span", { class: "muted" }, " on ", platforms(one.when))),
    facts(lines.map(([part, specs]) => [part, specs.map((spec) => h("span", { class: "spec" }, specLink(spec)))])) ?? h("p", { class: "muted" }, "Nothing has to be installed."),
    recipe.length ? [h("h4", {}, "In a recipe instead"), facts(recipe.map(([part, specs]) => [part, commas(codes(specs))]))] : null);
}

// A MatchSpec whose package is a link.
function specLink(spec) {
  const text = String(spec);
  const name = packageOf(text);
  return name && text.startsWith(name) ? h("code", {}, nameLink("conda", name), text.slice(name.length)) : code(text);
}

function versionFacts(version) {
  if (!version || typeof version !== "object") return version ? [["Versions", code(String(version))]] : [];
  const rest = Object.entries(version).filter(([key]) => !["scheme", "apply_to"].includes(key));
  return [
    ["Version scheme", code(String(version.scheme ?? "none"))],
    ["Versions apply to", list(version.apply_to).length ? commas(codes(version.apply_to)) : null],
    ...rest.map(([key, value]) => [`Version ${key}`, value && typeof value === "object" ? commas(Object.entries(value).map(([from, to]) => code(`${from}: ${typeof to === "string" ? to : JSON.stringify(to)}`))) : String(value)]),
  ];
}

function registryFacts(row) {
  const urls = row.urls && typeof row.urls === "object" && !Array.isArray(row.urls) ? Object.entries(row.urls) : list(row.urls).map((url) => ["", url]);
  return facts([
    ["What it is", row.description ?? row.what],
    ["Provides", commas(list(row.provides).map((id) => nameLink("dep", String(id))))],
    ["Addresses", items(urls.flatMap(([label, url]) => list(url).map((one) => [label ? `${label}: ` : "", ...linkify(one)])))],
  ]);
}

function externalView(path) {
  const held = externalIds().get(`dep:${path}`.toLowerCase());
  const id = held?.id ?? `dep:${path}`;
  if (!held) return h("article", { class: "answer" }, heading("dep", id), h("p", { class: "lead" }, isMissing("external") ? "These tables have no external ids." : "No table speaks of this id."), nearNames(id, "dep"));
  const aliases = [...externalIds().values()].filter(({ registry }) => registry && list(registry.provides).includes(id));
  return h("article", { class: "answer" }, heading("dep", id),
    held.rows.map((row) => [
      h("p", { class: "lead" }, relationBadge(row.relation ?? "library"), " ", externalLead(row)),
      list(row.alternatives).length ? h("div", { class: "cards" }, list(row.alternatives).map(alternativeCard)) : null,
      facts([["Confidence", confidenceMeter(row.confidence, { long: true })], ...versionFacts(row.version), ...commonFacts(row)]),
    ]),
    held.rows.length ? null : h("p", { class: "lead" }, "The registry knows this id; no row says what it is on the channel."),
    held.registry ? section("In the registry of ids (PEP 804)", registryFacts(held.registry)) : null,
    aliases.length ? section("Other ids for it", chips(aliases.map((one) => nameLink("dep", one.id)))) : null,
    historySection(["external", id, held.rows.length > 0], ["registry", id, Boolean(held.registry)]));
}

function externalLead(row) {
  if (!list(row.alternatives).length) return "Known not to be packaged.";
  const words = { tool: "A program to build or run with.", library: "A library to link to.", meta: "Packages that stand for it together." };
  return words[row.relation] ?? "";
}

function externalListView(query) {
  const rows = [...externalIds().values()];
  return listView({
    route: "external",
    title: "External dependencies",
    intro: "What a project asks for outside of PyPI (PEP 725), and the packages that serve for it on each platform.",
    rows,
    absent: rows.length ? null : "These tables have no file external/conda-forge.yaml.",
    text: (held) => `${held.id} ${JSON.stringify(held.rows)}`,
    choices: [
      ["mapped", "mapped", isMapped],
      ["none", "known not to be packaged", (held) => held.rows.length > 0 && !isMapped(held)],
      ["open", "without a row", ({ rows: found }) => !found.length],
    ],
    show: (held) => h("div", { class: "pair" }, nameLink("dep", held.id, held.id.replace(/^dep:/, "")), h("div", {}, externalSummary(held))),
  }, query);
}

function externalSummary(held) {
  const relation = externalRelation(held);
  if (!held.rows.length) {
    const same = list(held.registry?.provides);
    return h("p", { class: "muted" }, relation === "alias" ? ["another word for ", commas(same.map((id) => nameLink("dep", String(id))))] : "no row");
  }
  return held.rows.map((row) => [
    h("p", {}, relationBadge(relation), " ", list(row.alternatives).length ? null : h("span", { class: "muted" }, "not packaged")),
    list(row.alternatives).map((one) => h("p", { class: "alternative" }, everywhere(one.when) ? null : h("span", { class: "muted" }, platforms(one.when), ": "), commas([...new Set(PARTS.flatMap((part) => list(one[part])))].map(specLink)))),
  ]);
}

const packageOrNone = (row) => (row.conda ? nameLink("conda", String(row.conda)) : [h("span", { class: "muted" }, "no package "), relationBadge(String(row.relation ?? "none"))]);

function sonameView(name) {
  const rows = sonames().get(name);
  return h("article", { class: "answer" }, heading("soname", name),
    rows ? rows.map((row) => h("div", { class: "card" }, facts([
      ["Package", packageOrNone(row)],
      ["Also needed", list(row.specs).length ? commas(codes(row.specs)) : null],
      ["Platforms", platforms(row.when)],
      ["Confidence", confidenceMeter(row.confidence, { long: true })],
      ...commonFacts(row),
    ]))) : [h("p", { class: "lead" }, isMissing("sonames") ? "These tables have no sonames." : "No table speaks of this library."), nearNames(name, "soname")],
    historySection(["sonames", name, Boolean(rows)]));
}

function featureRow(feature) {
  const example = feature.example ?? {};
  return [code(String(feature.name)), code(String(feature.virtual_package ?? "-")), feature.exact ? "exactly" : "approximately",
    feature.example ? [commas(codes(example.values)), " → ", code(String(example.requires ?? ""))] : "-"];
}

function providerCard(row) {
  return h("section", { class: "card", id: `at-${row.namespace}` },
    h("h3", {}, code(String(row.namespace)), h("span", { class: "muted" }, " by "), nameLink("pypi", String(row.package))),
    facts([["Plugin", commas(codes(row.plugin_api))], ["Rules", row.rules ? code(String(row.rules)) : null], ...commonFacts(row)]),
    list(row.features).length ? table(`Features of ${row.namespace}`, ["Feature", "Virtual package", "Translated", "Example"], list(row.features).map(featureRow)) : null);
}

function runtimeCard(row) {
  return h("section", { class: "card", id: `at-${row.runtime}` },
    h("h3", {}, String(row.runtime), " ", relationBadge(String(row.kind ?? ""))),
    facts([
      ["Wheels", commas(list(row.pypi).map((name) => nameLink("pypi", String(name))))],
      ["Conda packages", commas(list(row.conda).map(specLink))],
      ["Bundled by", commas(list(row.bundled_by).map((name) => nameLink("pypi", String(name))))],
      ["Libraries", commas(codes(row.sonames))],
      ["Platforms", everywhere(row.when) ? null : platforms(row.when)],
      ["Conflicts with", commas(codes(row.conflicts))],
      ...commonFacts(row),
    ]));
}

function variantsView(path) {
  const providers = documentRows("providers");
  const runtimes = documentRows("runtimes");
  const kinds = [...new Set(runtimes.map((row) => String(row.kind ?? "other")))];
  return h("article", { "data-anchor": path ? `at-${path}` : "" },
    h("header", { class: "heading" }, h("h1", { tabindex: "-1" }, "Variants and runtimes"),
      h("p", { class: "intro" }, "How the properties of variant wheels (PEP 825) become virtual packages, and which runtimes wheels and conda packages both bring.")),
    section("Variant providers", providers.length ? h("div", { class: "cards wide" }, providers.map(providerCard)) : unusual(absence("providers", "variants/providers.yaml") ?? "The table is empty.")),
    runtimes.length ? kinds.map((kind) => section(`Runtimes: ${kind}`, h("div", { class: "cards" }, runtimes.filter((row) => String(row.kind ?? "other") === kind).map(runtimeCard))))
      : section("Runtimes", unusual(absence("runtimes", "variants/runtimes.yaml") ?? "The table is empty.")));
}
