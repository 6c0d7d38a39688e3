// One name, and everything the tables say of it.
function heading(kind, name, ...more) {
  const words = { pypi: "PyPI project", conda: "conda package", dep: "External dependency", soname: "Shared library" };
  return h("header", { class: "heading" }, h("p", { class: `eyebrow kind-${kind}` }, words[kind]), h("h1", { tabindex: "-1" }, name), more);
}

function verdict(left, word, right) {
  return h("div", { class: "verdict" },
    left, h("span", { class: "arrow" }, h("span", { class: "word" }, word), s("svg", { viewBox: "0 0 64 12", "aria-hidden": "true", focusable: "false", preserveAspectRatio: "none" }, s("path", { d: "M1 6h60M55 1l6 5-6 5", fill: "none", stroke: "currentColor", "stroke-width": "1.6" }))), right);
}

function side(kind, name, isHere) {
  const inner = [h("span", { class: "of" }, KIND_WORD.get(kind)), h("span", { class: "what" }, name ?? "nothing")];
  return name && !isHere ? h("a", { class: `side kind-${kind}`, href: address(kind, name) }, inner) : h("div", { class: `side kind-${kind}${name ? "" : " nothing"}` }, inner);
}

function rowFacts(row, layer) {
  return facts([
    ["Confidence", row.confidence ? confidenceMeter(row.confidence, { long: true }) : null],
    ["Layer", layer],
    ["Also needed", row.specs ? commas(codes(row.specs)) : null],
    ["Versions", row.range ? [code(row.range), " of the project only"] : null],
    ["Not", row.not ? commas(row.not.map((name) => nameLink("conda", name))) : null],
    ["Other packages", row.relation && row.alternatives.length ? commas(row.alternatives.map((name) => nameLink("conda", name))) : null],
    ["Reason", row.reason ? linkify(row.reason) : null],
    ["Evidence", evidenceItems(row.evidence)],
    ["Reviewed", row.reviewed ? h("time", { datetime: row.reviewed }, row.reviewed) : null],
  ]);
}

function decided(name, { row, layer }) {
  const words = raw.words.relations[row.relation];
  return [
    verdict(side("pypi", name, true), row.relation, side("conda", row.conda)),
    h("p", { class: "lead" }, words.means),
    h("p", { class: "role" }, roleBadge(row.role), " ", raw.words.roles[row.role]),
    rowFacts(row, layer),
  ];
}

function undecided(name, { row, layer, rival, candidates }) {
  const why = rival
    ? `The layer “${layer}” names ${row.conda}, but the layer “${rival}” above it makes that package another project's. So there is no answer.`
    : candidates.length === 1
      ? "One conda package carries this project's dist-info, but nothing shows that it is the project. No answer beats a wrong one."
      : "Several conda packages carry this project's dist-info, and nobody decided between them. No answer beats a wrong one.";
  return [
    h("p", { class: "role" }, roleBadge("ambiguous")),
    h("p", { class: "lead" }, why),
    section("Candidates", chips(candidates.map((candidate) => nameLink("conda", candidate)))),
    rowFacts({ ...row, alternatives: [] }, layer),
    h("p", { class: "note" }, "Do you know which one it is? ", code("wheelbridge map add"), " writes a row."),
  ];
}

function layerTable(name) {
  const decides = mainLayers().find((layer) => layer.rows.has(name));
  const rows = layers().filter((layer) => layer.rows.has(name)).map((layer) => {
    const row = layer.rows.get(name);
    const rival = own(rivals().get(name) ?? {}, layer.name);
    const says = row.relation ? [row.conda ? nameLink("conda", row.conda) : "nothing", " ", relationBadge(row.relation)] : commas([row.conda, ...row.alternatives].filter(Boolean).map((one) => nameLink("conda", one)));
    const weight = layer === decides ? "decides" : layer.channel !== CHANNEL ? `only on ${layer.channel}` : "a layer above speaks first";
    return [layer.name, says, row.confidence ? confidenceMeter(row.confidence) : "-", rival ? `no answer: claimed by “${rival}”` : weight];
  });
  return rows.length > 1 || (rows.length && !decides) ? section("What every layer says", table("Layers", ["Layer", "Says", "Confidence", "Counts"], rows)) : null;
}

function nearNames(name, kind) {
  const near = searchNames(name, kind).filter((found) => found.name !== name).slice(0, 8);
  const shorter = near.length || name.length < 5 ? near : searchNames(name.slice(0, Math.ceil(name.length * 0.6)), kind).slice(0, 8);
  return section("Similar names", chips(shorter.map((found) => nameLink(found.kind, found.name))));
}

// All of one list, any of the other, or a thing that the channel lacks.
function wheelNeeds(row) {
  const any = list(row.one_of).flatMap((spec, place) => [place ? " or " : "", specLink(spec)]);
  const all = commas(list(row.depends).map(specLink));
  if (!any.length && !all.length) return h("span", { class: "muted" }, "what the channel does not have");
  return [all, any.length && all.length ? "; " : null, any];
}

function wheelRows(name) {
  return documentRows("wheels").filter((row) => row.pypi === name).map((row) =>
    h("div", { class: "card" }, facts([
      ["Needs", wheelNeeds(row)],
      ["Platforms", platforms(row.when)],
      ["Versions", row.pypi_range ? code(row.pypi_range) : null],
      ...commonFacts(row),
    ])));
}

function runtimeRows(rows) {
  return rows.map((row) => h("li", {}, h("a", { href: `#variants/${escapePath(String(row.runtime))}` }, row.runtime), " ", h("span", { class: "muted" }, row.kind)));
}

function projectView(name) {
  const answer = answerFor(name);
  const runtimes = documentRows("runtimes").filter((row) => [...list(row.pypi), ...list(row.bundled_by)].includes(name));
  const providers = documentRows("providers").filter((row) => row.package === name);
  const copies = documentRows("bundlers").filter((row) => list(row.not_theirs).includes(name));
  const inLayer = (wanted) => layers().some((layer) => layer.name.startsWith(wanted) && layer.rows.has(name));
  const known = answer || layers().some((layer) => layer.rows.has(name));
  return h("article", { class: "answer" },
    heading("pypi", name),
    answer ? (answer.candidates ? undecided(name, answer) : decided(name, answer)) : unknownProject(name, known),
    layerTable(name),
    section("Its wheels need native libraries", wheelRows(name)),
    copies.length ? section("Copies of it are in", chips(copies.map((row) => nameLink("conda", String(row.conda))))) : null,
    runtimes.length ? section("Runtimes in its wheels", h("ul", { class: "plainlist" }, runtimeRows(runtimes))) : null,
    providers.length ? section("Variant provider", h("p", {}, "Its plugin speaks for the namespace ", commas(providers.map((row) => h("a", { href: `#variants/${escapePath(String(row.namespace))}` }, code(row.namespace)))), ".")) : null,
    historySection(["names", name, inLayer("curated")], ["generated", name, inLayer("generated")], ["wheels", name, documentRows("wheels").some((row) => row.pypi === name)]),
    known ? null : nearNames(name, "pypi"));
}

function unknownProject(name, known) {
  const same = packages().has(name);
  return [
    h("p", { class: "lead" }, known ? `On ${CHANNEL}, no table speaks of this project.` : "No table speaks of this project."),
    same ? h("p", {}, "There is a conda package of the same name, ", nameLink("conda", name), ", but nothing ties the two: the same name is no evidence.") : null,
  ];
}

function mentionList(found, how) {
  const held = found.filter((one) => one.how === how);
  return held.map(({ project, answer }) => h("li", {}, nameLink("pypi", project), how === "rejected" ? [" → ", answer.row.conda ? nameLink("conda", answer.row.conda) : "nothing"] : null, " ", answer.row.relation ? relationBadge(answer.row.relation) : null, answer.row.reason ? h("span", { class: "muted" }, " ", answer.row.reason) : null));
}

function useList(found, kind) {
  return found.filter(({ table: name }) => name === kind).map(({ row }) => {
    if (kind === "external") return h("li", {}, nameLink("dep", String(row.id)));
    if (kind === "wheels") return h("li", {}, nameLink("pypi", String(row.pypi)), h("span", { class: "muted" }, " on ", platforms(row.when)));
    if (kind === "sonames") return h("li", {}, nameLink("soname", String(row.soname)), h("span", { class: "muted" }, " on ", platforms(row.when)));
    return runtimeRows([row]);
  });
}

function packageView(name) {
  const found = mentions().get(name) ?? [];
  const used = uses().get(name) ?? [];
  const identity = found.find(({ how }) => how === "identity");
  const lists = (title, ...rows) => (rows.flat().length ? section(title, h("ul", { class: "rows" }, rows.flat())) : null);
  const bundler = used.find(({ table: kind }) => kind === "bundlers");
  const channels = packages().get(name);
  return h("article", { class: "answer" },
    heading("conda", name),
    identity ? [
      verdict(side("conda", name, true), identity.answer.row.relation, side("pypi", identity.project)),
      h("p", { class: "lead" }, raw.words.relations[identity.answer.row.relation].means),
      h("p", { class: "role" }, roleBadge("identity"), " ", raw.words.roles.identity),
      rowFacts(identity.answer.row, identity.answer.layer),
    ] : h("p", { class: "lead" }, packageLead(name, found, used)),
    channels && !channels.includes(CHANNEL) ? h("p", {}, "It is on ", commas(codes(channels)), ".") : null,
    bundler ? section("Carries what is not its own", facts(bundlerFacts(bundler.row))) : null,
    lists("Serves for", mentionList(found, "stand-in"), mentionList(found, "spec")),
    lists("Related to", mentionList(found, "explanation")),
    lists("A candidate for", mentionList(found, "candidate")),
    lists("Looks like a project that it is not", mentionList(found, "rejected")),
    lists("External dependencies", useList(used, "external")),
    lists("Shared libraries", useList(used, "sonames")),
    lists("Wheels that need it", useList(used, "wheels")),
    lists("Runtimes", useList(used, "runtimes")),
    identity ? historySection(["names", identity.project, identity.answer.layer.startsWith("curated")], ["generated", identity.project, identity.answer.layer.startsWith("generated")]) : null,
    channels || found.length || used.length ? null : nearNames(name, "conda"));
}

function packageLead(name, found, used) {
  if (found.some(({ how }) => how === "candidate")) return "No project is sure to be this package; some might be.";
  if (found.length || used.length) return "No PyPI project is this package.";
  if (packages().has(name)) return "The tables know this package and no PyPI project that it is: no dist-info was seen in it, or it belongs to another project.";
  return "No table speaks of this package.";
}

function bundlerFacts(row) {
  const rest = Object.entries(row).filter(([key]) => !["conda", "reason", "evidence", "reviewed", "channels", "provenance", "confidence", "relation", "upstream"].includes(key));
  const words = (key) => key.charAt(0).toUpperCase() + key.slice(1).replaceAll("_", " ");
  return [...rest.map(([key, value]) => [words(key), Array.isArray(value) ? commas(value.map((one) => projectSet().has(String(one)) ? nameLink("pypi", String(one)) : code(String(one)))) : String(value)]), ...commonFacts(row)];
}
