// Numbers as pictures: every picture stands beside its numbers, and patterns tell what colours tell.
const PARTS_OF_ALL = ["identity", "stand-in", "explanation", "ambiguous"];

function bar(share) {
  return s("svg", { class: "bar", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" },
    s("rect", { class: "off", x: 0, y: 0, width: 100, height: 8 }),
    share > 0 ? s("rect", { class: "on", x: 0, y: 0, width: Math.max(0.6, 100 * share).toFixed(2), height: 8 }) : null);
}

function barTable(caption, head, entries) {
  const whole = entries.reduce((sum, [, number]) => sum + number, 0);
  const most = Math.max(1, ...entries.map(([, number]) => number));
  return h("table", { class: "bars" },
    h("caption", {}, caption),
    h("thead", { class: "hidden" }, h("tr", {}, [head, "Number", "Share", "Picture"].map((word) => h("th", { scope: "col" }, word)))),
    h("tbody", {}, entries.map(([name, number]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "number" }, count(number)), h("td", { class: "number muted" }, percent(number, whole)), h("td", { class: "picture" }, bar(number / most))))));
}

// Hatches of the four parts, so that they differ without colours, too.
const HATCHES = { identity: null, "stand-in": "M0 8L8 0", explanation: "M0 0L8 8M0 8L8 0", ambiguous: "M4 0V8" };

function hatch(role) {
  const lines = HATCHES[role];
  return s("pattern", { id: `hatch-${role}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" }, s("rect", { width: 8, height: 8, class: `fill-${role}` }), lines ? s("path", { d: lines, class: "hatch", fill: "none", "stroke-width": 1.5 }) : null);
}

function wholeBar(entries) {
  const whole = entries.reduce((sum, [, number]) => sum + number, 0);
  let at = 0;
  const parts = entries.filter(([, number]) => number).map(([name, number]) => {
    const width = Math.max(4, (1000 * number) / whole);
    const part = s("rect", { x: at.toFixed(1), y: 0, width: Math.max(1, width - 2).toFixed(1), height: 26, fill: `url(#hatch-${name})` });
    at += width;
    return part;
  });
  const words = entries.map(([name, number]) => `${name} ${count(number)} (${percent(number, whole)})`).join(", ");
  return h("figure", { class: "whole" },
    s("svg", { viewBox: `0 0 ${at.toFixed(1)} 26`, preserveAspectRatio: "none", role: "img", "aria-label": `Projects by what their row does in a solve: ${words}` }, s("defs", {}, entries.map(([name]) => hatch(name))), parts),
    h("figcaption", {}, h("ul", { class: "legend" }, entries.map(([name, number]) => h("li", {},
      s("svg", { class: "swatch", viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" }, s("rect", { width: 16, height: 16, rx: 3, fill: `url(#hatch-${name})` })),
      h("span", {}, h("b", {}, name), " ", count(number), " ", h("span", { class: "muted" }, percent(number, whole))))))));
}

const partsOfAll = () => PARTS_OF_ALL.map((name) => [name, name === "ambiguous" ? raw.counts.ambiguous : raw.counts.roles[name] ?? 0]);

function tally(rows, of) {
  const found = new Map();
  for (const row of rows) for (const key of list(of(row))) found.set(String(key), (found.get(String(key)) ?? 0) + 1);
  return [...found].sort((a, b) => b[1] - a[1] || byName(a[0], b[0]));
}

function curatedRows() {
  return layers().filter(({ name }) => name.startsWith("curated")).flatMap(({ rows }) => [...rows.values()]);
}

function coverageView() {
  const { counts } = raw;
  const known = (entries) => Object.entries(entries).filter(([, number]) => number);
  const ids = [...externalIds().values()];
  return h("article", {},
    h("header", { class: "heading" }, h("h1", { tabindex: "-1" }, "Coverage"), h("p", { class: "intro" }, `What the tables say of the ${count(counts.projects)} projects they speak of, on ${CHANNEL}.`)),
    section("What a row does in a solve", wholeBar(partsOfAll())),
    h("div", { class: "charts" },
      barTable("How sure the answers are", "Confidence", known(counts.confidences)),
      barTable("What the package is to the project", "Relation", known(counts.relations)),
      barTable("Which layer answers", "Layer", known(counts.layers)),
      barTable("Curated rows by relation", "Relation", tally(curatedRows(), (row) => row.relation ?? "ambiguous")),
      ids.length ? barTable("External ids", "Kind", [["mapped", ids.filter(isMapped).length], ["known not to be packaged", ids.filter((held) => held.rows.length && !isMapped(held)).length], ["without a row", ids.filter(({ rows }) => !rows.length).length]]) : null,
      ids.length ? barTable("External ids by relation", "Relation", tally(documentRows("external"), (row) => row.relation)) : null,
      isMissing("runtimes") ? null : barTable("Runtimes by kind", "Kind", tally(documentRows("runtimes"), (row) => row.kind))));
}
