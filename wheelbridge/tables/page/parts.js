// Pieces that several views are made of.
const MARKS = { identity: "●", "stand-in": "◐", explanation: "○", ambiguous: "?" };
const ROLE_WORD = { identity: "identity", "stand-in": "stand-in", explanation: "explanation", ambiguous: "ambiguous" };
// An address, a commit of a repository, an issue of a repository.
const LINKED = /(https?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]])|\b([\w.-]+\/[\w.-]+)@([0-9a-f]{7,40})\b|\b([\w.-]+\/[\w.-]+)#(\d+)\b/g;

const kindBadge = (kind) => h("span", { class: `kind kind-${kind}` }, KIND_WORD.get(kind) ?? kind);
const bothBadge = () => h("span", { class: "kind kind-pypi" }, "PyPI ", h("span", { class: "kind kind-conda" }, "conda"));
const roleBadge = (role) =>
  h("span", { class: `badge role-${role}` }, h("span", { "aria-hidden": "true" }, MARKS[role] ?? "", " "), ROLE_WORD[role] ?? role);
const relationBadge = (relation) => h("span", { class: "badge plain" }, relation);
const nameLink = (kind, name, ...content) => h("a", { class: "name", href: address(kind, name) }, content.length ? content : name);
const code = (text) => h("code", {}, text);
const codes = (texts) => list(texts).map((text) => code(String(text)));
const commas = (nodes) => nodes.flatMap((node, place) => (place ? [", ", node] : [node]));
const outside = (href, text) => h("a", { class: "outside", href, rel: "noopener noreferrer" }, text);

// A text with its addresses made links; everything else stays text.
function linkify(text) {
  const nodes = [];
  let done = 0;
  for (const match of String(text).matchAll(LINKED)) {
    const [whole, url, feedstock, commit, repository, issue] = match;
    nodes.push(String(text).slice(done, match.index));
    if (url) nodes.push(outside(url, whole));
    else if (commit) nodes.push(outside(`https://github.com/${feedstock}/tree/${commit}`, whole));
    else nodes.push(outside(`https://github.com/${repository}/issues/${issue}`, whole));
    done = match.index + whole.length;
  }
  nodes.push(String(text).slice(done));
  return nodes;
}

function confidenceOf(value) {
  const name = typeof value === "number" ? CONFIDENCE_OF.get(value) ?? String(value) : String(value ?? "curated");
  const words = raw.words.confidences;
  const place = words.findIndex(([known]) => known === name);
  return { name, means: place < 0 ? "" : words[place][2], steps: place < 0 ? 0 : words.length - place, of: words.length };
}

function confidenceMeter(value, { long = false } = {}) {
  const { name, means, steps, of } = confidenceOf(value);
  const bars = Array.from({ length: of }, (_, place) => {
    const height = 4 + place * 2;
    return s("rect", { x: place * 5, y: 14 - height, width: 3.5, height, rx: 0.8, class: place < steps ? "on" : "off" });
  });
  const picture = s("svg", { class: "meter", viewBox: `0 0 ${of * 5} 14`, "aria-hidden": "true", focusable: "false" }, bars);
  return h("span", { class: "confidence" }, picture, h("span", {}, h("b", {}, name), long && means ? [": ", means] : null));
}

// Pairs of a term and what it is; what is empty is left out.
function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "" && !(Array.isArray(value) && !value.length));
  if (!shown.length) return null;
  return h("dl", { class: "facts" }, shown.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value))));
}

function items(values, className = "plainlist") {
  const shown = list(values);
  return shown.length ? h("ul", { class: className }, shown.map((value) => h("li", {}, value))) : null;
}

const chips = (nodes) => (nodes.length ? h("ul", { class: "chips" }, nodes.map((node) => h("li", {}, node))) : null);

function section(title, ...content) {
  const shown = content.flat(Infinity).filter(Boolean);
  return shown.length ? h("section", {}, h("h2", {}, title), shown) : null;
}

// A table that scrolls by itself where the window is too narrow; a keyboard can do that, too.
function table(caption, heads, rows) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {},
      h("caption", { class: "hidden" }, caption),
      h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, place) => h(place ? "td" : "th", place ? {} : { scope: "row" }, cell)))))));
}

const evidenceItems = (texts) => items(list(texts).map(linkify), "evidence");

// What every table says about its rows, in the same words and order.
function commonFacts(row) {
  return [
    ["Reason", row.reason ? linkify(row.reason) : null],
    ["Evidence", evidenceItems(row.evidence)],
    ["Upstream had", row.upstream],
    ["Reviewed", row.reviewed ? h("time", { datetime: row.reviewed }, row.reviewed) : null],
    ["Channels", list(row.channels).filter((name) => name !== CHANNEL).length ? commas(codes(row.channels)) : null],
    ["Provenance", row.provenance && row.provenance !== "curated" ? row.provenance : null],
  ];
}

const EVENTS = { first: "in the table's first version", added: "added", changed: "changed", removed: "removed" };

function eventItem({ what, commit, date, subject }) {
  if (!commit) return h("li", {}, h("span", { class: "when" }, "now"), h("span", {}, h("b", {}, EVENTS[what]), ", not committed yet"));
  return h("li", {},
    h("time", { class: "when", datetime: date }, date),
    h("span", {}, h("b", {}, EVENTS[what]), ": ", subject, " ", h("code", { class: "commit" }, commit)));
}

// Rows are named by table and key; a row may have one in several files.
function historySection(...rows) {
  if (raw.history.missing) return section("History", h("p", { class: "note" }, `Left out: ${raw.history.missing}.`));
  const found = rows.flatMap(([name, key, isThere]) => historyOf(name, key, isThere));
  if (!found.length) return rows.some(([, , isThere]) => isThere) ? section("History", unusual("Not committed yet.")) : null;
  const cut = raw.history.shallow ? h("p", { class: "note" }, "The checkout has only its newest commits: rows may be older than they seem.") : null;
  return section("History", found.map(({ file, events }) => [
    h("p", { class: "file" }, code(file)),
    h("ol", { class: "history" }, events.map(eventItem)),
  ]), cut);
}

const everywhere = (globs) => !list(globs).length || list(globs).includes("*");
const platforms = (globs) => (!everywhere(globs) ? commas(codes(globs)) : "all platforms");

function unusual(text) {
  return h("p", { class: "note" }, text);
}
